#include "progress/job_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/check.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "progress/job_claim.h"
#include "progress/log_rows.h"
#include "progress/meta_session.h"
#include "progress/meta_tables.h"

namespace tideway {
namespace {

constexpr std::size_t job_name_max = 128;
constexpr std::size_t rows_per_statement = 500;

std::string where_table(const MetaSession& control, const TableId& table) {
  return fmt::format("{} AND table_database = {} AND table_name = {}", control.where_job(),
                     meta_text(table.database), meta_text(table.name));
}

TableId table_in(const std::vector<std::optional<std::string>>& row, std::size_t at) {
  return {row[at].value_or(""), row[at + 1].value_or("")};
}

int was_empty_code(const FilledTable& table) {
  if (table.is_made) return 2;
  return table.was_empty ? 1 : 0;
}

}  // namespace

struct JobProgress::State {
  State(const Endpoint& target, JobOptions job_options, const std::stop_token& stop)
      : options(std::move(job_options)),
        control(target, options.job, options.patience, stop),
        crew(stop) {}

  const JobOptions options;
  MetaSession control;
  JobClaim found;  // as open() found the job
  struct Facts {
    std::string position;
    std::map<TableId, FilledTable> filled;
  };
  Guarded<Facts> facts;
  Crew crew;  // last: its thread uses what is above
};

JobProgress::JobProgress(std::unique_ptr<State> state) : state_(std::move(state)) {}

const std::string& JobProgress::job() const { return state_->options.job; }
std::uint64_t JobProgress::epoch() const { return state_->control.epoch(); }
const Endpoint& JobProgress::target() const { return state_->control.target(); }
bool JobProgress::was_begun() const { return state_->found.state != "new"; }
bool JobProgress::was_finished() const { return state_->found.state == "done"; }
const std::string& JobProgress::certificate() const { return state_->found.certificate; }
std::optional<Error> JobProgress::lost() const { return state_->control.lost(); }
MetaSession& JobProgress::control() const { return state_->control; }

std::string JobProgress::position() const {
  return state_->facts.with([](const auto& facts) { return facts.position; });
}

namespace {

Result<std::map<TableId, FilledTable>> read_filled(MetaSession& control,
                                                   const std::stop_token& stop) {
  const auto rows =
      TRY(control.read("SELECT table_database, table_name, target_database, target_name, was_empty "
                       "FROM tideway_meta.filled WHERE " +
                           control.where_job(),
                       stop));
  std::map<TableId, FilledTable> filled;
  for (const auto& row : rows.rows) {
    filled.emplace(table_in(row, 0),
                   FilledTable{table_in(row, 0), table_in(row, 2), row[4] != "0", row[4] == "2"});
  }
  return filled;
}

// Renews the heartbeat until it is stopped or the job is lost. Its session is its own, so that a
// long statement of the job does not make it look dead, and hears nothing for a few seconds at
// most.
Result<void> beat(MetaSession& control, Duration interval, const std::stop_token& stop) {
  std::optional<Session> session;
  SessionOptions options;
  options.read_deadline = std::chrono::seconds(10);
  const auto once = [&]() -> Result<void> {
    if (!session || session->is_broken())
      session.emplace(TRY(Session::open(control.target(), options, stop)));
    const auto beaten = TRY(session->execute(
        fmt::format("UPDATE tideway_meta.base SET {}, heartbeat = UTC_TIMESTAMP(6) WHERE {}",
                    control.guard(), control.where_job()),
        stop));
    if (beaten.rows != 1) return fail(control.fenced());
    return {};
  };
  Backoff backoff(std::chrono::milliseconds(100), interval);
  Duration pause = interval;  // taking the job was its first beat
  while (!control.lost() && real_clock().wait(pause, stop)) {
    auto done = once();
    if (stop.stop_requested()) return {};
    if (done) {
      backoff.reset();
      pause = interval;
      continue;
    }
    const Error error = control.explain(std::move(done).error());
    const bool is_final = error.retry() == Retry::never || error.retry() == Retry::after_operator;
    if (is_final) {
      LOG(warn, "the job's heartbeat ended", {{"job", control.job()}, {"error", error.to_line()}});
      control.lose(error);
    } else {
      LOG(info, "the job's heartbeat failed", {{"job", control.job()}, {"error", error.to_line()}});
    }
    if (error.retry() == Retry::new_session) session.reset();
    pause = backoff.next();
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<JobProgress>> JobProgress::open(const Endpoint& target, JobOptions options,
                                                       const std::stop_token& stop) {
  if (options.job.empty() || options.job.size() > job_name_max) {
    return fail(Error(ErrorCode::bad_value, Side::local, Retry::never,
                      fmt::format("a job's name has 1 to {} bytes", job_name_max)));
  }
  const bool restart = options.restart;
  const Duration interval = options.heartbeat;
  auto state = std::make_unique<State>(target, std::move(options), stop);
  MetaSession& control = state->control;
  const auto create = [&](Session& session) {
    return create_meta_tables(session, meta_tables(), stop);
  };
  TRY(control.outside_transaction(create, stop));
  state->found = TRY(claim_job(control, state->options, stop));
  TRY(control.own(state->found.epoch, stop));
  auto filled = TRY(read_filled(control, stop));
  state->facts.with([&](auto& facts) {
    facts.position = state->found.position;
    facts.filled = std::move(filled);
  });
  state->crew.start("heartbeat", [&control, interval](const std::stop_token& crew_stop) {
    return beat(control, interval, crew_stop);
  });
  std::unique_ptr<JobProgress> progress(new JobProgress(std::move(state)));
  if (restart) TRY(progress->forget(stop));
  return progress;
}

JobProgress::~JobProgress() {
  state_->crew.stop();
  static_cast<void>(state_->crew.join());  // beat() never fails
  if (lost()) return;
  // Best effort: an owner that leaves without a word is found out by its heartbeat.
  const auto freed = state_->control.free_job();
  if (!freed && freed.error().code() != ErrorCode::fenced)
    LOG(warn, "the job still looks owned", {{"job", job()}, {"error", freed.error().to_line()}});
}

std::optional<FilledTable> JobProgress::filled(const TableId& source) const {
  return state_->facts.with([&](const auto& facts) -> std::optional<FilledTable> {
    const auto found = facts.filled.find(source);
    if (found == facts.filled.end()) return std::nullopt;
    return found->second;
  });
}

std::vector<FilledTable> JobProgress::all_filled() const {
  return state_->facts.with([](const auto& facts) {
    std::vector<FilledTable> all;
    for (const auto& [source, table] : facts.filled) all.push_back(table);
    return all;
  });
}

Result<void> JobProgress::fill_tables(std::span<const FilledTable> tables,
                                      const std::stop_token& stop) {
  MetaSession& control = state_->control;
  while (!tables.empty()) {
    const auto part = tables.first(std::min(tables.size(), rows_per_statement));
    tables = tables.subspan(part.size());
    std::string sql = "INSERT INTO tideway_meta.filled VALUES ";
    for (const FilledTable& table : part) {
      sql += fmt::format("{}({},{},{},{},{},{},'filling')", &table == part.data() ? "" : ",",
                         meta_text(job()), meta_text(table.source.database),
                         meta_text(table.source.name), meta_text(table.target.database),
                         meta_text(table.target.name), was_empty_code(table));
    }
    sql += " ON DUPLICATE KEY UPDATE job = job";  // what was first said of a table stays
    TRY(control.change(sql, stop));
    state_->facts.with([&](auto& facts) {
      for (const FilledTable& table : part) facts.filled.emplace(table.source, table);
    });
  }
  return {};
}

namespace {

// Streams with rows in the target and no mark can only start over, and with them their table.
Result<std::set<TableId>> half_written_without_mark(const MetaSession& control, Session& session,
                                                    const std::stop_token& stop) {
  const auto found = TRY(
      session.query(fmt::format("SELECT DISTINCT table_database, table_name FROM "
                                "tideway_meta.chunk WHERE {} AND state = 'writing' AND mark = ''",
                                control.where_job()),
                    stop));
  std::set<TableId> tables;
  for (const auto& row : found.rows) tables.insert(table_in(row, 0));
  return tables;
}

Error cannot_tell_apart(const TableId& target) {
  Evidence evidence;
  evidence.table = quoted(target);
  return Error(ErrorCode::target_table_not_empty, Side::target, Retry::after_operator,
               std::move(evidence),
               "a table without a key was left half copied among rows that were there before, and "
               "nobody can tell them apart: "
               "empty it and use --restart");
}

Result<void> reset_rows_of(const MetaSession& control, Session& session, const TableId& table,
                           const std::stop_token& stop) {
  TRY(session.execute(fmt::format("UPDATE tideway_meta.filled SET state = 'clearing' WHERE {}",
                                  where_table(control, table)),
                      stop));
  TRY(session.execute(
      fmt::format("DELETE FROM tideway_meta.chunk WHERE {}", where_table(control, table)), stop));
  return {};
}

}  // namespace

Result<void> JobProgress::set_position_and_reset(std::string position,
                                                 std::span<const TableId> tables_to_copy_again,
                                                 const std::stop_token& stop) {
  MetaSession& control = state_->control;
  const auto filled = state_->facts.with([](const auto& facts) { return facts.filled; });
  const auto work = [&](Session& session) -> Result<void> {
    std::set<TableId> tables = TRY(half_written_without_mark(control, session, stop));
    for (const TableId& table : tables) {
      const auto known = filled.find(table);
      if (known != filled.end() && !known->second.was_empty)
        return fail(cannot_tell_apart(known->second.target));
    }
    tables.insert(tables_to_copy_again.begin(), tables_to_copy_again.end());
    for (const TableId& table : tables) TRY(reset_rows_of(control, session, table, stop));
    TRY(session.execute(
        fmt::format("UPDATE tideway_meta.base SET position = {}, state = 'begun' WHERE {}",
                    meta_bytes(position), control.where_job()),
        stop));
    return {};
  };
  TRY(control.transaction(work, stop));
  state_->facts.with([&](auto& facts) { facts.position = std::move(position); });
  return {};
}

Result<void> JobProgress::reset_table(const TableId& table, const std::stop_token& stop) {
  MetaSession& control = state_->control;
  const auto work = [&](Session& session) { return reset_rows_of(control, session, table, stop); };
  return control.transaction(work, stop);
}

Result<void> JobProgress::clear_tables(const std::stop_token& stop) {
  MetaSession& control = state_->control;
  const auto rows =
      TRY(control.read("SELECT table_database, table_name, target_database, target_name, was_empty "
                       "FROM tideway_meta.filled WHERE state = 'clearing' AND " +
                           control.where_job(),
                       stop));
  for (const auto& row : rows.rows) {
    const TableId source = table_in(row, 0), target = table_in(row, 2);
    const auto empty = [&](Session& session) -> Result<void> {
      auto emptied = session.execute("TRUNCATE TABLE " + quoted(target), stop);
      if (emptied || emptied.error().code() == ErrorCode::table_gone) return {};
      return fail(std::move(emptied).error());
    };
    if (row[4] != "0")
      TRY_DURING("emptying " + quoted(target), control.outside_transaction(empty, stop));
    TRY(control.change(
        "UPDATE tideway_meta.filled SET state = 'filling' WHERE " + where_table(control, source),
        stop));
  }
  return {};
}

Result<void> JobProgress::forget(const std::stop_token& stop) {
  MetaSession& control = state_->control;
  const JobOptions& options = state_->options;
  const auto work = [&](Session& session) -> Result<void> {
    TRY(session.execute("DELETE FROM tideway_meta.chunk WHERE " + control.where_job(), stop));
    TRY(forget_log(control, session, stop));
    TRY(session.execute(
        "UPDATE tideway_meta.filled SET state = 'clearing' WHERE " + control.where_job(), stop));
    TRY(session.execute(
        fmt::format("UPDATE tideway_meta.base SET format = {}, recipe = {}, config_hash = {}, "
                    "settings = {}, "
                    "state = 'new', position = '', certificate = '' WHERE {}",
                    progress_format, meta_text(options.recipe), meta_text(options.config_hash),
                    meta_text(options.settings), control.where_job()),
        stop));
    return {};
  };
  TRY(control.transaction(work, stop));
  state_->found.state = "new";
  state_->found.certificate.clear();
  state_->facts.with([](auto& facts) { facts.position.clear(); });
  return {};
}

Result<void> JobProgress::finish(const std::string& certificate, const std::stop_token& stop) {
  MetaSession& control = state_->control;
  return control.change(
      fmt::format("UPDATE tideway_meta.base SET state = 'done', certificate = {} WHERE {}",
                  meta_bytes(certificate), control.where_job()),
      stop);
}

Result<Session> JobProgress::open_session(const SessionOptions& options,
                                          const std::optional<SessionName>& replaces,
                                          SessionName& name, const std::stop_token& stop) {
  const MetaSession& control = state_->control;
  if (const auto error = control.lost()) return fail(*error);
  SessionOptions writing = options;
  writing.foreign_key_checks = false;
  Session session = TRY(Session::open(control.target(), writing, stop));
  if (replaces) TRY(end_session(session, *replaces, stop));
  name = TRY(name_of(session, stop));
  TRY(control.record(session, name, replaces, stop));
  TRY(session.execute("SET SESSION autocommit = 0", stop));
  return session;
}

}  // namespace tideway
