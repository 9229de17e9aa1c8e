#include "route/change_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "sql/rewrite_ddl.h"

namespace tideway {
namespace {

bool is_of_database(SchemaChangeKind kind) {
  return kind == SchemaChangeKind::create_database || kind == SchemaChangeKind::alter_database ||
         kind == SchemaChangeKind::drop_database;
}

Error refused(const SchemaChange& change, const TableId& table, std::string message) {
  Evidence evidence;
  evidence.table = table.name.empty() ? quoted(table.database) : quoted(table);
  return {ErrorCode::event_refused, Side::source, Retry::after_operator, std::move(evidence),
          fmt::format("{}: {}", message, change.statement)};
}

// What the event filters say of a statement about one table: the reason to leave it out, or empty.
Result<std::string> ask_filters(const Router& router, const SchemaChange& change,
                                const TableId& table) {
  const auto& rules = router.rules().filters;
  if (rules.empty()) return std::string();
  // Two names of one thing are not two actions.
  const std::vector<DdlEvent> events = change.kind == SchemaChangeKind::alter_database
                                           ? std::vector{DdlEvent::alter_database}
                                           : TRY(events_of(change));
  std::size_t ignored = 0;
  std::string reason;
  const std::size_t asked = std::max<std::size_t>(events.size(), 1);
  for (std::size_t i = 0; i < asked; ++i) {
    const auto event = events.empty() ? std::nullopt : std::optional(events[i]);
    const FilterVerdict verdict = judge_statement(rules, table, event, change.statement);
    if (verdict.action == FilterAction::go_on) continue;
    reason = fmt::format("filter '{}'", verdict.rule->name);
    if (verdict.action == FilterAction::error)
      return fail(refused(change, table, reason + " has the action Error for"));
    ++ignored;
  }
  if (ignored != 0 && ignored != asked) {
    return fail(refused(change, table,
                        reason + " ignores some actions and not all, and they cannot be told "
                                 "apart in"));
  }
  return ignored == 0 ? std::string() : reason;
}

// Why a change of a table is not for the target; empty: it is.
Result<std::string> reason_to_drop(const Router& router, const SchemaChange& change,
                                   const TableChange& table) {
  const Decision before = table.before ? router.decide(table.before->id) : Decision{};
  const Decision after = table.after ? router.decide(table.after->id) : Decision{};
  if (table.before && table.after && !before.is_wanted && after.is_wanted) {
    return fail(
        Error(ErrorCode::not_supported, Side::source, Retry::after_operator,
              fmt::format("{} was not taken ({}) and becomes {}, which is: its rows are not on the "
                          "target: {}",
                          quoted(table.before->id), before.why, quoted(table.after->id),
                          change.statement)));
  }
  if (table.before && table.after && before.is_wanted && !after.is_wanted) {
    return fmt::format("it becomes {}, which is not taken: {}", quoted(table.after->id), after.why);
  }
  if (!before.is_wanted && !after.is_wanted) return table.after ? after.why : before.why;
  if (table.before) TRY(router.route(table.before->id));
  if (table.after) TRY(router.route(table.after->id));
  return ask_filters(router, change, table.id());
}

Result<std::string> reason_to_drop_database(const Router& router, const SchemaChange& change) {
  const Decision decision = router.decide_database(change.database);
  if (!decision.is_wanted) return decision.why;
  const TableId database{change.database, ""};
  TRY(router.route(database));
  return ask_filters(router, change, database);
}

}  // namespace

Result<std::shared_ptr<const SchemaChange>> filter_change(
    const Router& router, const std::shared_ptr<const SchemaChange>& change, DropCounts& drops) {
  if (is_of_database(change->kind)) {
    const std::string reason = TRY(reason_to_drop_database(router, *change));
    if (!reason.empty()) {
      ++drops.of({change->database, ""}, reason).statements;
      return std::shared_ptr<const SchemaChange>();
    }
  }
  std::vector<TableChange> left;
  for (const TableChange& table : change->tables) {
    const std::string reason = TRY(reason_to_drop(router, *change, table));
    if (reason.empty()) {
      left.push_back(table);
    } else if (!is_of_database(change->kind)) {
      ++drops.of(table.id(), reason).statements;
    }
  }
  for (const TableId& table : change->referenced) TRY(router.route(table));
  if (left.size() == change->tables.size()) return change;
  if (left.empty() && !is_of_database(change->kind)) return std::shared_ptr<const SchemaChange>();
  auto fewer = std::make_shared<SchemaChange>(*change);
  fewer->tables = std::move(left);
  return std::shared_ptr<const SchemaChange>(std::move(fewer));
}

bool is_left_in(const SchemaChange& change, const TableId& table) {
  if (table.name.empty()) return true;
  return std::ranges::any_of(change.tables, [&table](const TableChange& each) {
    return (each.before && each.before->id == table) || (each.after && each.after->id == table);
  });
}

}  // namespace tideway
