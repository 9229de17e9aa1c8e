#include "apply/log_lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apply/enum_error.h"
#include "apply/failure.h"
#include "base/log.h"
#include "progress/meta_session.h"

namespace tideway {
namespace {

constexpr Duration space_interval = std::chrono::seconds(5);
constexpr std::uint64_t flight_bytes = 512U << 10U;  // of statements before their answers are read
constexpr unsigned data_truncated = 1265;
constexpr std::size_t flight_statements = 256, ranges_most = 256;

Error stopped() {
  return Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while applying the log");
}

Error row_differs(const TargetTable& table, const LogStatement& statement, std::uint64_t found) {
  Evidence evidence;
  evidence.table = quoted(table.id);
  if (statement.changes == 1) evidence.key = key_of(*statement.change);
  return Error(ErrorCode::row_differs, Side::target, Retry::never, std::move(evidence),
               fmt::format("{} rows of {} should have been found, {} were",
                           statement.expected.value_or(0), quoted(table.id), found));
}

// What the target holds against rows of one table, and other tables need not suffer for.
bool is_about_table(const Error& error) {
  switch (error.code()) {
    case ErrorCode::row_rejected:
    case ErrorCode::row_differs:
    case ErrorCode::duplicate_key:
    case ErrorCode::packet_too_large:
    case ErrorCode::definition_mismatch:
    case ErrorCode::table_gone:
    case ErrorCode::server_refused:
      return failure_of(error) != Failure::space;
    default:
      return false;
  }
}

}  // namespace

LogLane::LogLane(LogSink::Shared& shared, LaneRow row, Loan loan)
    : shared_(shared), row_(std::move(row)), loan_(std::move(loan)), ddl_(shared) {}

template <typename Each>
void LogLane::for_rows(const LaneWork& work, const Each& each) {
  if (work.piece) {
    if (work.piece->rows.block) {
      for (RowsWork& rows : work.piece->rows.rows())
        each(*work.piece->unit, *work.piece->rows.block, rows);
    }
    return;
  }
  for (PendingUnit* const unit : work.units) {
    for (const UnitRows& part : unit->parts) {
      for (RowsWork& rows : part.rows()) each(*unit, *part.block, rows);
    }
  }
}

Result<void> LogLane::run(const std::stop_token& stop) {
  while (auto work = shared_.next(row_.lane, stop)) {
    TRY(apply(*work, stop));
    shared_.finish(*work);
  }
  return {};
}

// What the target has of the base need not be kept here.
void LogLane::trim() {
  const auto base = shared_.durable_base();
  if (base->number == trimmed_to_) return;
  trimmed_to_ = base->number;
  row_.done.remove(base->base.units);
}

Result<void> LogLane::apply(LaneWork& work, const std::stop_token& stop) {
  TRY(plan_late(work, stop));
  last_statements_.clear();
  if (!work.units.empty() && work.units.front()->change) {
    const PendingUnit& unit = *work.units.front();
    TRY(ddl_.apply(unit, stop));
    last_statements_ = shared_.progress.definition_statements(*unit.change);
    last_statements_.push_back(
        shared_.progress.end_ddl_statement(shared_.progress.text_of(unit.end.unit)));
  }
  trim();
  LaneRow next = row_;
  ++next.commit_no;
  if (work.piece) {
    next.piece = SplitUnit{work.piece->id, work.piece->log_rows};
    if (work.piece->is_last) {
      next.done.add(work.piece->unit->end.unit);
      next.piece.reset();
    }
  } else {
    for (const PendingUnit* const unit : work.units) next.done.add(unit->end.unit);
  }
  Backoff backoff;
  Instant give_up = shared_.clock.now() + shared_.options.patience;
  is_careful_ = false;
  while (true) {
    Trouble trouble;
    auto done = attempt(work, next, trouble, stop);
    if (done) break;
    TRY(recover(work, done.error(), trouble, backoff, give_up, stop));
  }
  row_ = std::move(next);
  if (row_.done.range_count() > ranges_most) shared_.want_base();
  shared_.governor.went_well();
  count(work);
  return {};
}

// Plans of rows behind a DDL that is applied now.
Result<void> LogLane::plan_late(LaneWork& work, const std::stop_token& stop) {
  Result<void> outcome;
  for_rows(work, [&](const PendingUnit& unit, BlockWork& block, RowsWork& rows) {
    if (!outcome || rows.plan || rows.table->is_parked) return;
    const auto late = [&]() -> Result<void> {
      const ShapePtr shape = TRY(shared_.tables.shape_now(*rows.table, stop));
      auto plan = shared_.plan(rows, shape);
      if (!plan) {
        return shared_.parking.park(*rows.table, shape, shared_.progress.text_of(unit.end.unit),
                                    plan.error().to_line(), stop);
      }
      rows.plan = *plan;
      rows.plan->hash(block.block, *rows.rows, rows.own_hashes);
      return {};
    };
    outcome = late();
  });
  return outcome;
}

// One transaction. When it fails the session is either without a transaction or gone.
Result<void> LogLane::attempt(const LaneWork& work, const LaneRow& next, Trouble& trouble,
                              const std::stop_token& stop) {
  const auto turn = shared_.governor.take(stop);
  if (!turn) return fail(stopped());
  if (!session_ || session_->is_broken()) TRY(open_session(stop));
  if (is_in_doubt_) {
    const bool happened = TRY(shared_.progress.was_committed(*session_, row_, stop));
    is_in_doubt_ = false;
    if (happened) return {};
  }
  auto done = write_all(work, next, turn->batch_bytes(), trouble, stop);
  if (done) {
    is_in_doubt_ = true;  // whatever COMMIT answers but yes, the lane's row is asked before
                          // anything is sent again
    auto committed = session_->execute("COMMIT", stop);
    if (committed) {
      is_in_doubt_ = false;
      return {};
    }
    trouble = {};
    done = fail(std::move(committed).error());
  }
  roll_back(stop);
  return done;
}

Result<void> LogLane::write_all(const LaneWork& work, const LaneRow& next,
                                std::uint64_t batch_bytes, Trouble& trouble,
                                const std::stop_token& stop) {
  statements_.clear();
  text_bytes_ = 0;
  const auto add_own = [&](std::string sql, std::optional<std::uint64_t> expected) {
    LogStatement& statement = statements_.emplace_back();
    statement.sql = std::move(sql);
    statement.expected = expected;
  };
  add_own(shared_.progress.advance_statement(row_, next), 1);
  changes_.begin();
  for_rows(work, [&](const PendingUnit&, const BlockWork& block, RowsWork& rows) {
    rows.is_dropped = rows.table->is_parked || !rows.plan;
    if (rows.is_dropped) return;
    const std::size_t count = rows.plan->hashes_per_row() * rows.rows->row_count;
    const std::span<const std::uint64_t> hashes =
        rows.own_hashes.empty() ? std::span(block.hashes).subspan(rows.first_hash, count)
                                : std::span(rows.own_hashes);
    changes_.add(block, rows, hashes);
  });
  const StatementLimits limits{batch_bytes, is_careful_ ? 1U : 2000U};
  for (const ChangeRun& run : changes_.finish()) {
    TRY(set_checks(run.foreign_key_checks, trouble, stop));
    for (std::size_t at = 0; at < run.changes.size();) {
      const std::size_t before = statements_.size();
      at = write_statement(run, at, limits, statements_);
      for (std::size_t i = before; i < statements_.size(); ++i)
        text_bytes_ += statements_[i].sql.size();
      const bool is_long = !statements_.back().values.empty();
      if (is_long || text_bytes_ >= flight_bytes || statements_.size() >= flight_statements ||
          is_careful_)
        TRY(flush(trouble, stop));
    }
  }
  for (const std::string& sql : last_statements_) add_own(sql, std::nullopt);
  return flush(trouble, stop);
}

Result<void> LogLane::set_checks(bool on, Trouble& trouble, const std::stop_token& stop) {
  if (on == checks_on_) return {};
  TRY(flush(trouble, stop));
  TRY(session_->execute(fmt::format("SET SESSION foreign_key_checks = {}", on ? 1 : 0), stop));
  checks_on_ = on;
  return {};
}

// Sends what has been written and looks at every answer.
Result<void> LogLane::flush(Trouble& trouble, const std::stop_token& stop) {
  const MetaSession& control = shared_.progress.job().control();
  text_bytes_ = 0;
  std::vector<LogStatement> flight = std::exchange(statements_, {});
  const bool is_alone = is_careful_ || std::ranges::any_of(flight, [](const LogStatement& each) {
                          return !each.values.empty();
                        });
  if (is_alone) {
    for (LogStatement& statement : flight) TRY(send_alone(statement, trouble, stop));
    return {};
  }
  texts_.clear();
  for (LogStatement& statement : flight) texts_.push_back(std::move(statement.sql));
  auto answers = session_->pipeline(texts_, stop);
  if (!answers) {
    // Nobody says whose it is: each alone will.
    const auto ours = std::ranges::find_if(
        flight, [](const LogStatement& each) { return each.table != nullptr; });
    if (ours != flight.end()) trouble.table = ours->table;
    // Any statement may write NULL where none may be, not only that of a lane that lost the job.
    if (trouble.table == nullptr) return fail(control.explain(std::move(answers).error()));
    return fail(std::move(answers).error());
  }
  for (std::size_t i = 0; i < flight.size(); ++i) TRY(check(flight[i], (*answers)[i], trouble));
  statements_ = std::move(flight);
  statements_.clear();
  return {};
}

Result<void> LogLane::send_alone(LogStatement& statement, Trouble& trouble,
                                 const std::stop_token& stop) {
  auto answer = statement.values.empty()
                    ? session_->execute(statement.sql, stop)
                    : session_->execute_long(statement.sql, statement.values, stop);
  if (!answer && statement.changes == 1 && statement.values.empty() &&
      answer.error().evidence().server_errno == data_truncated) {
    const auto columns = enum_error_columns(*statement.change);
    if (!columns.empty()) answer = change_with_enum_errors(*session_, statement.sql, columns, stop);
  }
  if (answer) return check(statement, *answer, trouble);
  if (statement.table == nullptr)
    return fail(shared_.progress.job().control().explain(std::move(answer).error()));
  trouble.table = statement.table;
  trouble.is_certain = statement.changes == 1;
  trouble.evidence = evidence_of(*statement.change);
  return fail(std::move(answer).error());
}

Result<void> LogLane::check(const LogStatement& statement, const Affected& answer,
                            Trouble& trouble) {
  if (!statement.expected || answer.rows == *statement.expected) return {};
  if (statement.table == nullptr) return fail(shared_.progress.job().control().fenced());
  trouble.table = statement.table;
  trouble.is_certain = statement.changes == 1;
  trouble.evidence = evidence_of(*statement.change);
  return fail(row_differs(*statement.table, statement, answer.rows));
}

Result<void> LogLane::recover(const LaneWork& work, const Error& error, const Trouble& trouble,
                              Backoff& backoff, Instant& give_up, const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(stopped());
  if (trouble.table != nullptr && is_about_table(error)) {
    if (trouble.is_certain) return park(work, error, trouble, stop);
    if (!is_careful_) {
      is_careful_ = true;
      return {};
    }
  }
  const Failure failure = failure_of(error);
  if (failure == Failure::fatal || failure == Failure::fenced || failure == Failure::row ||
      failure == Failure::duplicate)
    return fail(error);
  ++shared_.meter.retries;
  LOG(info, "a transaction of the target is tried again", {{"error", error.to_line()}});
  bool was_stopped = false;
  if (failure == Failure::space) {
    shared_.governor.begin_waiting_for_space();
    was_stopped = !shared_.clock.wait(space_interval, stop);
    shared_.governor.end_waiting_for_space();
  } else {
    if (failure == Failure::busy) shared_.governor.was_busy();
    was_stopped = !shared_.clock.wait(backoff.next(), stop);
  }
  if (was_stopped) return fail(stopped());
  // Patience is for a target that is away; one that answers, and be it "not now", is waited for.
  if (failure != Failure::lost) give_up = shared_.clock.now() + shared_.options.patience;
  if (shared_.clock.now() >= give_up) return fail(error);
  return {};
}

Result<void> LogLane::park(const LaneWork& work, const Error& error, const Trouble& trouble,
                           const std::stop_token& stop) {
  const PendingUnit& first = work.piece ? *work.piece->unit : *work.units.front();
  const UnitId unit = work.piece ? work.piece->id : first.end.unit;
  std::string reason = error.to_line();
  if (!trouble.evidence.empty()) reason += "; " + trouble.evidence;
  const ShapePtr shape = TRY(shared_.tables.shape_now(*trouble.table, stop));
  is_careful_ = false;
  return shared_.parking.park(*trouble.table, shape, shared_.progress.text_of(unit), reason, stop);
}

void LogLane::count(const LaneWork& work) {
  LogMeter& meter = shared_.meter;
  if (!last_statements_.empty()) ++meter.schema_changes;
  meter.compacted += changes_.merged();
  for_rows(work, [&](const PendingUnit&, const BlockWork&, const RowsWork& rows) {
    const std::uint64_t rows_count = rows.rows->row_count;
    if (rows.is_dropped) {
      meter.dropped += rows_count;
      shared_.parking.count_dropped(*rows.table, rows_count);
      return;
    }
    if (rows.rows->is_replay) meter.replayed += rows_count;
    switch (rows.rows->kind) {
      case ChangeKind::insert:
        meter.inserted += rows_count;
        break;
      case ChangeKind::update:
        meter.updated += rows_count;
        break;
      case ChangeKind::remove:
        meter.removed += rows_count;
        break;
    }
  });
}

Result<void> LogLane::open_session(const std::stop_token& stop) {
  if (session_name_) ++shared_.meter.reconnects;
  session_.reset();
  checks_on_ = false;
  SessionOptions options;
  options.read_deadline = std::min<Duration>(shared_.options.patience, std::chrono::minutes(5));
  SessionName name;
  Session session = TRY(shared_.progress.job().open_session(options, session_name_, name, stop));
  session_.emplace(std::move(session));
  session_name_ = std::move(name);
  const Server& server = session_->server();
  if (server.kind == ServerKind::tidb) return {};
  // Gap locks would make neighbours wait for each other; a log of statements needs them.
  if (TRY(session_->query_value("SELECT @@GLOBAL.binlog_format", stop)) != "STATEMENT")
    TRY(session_->execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", stop));
  return {};
}

void LogLane::roll_back(const std::stop_token& stop) {
  if (!session_) return;
  // What cannot be rolled back ends with the session.
  if (session_->is_broken() || !session_->execute("ROLLBACK", stop)) session_.reset();
}

}  // namespace tideway
