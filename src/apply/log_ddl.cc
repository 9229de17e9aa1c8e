#include "apply/log_ddl.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "apply/failure.h"
#include "apply/target_traits.h"
#include "base/log.h"
#include "progress/meta_session.h"
#include "sql/literal.h"
#include "sql/rewrite_ddl.h"

namespace tideway {
namespace {

Error stopped() {
  return Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while changing definitions");
}

// Part of a definition that rows change.
std::string without_counter(std::string text) {
  constexpr std::string_view name = " AUTO_INCREMENT=";
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return text;
  const std::size_t end = text.find_first_not_of("0123456789", at + name.size());
  return text.erase(at, end == std::string::npos ? end : end - at);
}

// What a statement answers that is run once more although it was done.
bool says_it_is_done(const Error& error) {
  constexpr std::array<std::uint32_t, 15> numbers = {1007, 1008, 1050, 1051, 1060, 1061, 1068, 1091,
                                                     1146, 1176, 1304, 1305, 1359, 1360, 1826};
  return std::ranges::find(numbers, error.evidence().server_errno) != numbers.end();
}

bool is_tried_again(const Error& error) {
  switch (failure_of(error)) {
    case Failure::again:
    case Failure::lost:
    case Failure::busy:
    case Failure::space:
      return true;
    default:
      return false;
  }
}

// The target's own no: another table may go on.
bool is_refusal(const Error& error) {
  return !is_tried_again(error) && error.code() != ErrorCode::stopped &&
         error.code() != ErrorCode::fenced && error.code() != ErrorCode::missing_privilege &&
         error.code() != ErrorCode::read_only;
}

template <typename Items, typename Item>
void add_once(Items& items, const Item& item) {
  if (std::ranges::find(items, item) == items.end()) items.push_back(item);
}

std::optional<TableId> on_target(const LogSinkOptions& options, const TableId& table) {
  return options.target_of ? options.target_of(table) : std::optional(table);
}

}  // namespace

ChangedTables tables_of(const SchemaChange& change, LogSink::Shared& shared) {
  ChangedTables tables;
  const auto add = [&](std::vector<TargetTable*>& list, const TableId& source) {
    if (const auto target = on_target(shared.options, source))
      add_once(list, &shared.tables.table(*target));
  };
  for (const TableChange& each : change.tables) {
    if (each.before) add(tables.changed, each.before->id);
    if (each.after) add(tables.changed, each.after->id);
  }
  for (const TableId& each : change.referenced) add(tables.referenced, each);
  if (change.kind == SchemaChangeKind::drop_database) {
    for (TargetTable* const each : shared.tables.tables_of(change.database))
      add_once(tables.changed, each);
  }
  return tables;
}

std::string sql_mode_names(std::uint64_t bits) {
  struct Mode {
    std::uint64_t bit;
    std::string_view name;
  };
  constexpr std::array modes = {Mode{1U << 0U, "REAL_AS_FLOAT"},
                                Mode{1U << 1U, "PIPES_AS_CONCAT"},
                                Mode{1U << 2U, "ANSI_QUOTES"},
                                Mode{1U << 3U, "IGNORE_SPACE"},
                                Mode{1U << 6U, "NO_UNSIGNED_SUBTRACTION"},
                                Mode{1U << 19U, "NO_AUTO_VALUE_ON_ZERO"},
                                Mode{1U << 20U, "NO_BACKSLASH_ESCAPES"},
                                Mode{1U << 21U, "STRICT_TRANS_TABLES"},
                                Mode{1U << 22U, "STRICT_ALL_TABLES"},
                                Mode{1U << 23U, "NO_ZERO_IN_DATE"},
                                Mode{1U << 24U, "NO_ZERO_DATE"},
                                Mode{1U << 25U, "ALLOW_INVALID_DATES"},
                                Mode{1U << 26U, "ERROR_FOR_DIVISION_BY_ZERO"},
                                Mode{1U << 29U, "HIGH_NOT_PRECEDENCE"},
                                Mode{1U << 30U, "NO_ENGINE_SUBSTITUTION"},
                                Mode{1U << 31U, "PAD_CHAR_TO_FULL_LENGTH"}};
  std::string names;
  for (const Mode& mode : modes) {
    if ((bits & mode.bit) == 0) continue;
    if (!names.empty()) names += ',';
    names += mode.name;
  }
  return names;
}

Result<std::vector<LogDdl::Step>> LogDdl::steps_of(const SchemaChange& change,
                                                   const std::stop_token& stop) {
  if (!traits_) {
    const auto ask = [&](Session& session) -> Result<void> {
      traits_ = TRY(target_traits(session, stop));
      return {};
    };
    TRY(shared_.progress.job().control().outside_transaction(ask, stop));
  }
  const LogSinkOptions& options = shared_.options;
  DdlTarget target;
  target.traits = *traits_;
  target.renaming = [&](const TableId& table) { return on_target(options, table).value_or(table); };
  target.is_wanted = [&](const TableId& table) { return on_target(options, table).has_value(); };
  // MySQL from 8.0 on does all of a statement or nothing.
  target.splits_tables = traits_->kind != TargetTraits::Kind::mysql || traits_->version < 80000;
  auto statements = rewrite_ddl(change, target);
  if (!statements) {
    // The server may understand it, if it needs no other name.
    if (statements.error().code() == ErrorCode::sql_syntax) return original_text(change);
    return fail(std::move(statements).error());
  }
  std::vector<Step> steps;
  for (TargetStatement& statement : *statements) {
    Step& step = steps.emplace_back();
    step.statement = std::move(statement.text);
    step.sql_mode = statement.sql_mode;
    step.database = std::move(statement.database);
    for (const TableId& table : statement.tables) {
      if (const auto there = on_target(options, table))
        add_once(step.tables, &shared_.tables.table(*there));
    }
    for (const StatementChange& each : statement.changes)
      LOG(info, "a statement of the log is changed for the target", {{"change", to_text(each)}});
  }
  return steps;
}

Result<std::vector<LogDdl::Step>> LogDdl::original_text(const SchemaChange& change) {
  for (const TableChange& each : change.tables) {
    for (const TablePtr& table : {each.before, each.after}) {
      if (!table) continue;
      const auto target = on_target(shared_.options, table->id);
      if (target && *target == table->id) continue;
      return fail(Error(ErrorCode::not_supported, Side::local, Retry::after_operator,
                        fmt::format("a statement about {}, which has another name on the target",
                                    quoted(table->id))));
    }
  }
  return std::vector{Step{change.statement, tables_of(change, shared_).changed,
                          change.session.sql_mode, change.session.database}};
}

Result<void> LogDdl::apply(const PendingUnit& unit, const std::stop_token& stop) {
  const ChangedTables tables = tables_of(*unit.change, shared_);
  const auto is_parked = [](const TargetTable* each) { return each->is_parked.load(); };
  if (!tables.changed.empty() && std::ranges::all_of(tables.changed, is_parked)) {
    LOG(info, "a statement about parked tables is left out",
        {{"statement", unit.change->statement}});
    shared_.tables.end_change(unit.change_tables);
    return {};
  }
  auto steps = steps_of(*unit.change, stop);
  if (!steps) {
    if (!is_refusal(steps.error())) return fail(std::move(steps).error());
    TRY(park(unit, tables.changed, steps.error(), unit.change->statement, stop));
    shared_.tables.end_change(unit.change_tables);
    return {};
  }
  const std::string name = shared_.progress.text_of(unit.end.unit);
  std::optional<DdlEntry> begun = shared_.progress.found().ddl;
  if (begun && begun->unit != name) begun.reset();
  for (std::size_t i = 0; i < steps->size(); ++i) TRY(carry_out(unit, (*steps)[i], i, begun, stop));
  session_.reset();
  shared_.tables.end_change(unit.change_tables);
  return {};
}

Result<void> LogDdl::carry_out(const PendingUnit& unit, const Step& step, std::size_t number,
                               const std::optional<DdlEntry>& begun, const std::stop_token& stop) {
  DdlEntry entry;
  entry.unit = shared_.progress.text_of(unit.end.unit);
  entry.intent = step.statement;
  entry.tag = fmt::format(
      "tideway {:016x} {} {}",
      XXH3_64bits(shared_.progress.job().job().data(), shared_.progress.job().job().size()),
      entry.unit, number);
  if (begun && begun->tag != entry.tag) {
    // One before it is done if a later one was begun.
    const std::size_t at = begun->tag.rfind(' ');
    std::size_t begun_number = 0;
    if (at != std::string::npos)
      std::from_chars(begun->tag.data() + at + 1, begun->tag.data() + begun->tag.size(),
                      begun_number);
    if (number < begun_number) return {};
  }
  Backoff backoff;
  bool is_again = begun && begun->tag == entry.tag;
  if (is_again) entry = *begun;
  while (true) {
    const auto once = [&]() -> Result<bool> {
      TRY(open_session(*unit.change, stop));
      const std::string now = TRY(hash(step, *unit.change, stop));
      if (is_again) {
        const Outcome outcome = TRY(look(entry, now, stop));
        if (outcome == Outcome::done) return true;
        if (outcome == Outcome::unknown) return false;
      } else {
        entry.before_hash = now;
        TRY(shared_.progress.intend(entry, stop));
      }
      const bool was_begun = std::exchange(is_again, true);
      return run(step, entry, was_begun, *unit.change, stop);
    };
    auto done = once();
    if (done && *done) return {};
    if (!done && is_refusal(done.error()))
      return park(unit, step.tables, done.error(), step.statement, stop);
    if (!done && !is_tried_again(done.error())) return fail(std::move(done).error());
    if (!done) {
      LOG(info, "a change of a definition is tried again", {{"error", done.error().to_line()}});
      ++shared_.meter.retries;
      session_.reset();
    }
    if (!shared_.clock.wait(backoff.next(), stop)) return fail(stopped());
  }
}

Result<bool> LogDdl::run(const Step& step, const DdlEntry& entry, bool is_again,
                         const SchemaChange& change, const std::stop_token& stop) {
  TRY(set_up(step, change.session, stop));
  LOG(info, "a change of definitions begins", {{"unit", entry.unit}, {"tag", entry.tag}});
  auto done = session_->execute(fmt::format("/* {} */ {}", entry.tag, step.statement), stop);
  if (done) return true;
  if (is_again && says_it_is_done(done.error())) return true;
  return fail(std::move(done).error());
}

// A definition that is no longer as it was shows that the statement was carried out: nobody else
// changes it. One that is as it was: it was not, or it changes nothing (TRUNCATE), and may be run
// again since no unit behind it has touched the table.
Result<LogDdl::Outcome> LogDdl::look(const DdlEntry& entry, const std::string& now,
                                     const std::stop_token& stop) {
  if (session_->server().kind == ServerKind::tidb) return look_for_tag(entry.tag, stop);
  return now == entry.before_hash ? Outcome::not_done : Outcome::done;
}

// TiDB goes on with a statement when its session has ended, and keeps its text with its comment.
Result<LogDdl::Outcome> LogDdl::look_for_tag(const std::string& tag, const std::stop_token& stop) {
  const ResultTable texts =
      TRY(session_->query("ADMIN SHOW DDL JOB QUERIES LIMIT 100 OFFSET 0", stop));
  std::string job;
  for (const auto& row : texts.rows) {
    if (row.size() >= 2 && row[1].value_or("").find(tag) != std::string::npos)
      job = row[0].value_or("");
  }
  if (job.empty()) return Outcome::not_done;
  const ResultTable jobs = TRY(session_->query("ADMIN SHOW DDL JOBS 100", stop));
  const auto id = jobs.find_column("JOB_ID"), state = jobs.find_column("STATE");
  if (!id || !state) return Outcome::unknown;
  for (const auto& row : jobs.rows) {
    if (row[*id] != job) continue;
    if (row[*state] == "synced" || row[*state] == "done") return Outcome::done;
    if (row[*state] == "cancelled" || row[*state] == "rollback done") return Outcome::not_done;
  }
  return Outcome::unknown;
}

Result<void> LogDdl::open_session(const SchemaChange& /*change*/, const std::stop_token& stop) {
  if (session_ && !session_->is_broken()) return {};
  session_.reset();
  SessionOptions options;
  options.read_deadline = std::chrono::hours(24 * 7);  // an ALTER may take days
  SessionName name;
  Session session = TRY(shared_.progress.job().open_session(options, session_name_, name, stop));
  session_.emplace(std::move(session));
  session_name_ = std::move(name);
  return {};
}

Result<void> LogDdl::set_up(const Step& step, const SessionContext& context,
                            const std::stop_token& stop) {
  TRY(session_->execute(fmt::format("SET SESSION sql_mode = '{}'", sql_mode_names(step.sql_mode)),
                        stop));
  if (!context.time_zone.empty() && context.time_zone != "SYSTEM") {
    std::string zone;
    append_quoted(zone, context.time_zone);
    TRY(session_->execute("SET SESSION time_zone = " + zone, stop));
  }
  if (context.timestamp_us > 0) {
    TRY(session_->execute(
        fmt::format("SET SESSION timestamp = {}.{:06}", context.timestamp_us / 1'000'000,
                    context.timestamp_us % 1'000'000),
        stop));
  }
  for (const auto& [variable, number] :
       {std::pair("collation_connection", context.connection_collation),
        std::pair("collation_server", context.server_collation)}) {
    if (number == 0) continue;
    const auto name = TRY(session_->query_value(
        fmt::format("SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID = {}",
                    number),
        stop));
    if (name) TRY(session_->execute(fmt::format("SET SESSION {} = {}", variable, *name), stop));
  }
  if (step.database.empty()) return {};
  auto used = session_->execute("USE " + quoted(step.database), stop);
  if (!used && used.error().evidence().server_errno != 1049) return fail(std::move(used).error());
  return {};
}

Result<std::string> LogDdl::hash(const Step& step, const SchemaChange& change,
                                 const std::stop_token& stop) {
  std::string text;
  for (const TargetTable* const table : step.tables) {
    const auto answer = session_->query("SHOW CREATE TABLE " + quoted(table->id), stop);
    if (answer && !answer->rows.empty() && answer->rows[0].size() >= 2) {
      text += without_counter(answer->rows[0][1].value_or("")) + '\0';
    } else if (answer || is_refusal(answer.error())) {
      text += "none\0";
    } else {
      return fail(answer.error());
    }
  }
  if (!change.database.empty()) {
    std::string name;
    append_quoted(name, change.database);
    text += TRY(session_->query_value(
                    "SELECT CONCAT(DEFAULT_CHARACTER_SET_NAME, ' ', DEFAULT_COLLATION_NAME) FROM "
                    "information_schema.SCHEMATA WHERE SCHEMA_NAME = " +
                        name,
                    stop))
                .value_or("none");
  }
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

Result<void> LogDdl::park(const PendingUnit& unit, const std::vector<TargetTable*>& tables,
                          const Error& error, const std::string& statement,
                          const std::stop_token& stop) {
  const std::string reason = fmt::format("{}; {}", error.to_line(), statement);
  if (tables.empty()) {
    // Nobody's rows depend on it.
    LOG(warn, "the target refused a statement, which is left out", {{"reason", reason}});
    return {};
  }
  for (TargetTable* const table : tables) {
    const ShapePtr shape = TRY(shared_.tables.shape_now(*table, stop));
    TRY(shared_.parking.park(*table, shape, shared_.progress.text_of(unit.end.unit), reason, stop));
  }
  return {};
}

}  // namespace tideway
