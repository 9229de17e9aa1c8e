#include "apply/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "apply/obstacles.h"
#include "apply/table_maker.h"
#include "apply/target_traits.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "mysql/inquirer.h"

namespace tideway {
namespace {

constexpr Duration patience = std::chrono::minutes(5);

// For DDL; what is done with it may be done twice.
Inquirer ddl_inquirer(const Endpoint& target, std::size_t most) {
  SessionOptions options;
  options.foreign_key_checks = false;  // a child may come before its parent
  return {target, most, patience, options};
}

std::string as_server_sees(std::string_view name, const Server& server) {
  return server.lower_case_table_names == 0 ? std::string(name) : ascii_lower(name);
}

Error no_database(const std::string& name) {
  Evidence evidence;
  evidence.statement = "CREATE DATABASE " + quoted(name);
  return Error(ErrorCode::definition_mismatch, Side::target, Retry::after_operator,
               std::move(evidence), fmt::format("the target has no database {}", quoted(name)));
}

Result<void> make_databases(Session& session, std::span<const DatabaseToMake> databases,
                            bool may_create, const TargetTraits& traits,
                            const std::stop_token& stop) {
  const ResultTable answer =
      TRY(session.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA", stop));
  std::set<std::string> known;
  for (const auto& row : answer.rows)
    known.insert(as_server_sees(row[0].value_or(""), session.server()));
  for (const DatabaseToMake& database : databases) {
    if (known.contains(as_server_sees(database.name, session.server()))) continue;
    if (!may_create) return fail(no_database(database.name));
    std::string statement = "CREATE DATABASE IF NOT EXISTS " + quoted(database.name);
    if (!database.create_statement.empty()) {
      auto rewritten = rewrite_create_database(database.create_statement, database.name, traits);
      if (rewritten) {
        statement = std::move(rewritten->text);
      } else {
        LOG(warn, "a CREATE DATABASE cannot be read; the target's defaults are used",
            {{"database", database.name}});
      }
    }
    auto made = session.execute(statement, stop);
    if (!made)
      return fail(creation_failed(std::move(made).error(), {database.name, ""}, statement)
                      .during("creating database " + quoted(database.name)));
  }
  return {};
}

bool is_about_one_table(const Error& error) {
  return error.code() == ErrorCode::definition_mismatch ||
         error.code() == ErrorCode::target_table_not_empty;
}

// The first error with what is wrong with the other tables: an operator mends them in one go.
Result<void> refuse_together(std::span<const std::optional<Error>> refused) {
  constexpr std::size_t most = 50;
  std::vector<Error> errors;
  for (const auto& error : refused) {
    if (error) errors.push_back(*error);
  }
  if (errors.empty()) return {};
  // What needs an ALTER goes before what needs to be emptied.
  std::ranges::stable_partition(
      errors, [](const Error& error) { return error.code() == ErrorCode::definition_mismatch; });
  std::string message = errors[0].message();
  for (std::size_t i = 1; i < std::min(errors.size(), most); ++i)
    message += ".\n  Also: " + errors[i].message();
  if (errors.size() > most) message += fmt::format(".\n  And {} tables more", errors.size() - most);
  return fail(Error(errors[0].code(), errors[0].side(), errors[0].retry(), errors[0].evidence(),
                    std::move(message)));
}

}  // namespace

namespace {

// Tables with foreign keys are made one after another, each behind its parents: where a child was
// made beside its parent MySQL 8.0.15 had the key in its definition and never cascaded along it.
struct MakingOrder {
  std::vector<std::size_t> apart, joined;  // ordinals of the tables
};

MakingOrder making_order(std::span<const TableToMake> tables) {
  MakingOrder order;
  std::map<TableId, std::size_t> left;  // with foreign keys, not yet in the order
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].source->foreign_keys.empty()) {
      order.apart.push_back(i);
    } else {
      left.emplace(tables[i].source->id, i);
    }
  }
  // Depth first; `path` has who waits for its parents. In a circle somebody goes first.
  std::vector<std::size_t> path;
  const auto next_parent = [&](std::size_t i) {
    for (const ForeignKey& key : tables[i].source->foreign_keys) {
      const auto parent = left.find(key.referenced);
      if (parent != left.end()) return parent;
    }
    return left.end();
  };
  while (!left.empty() || !path.empty()) {
    if (path.empty()) {
      path.push_back(left.begin()->second);
      left.erase(left.begin());
    }
    const auto parent = next_parent(path.back());
    if (parent == left.end()) {
      order.joined.push_back(path.back());
      path.pop_back();
    } else {
      path.push_back(parent->second);
      left.erase(parent);
    }
  }
  return order;
}

}  // namespace

Result<std::vector<MadeTable>> make_tables(JobProgress& progress,
                                           std::span<const DatabaseToMake> databases,
                                           std::span<const TableToMake> tables,
                                           const SchemaOptions& options,
                                           const std::stop_token& stop) {
  const std::size_t threads =
      std::clamp<std::size_t>(tables.size() / 4, 1, std::max<std::uint32_t>(options.threads, 1));
  Inquirer ddl = ddl_inquirer(progress.target(), threads);
  TargetTraits traits;
  TRY(ddl.ask("making databases", stop, [&](Session& session) -> Result<void> {
    traits = TRY(target_traits(session, stop));
    if (options.may_create) TRY(refuse_impossible_tables(session, tables, traits, stop));
    return make_databases(session, databases, options.may_create, traits, stop);
  }));

  std::vector<MadeTable> made(tables.size());
  std::vector<std::optional<Error>> refused(tables.size());
  const MakingOrder order = making_order(tables);
  const auto make_some = [&](std::span<const std::size_t> some, std::atomic<std::size_t>& next,
                             const std::stop_token& crew_stop) -> Result<void> {
    for (std::size_t at = next++; at < some.size() && !crew_stop.stop_requested(); at = next++) {
      const std::size_t i = some[at];
      auto one = ddl.ask("making " + quoted(tables[i].target), crew_stop, [&](Session& session) {
        return make_table(session, progress, tables[i], options, traits, crew_stop);
      });
      if (one) {
        made[i] = std::move(*one);
      } else if (is_about_one_table(one.error())) {
        refused[i] = std::move(one).error();  // all of them are told together
      } else {
        return fail(std::move(one).error());
      }
    }
    return {};
  };
  Crew crew(stop);
  std::atomic<std::size_t> next_apart = 0, next_joined = 0;
  for (std::size_t i = 0; i < threads; ++i) {
    crew.start("schema", [&](const std::stop_token& crew_stop) {
      return make_some(order.apart, next_apart, crew_stop);
    });
  }
  TRY(crew.join());
  TRY(make_some(order.joined, next_joined, stop));
  if (stop.stop_requested())
    return fail(
        Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while making tables"));
  TRY(refuse_together(refused));

  std::vector<FilledTable> filled;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!progress.filled(tables[i].source->id))
      filled.push_back({tables[i].source->id, tables[i].target, made[i].was_empty, made[i].is_new});
  }
  TRY(progress.fill_tables(filled, stop));
  return made;
}

namespace {

constexpr std::uint32_t definer_unknown = 1449;

bool needs_other_definer(const Error& error) {
  return error.code() == ErrorCode::missing_privilege ||
         error.evidence().server_errno == definer_unknown;
}

bool is_definer_unknown(Session& session, const std::stop_token& stop) {
  const auto warnings = session.warnings(stop);
  return warnings && std::ranges::any_of(warnings->rows, [](const auto& row) {
           return row.size() > 1 && row[1] == "1449";
         });
}

Result<void> create_view(Session& session, const ViewToMake& view, Definer definer,
                         const TargetTraits& traits, MadeView& made, bool& lacks_definer,
                         const std::stop_token& stop) {
  auto rewritten = rewrite_create_view(view.create_statement, view.id, traits, definer);
  const std::string statement = rewritten ? rewritten->text : view.create_statement;
  made.changes.clear();
  if (rewritten) {
    for (const StatementChange& change : rewritten->changes)
      made.changes.push_back(to_text(change));
  }
  TRY(session.execute("USE " + quoted(view.id.database), stop));
  auto created = session.execute(statement, stop);
  if (!created) {
    lacks_definer = definer == Definer::keep && rewritten && needs_other_definer(created.error());
    return fail(creation_failed(std::move(created).error(), view.id, statement));
  }
  if (definer == Definer::keep && rewritten && created->warnings != 0 &&
      is_definer_unknown(session, stop)) {
    // The view is there and nobody could ask it.
    lacks_definer = true;
    TRY(session.execute("DROP VIEW " + quoted(view.id), stop));
    return fail(Error(ErrorCode::ddl_failed, Side::target, Retry::after_operator,
                      "the view's definer does not exist on the target"));
  }
  made.is_new = true;
  return {};
}

Result<MadeView> make_view(Session& session, const ViewToMake& view, const TargetTraits& traits,
                           const std::stop_token& stop) {
  MadeView made{view.id, false, {}};
  const FoundTable found = TRY(look_for_table(session, view.id, stop));
  if (found.found == Found::view) return made;
  bool lacks_definer = false;
  auto created = create_view(session, view, Definer::keep, traits, made, lacks_definer, stop);
  if (!created && lacks_definer)
    created = create_view(session, view, Definer::drop, traits, made, lacks_definer, stop);
  if (!created) return fail(std::move(created).error());
  return made;
}

}  // namespace

Result<std::vector<MadeView>> make_views(const JobProgress& progress,
                                         std::span<const ViewToMake> views,
                                         const std::stop_token& stop) {
  std::vector<MadeView> made;
  if (views.empty()) return made;
  Inquirer ddl = ddl_inquirer(progress.target(), 1);
  const TargetTraits traits =
      TRY(ddl.ask("asking what the target knows", stop,
                  [&](Session& session) { return target_traits(session, stop); }));
  std::vector<const ViewToMake*> left;
  for (const ViewToMake& view : views) left.push_back(&view);
  while (!left.empty()) {
    std::vector<const ViewToMake*> failed;
    std::optional<Error> first_error;
    for (const ViewToMake* view : left) {
      auto one = ddl.ask("making view " + quoted(view->id), stop,
                         [&](Session& session) { return make_view(session, *view, traits, stop); });
      if (one) {
        made.push_back(std::move(*one));
        continue;
      }
      // Only what another view may mend is tried again.
      if (one.error().code() != ErrorCode::ddl_failed) return fail(std::move(one).error());
      failed.push_back(view);
      if (!first_error) first_error = std::move(one).error();
    }
    if (failed.size() == left.size()) return fail(std::move(*first_error));
    left = std::move(failed);
  }
  return made;
}

}  // namespace tideway
