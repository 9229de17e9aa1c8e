// The consistent point between two marks in the log.
#include "snapshot/point_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "snapshot/log_window.h"
#include "snapshot/running_transactions.h"

namespace tideway {
namespace {

// A position so old that whatever was before it is taken to be visible.
constexpr Duration timed_age = std::chrono::seconds(10);
constexpr Duration between_tries = std::chrono::milliseconds(5);
// The server's list of transactions is renewed when it was not read for 100 ms.
constexpr Duration between_lists = std::chrono::milliseconds(110);

constexpr std::string_view gtid_executed = "SELECT @@global.gtid_executed";

bool is_of_connection(const Error& error) {
  return error.code() == ErrorCode::stopped || error.code() == ErrorCode::lost_connection ||
         error.code() == ErrorCode::deadline;
}

Result<GtidSet> first_cell_gtids(const ResultTable& table) {
  if (table.rows.empty() || table.rows[0].empty() || !table.rows[0][0]) return GtidSet();
  return GtidSet::parse(*table.rows[0][0]);
}

// What one try reads around the snapshots' begin.
struct Marks {
  GtidSet low;
  Branches branches = Branches::unknown;
  std::optional<LogStatus> high;
};

// Tries until every table is exact, or the time is up.
class Search {
 public:
  Search(const PointRequest& request, Session& control)
      : request_(request), control_(control), began_(real_clock().now()) {}

  Result<OpenedPoint> run(const std::stop_token& stop) {
    status_ = TRY(log_status(control_, stop));
    if (!status_) return fail(no_log());
    TRY(require_whole_log(control_, stop));
    has_gtid_ = control_.server().gtid_on;
    if (has_gtid_) {
      TRY(remember(status_->position, stop));
    } else if (auto running = RunningTransactions::open(control_, stop); running) {
      running_.emplace(std::move(*running));
    } else if (is_of_connection(running.error())) {
      return fail(std::move(running).error());
    } else {
      return open_timed(std::move(running).error(), stop);
    }
    return search(stop);
  }

  Sessions take_sessions() { return std::move(spare_); }

 private:
  struct Candidate {
    LogPosition position;
    GtidSet owned;  // by transactions under way, asked after the position
  };

  static Error no_log() {
    return {ErrorCode::binlog_unavailable, Side::source, Retry::never,
            "the source writes no binary log (log_bin is off)"};
  }

  Duration elapsed() const { return real_clock().now() - began_; }

  Result<OpenedPoint> search(const std::stop_token& stop) {
    std::optional<OpenedPoint> best;
    std::size_t best_touched = 0;
    bool was_prepared = false;
    while (true) {
      const bool is_last = elapsed() >= request_.options.wait;
      Sessions sessions = TRY(take_readers(readers_now(), stop));
      auto point = TRY(attempt(sessions, was_prepared, stop));
      const std::size_t touched = point ? touched_tables(*point) : 0;
      const bool is_better =
          point && (!best || touched < best_touched ||
                    (touched == best_touched && sessions.size() > best->sessions.size()));
      if (is_better) {
        if (best) give_back(std::move(best->sessions));
        best_touched = touched;
        best = OpenedPoint{std::move(*point), std::move(sessions), nullptr};
        if (touched == 0) break;
      } else {
        give_back(std::move(sessions));
      }
      if (is_last) break;
      if (!real_clock().wait(between_tries, stop)) return fail(stopped());
    }
    if (!best) {
      if (was_prepared) return fail(prepared_branches(control_, stop));
      return open_timed(Error(ErrorCode::no_consistent_point, Side::source, Retry::same_session,
                              "transactions were under way all the time, so that no place in the "
                              "log could be shown to be older than the snapshot"),
                        stop);
    }
    finish(best->point, best_touched);
    return std::move(*best);
  }

  // All of them for a while, then half as many, at last one: the fewer, the shorter the window.
  std::size_t readers_now() const {
    const std::size_t most = std::max<std::size_t>(request_.options.readers, 1);
    const auto levels = static_cast<double>(std::bit_width(most));
    const double wait =
        std::max(1e-9, std::chrono::duration<double>(request_.options.wait).count());
    const double passed = std::chrono::duration<double>(elapsed()).count() / wait;
    const auto level = static_cast<unsigned>(std::min(passed, 0.999) * levels);
    return std::max<std::size_t>(most >> level, 1);
  }

  Result<Sessions> take_readers(std::size_t count, const std::stop_token& stop) {
    TRY(open_readers(request_.endpoint, request_.session_options, std::max(count, spare_.size()),
                     spare_, stop));
    Sessions taken;
    while (taken.size() < count) {
      taken.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
    return taken;
  }

  void give_back(Sessions sessions) {
    for (auto& each : sessions) spare_.push_back(std::move(each));
  }

  // nullopt: this try showed nothing.
  Result<std::optional<SnapshotPoint>> attempt(const Sessions& sessions, bool& was_prepared,
                                               const std::stop_token& stop) {
    std::optional<LogPosition> begin;
    if (!has_gtid_) {
      begin = TRY(settled_position(stop));
      if (!begin) return std::optional<SnapshotPoint>();
    }
    const Marks marks = TRY(mark_without_branches(sessions, stop));
    if (!marks.high) return fail(no_log());
    if (has_gtid_) {
      begin = TRY(settled_candidate(marks.low, stop));
      TRY(remember(marks.high->position, stop));
    }
    was_prepared = marks.branches == Branches::prepared;
    if (was_prepared || !begin) return std::optional<SnapshotPoint>();
    TRY(execute_on_all(sessions, set_savepoint, stop));
    return std::optional(TRY(describe(*begin, marks, stop)));
  }

  Result<SnapshotPoint> describe(const LogPosition& begin, const Marks& marks,
                                 const std::stop_token& stop) {
    SnapshotPoint point;
    point.server_uuid = control_.server().uuid;
    // With GTID a branch may be in `low` and its PREPARE not yet over, so that no one lists it.
    // Without, whoever was at work at `begin` has been waited for.
    const bool sees_older_branches = !has_gtid_ && running_ && marks.branches == Branches::none;
    const LogRange range{begin, marks.high->position, marks.low, sees_older_branches};
    auto touches = TRY(read_log(control_, std::span(&range, 1), stop));
    point.touches = std::move(touches[0]);
    point.touches.spread(request_.cascades);
    for (const TableId& table : request_.tables) {
      if (!marks.high->logs(table.database)) point.touches.touched.add(table);
    }
    auto& window = point.window.emplace();
    window.begin = begin;
    window.high = marks.high->position;
    window.sees_older_branches = sees_older_branches;
    if (has_gtid_) {
      window.low = marks.low;
      window.high_gtids = marks.low;
      window.high_gtids->add(point.touches.gtids);
    }
    return point;
  }

  // Branches come and go: a begin that was waited for is kept until there is a moment without any.
  Result<Marks> mark_without_branches(const Sessions& readers, const std::stop_token& stop) {
    while (true) {
      Marks marks =
          TRY(readers.size() == 1 ? mark_on(*readers[0], stop) : mark_around(readers, stop));
      const bool is_over = elapsed() >= request_.options.wait;
      if (marks.branches != Branches::prepared || is_over) return marks;
      if (!real_clock().wait(between_tries, stop)) return fail(stopped());
    }
  }

  // All on one session, in one packet: the shortest window there is.
  Result<Marks> mark_on(Session& reader, const std::stop_token& stop) {
    std::vector<std::string> statements;
    if (has_gtid_) statements.emplace_back(gtid_executed);
    statements.emplace_back("XA RECOVER");
    statements.emplace_back(start_snapshot);
    statements.emplace_back(reader.server().binlog_status_statement());
    auto answers = TRY(reader.query_all(statements, stop));
    Marks marks;
    std::size_t next = 0;
    if (has_gtid_) marks.low = TRY(std::move(answers[next++]).and_then(first_cell_gtids));
    if (answers[next]) marks.branches = branches_of(*answers[next]);
    TRY(std::move(answers[++next]).map([](const ResultTable&) {}));
    marks.high = TRY(std::move(answers[++next]).and_then(parse_log_status));
    return marks;
  }

  Result<Marks> mark_around(const Sessions& readers, const std::stop_token& stop) {
    Marks marks;
    if (has_gtid_) marks.low = TRY(control_.query(gtid_executed, stop).and_then(first_cell_gtids));
    marks.branches = TRY(ask_for_branches(control_, stop));
    if (marks.branches == Branches::prepared) {
      marks.high = status_;
      return marks;
    }
    TRY(execute_on_all(readers, start_snapshot, stop));
    marks.high = TRY(log_status(control_, stop));
    return marks;
  }

  // --- with GTID: a place that the log reached before all that is not in low ---

  // A transaction in the log before the position either is in gtid_executed by now or is still
  // owned: the position may serve once all that is owned now is in a `low`.
  Result<void> remember(const LogPosition& position, const std::stop_token& stop) {
    constexpr std::size_t kept = 32;
    const auto owned = TRY(control_.query_value("SELECT @@global.gtid_owned", stop));
    candidates_.push_back({position, TRY(GtidSet::parse_owned(owned.value_or("")))});
    if (candidates_.size() > kept) candidates_.pop_front();
    return {};
  }

  Result<std::optional<LogPosition>> settled_candidate(const GtidSet& low,
                                                       const std::stop_token& stop) {
    for (auto each = candidates_.rbegin(); each != candidates_.rend(); ++each) {
      if (low.contains(each->owned)) return std::optional(each->position);
    }
    // A replica may own the GTID of a transaction that runs for hours: the file's header then says
    // what lies before the file.
    if (elapsed() * 2 < request_.options.wait) return std::optional<LogPosition>();
    const std::string& file = candidates_.front().position.file;
    const auto previous = TRY(previous_gtids(control_, file, stop));
    if (!previous || !low.contains(*previous)) return std::optional<LogPosition>();
    return std::optional(LogPosition{file, 4});
  }

  // --- without GTID ---

  Result<std::optional<LogPosition>> settled_position(const std::stop_token& stop) {
    if (!real_clock().wait(between_lists, stop)) return fail(stopped());
    const auto status = TRY(log_status(control_, stop));
    if (!status) return fail(no_log());
    running_->begin();
    while (!TRY(running_->have_ended(stop))) {
      if (elapsed() >= request_.options.wait) return std::optional<LogPosition>();
      if (!real_clock().wait(between_lists, stop)) return fail(stopped());
    }
    return std::optional(status->position);
  }

  Result<OpenedPoint> open_timed(const Error& why, const std::stop_token& stop) {
    LOG(info, "no position can be proven to lie before the snapshot: taking one that is 10 s old",
        {{"reason", why.to_line()}});
    if (elapsed() < timed_age && !real_clock().wait(timed_age - elapsed(), stop))
      return fail(stopped());
    const Instant deadline = real_clock().now() + request_.options.wait;
    while (true) {
      OpenedPoint opened;
      opened.sessions = TRY(take_readers(std::max<std::size_t>(request_.options.readers, 1), stop));
      const Marks marks = TRY(mark_around(opened.sessions, stop));
      if (!marks.high) return fail(no_log());
      if (marks.branches != Branches::prepared) {
        TRY(execute_on_all(opened.sessions, set_savepoint, stop));
        opened.point = TRY(describe(status_->position, marks, stop));
        opened.point.rung = Rung::timed;
        opened.point.reason = why.message();
        opened.point.grant = why.evidence().statement;
        return opened;
      }
      if (real_clock().now() >= deadline) return fail(prepared_branches(control_, stop));
      give_back(std::move(opened.sessions));
      if (!real_clock().wait(between_lists, stop)) return fail(stopped());
    }
  }

  // --- what came out ---

  std::size_t touched_tables(const SnapshotPoint& point) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        request_.tables,
        [&point](const TableId& table) { return point.touches.is_touched(table); }));
  }

  void finish(SnapshotPoint& point, std::size_t touched) const {
    point.rung = touched == 0 ? Rung::exact : Rung::window;
    if (touched == 0) return;
    point.reason =
        point.touches.touched.is_all()
            ? point.touches.touched.all_because()
            : fmt::format("{} tables were written to while the snapshot was opened", touched);
  }

  static Error stopped() {
    return {ErrorCode::stopped, Side::local, Retry::never,
            "stopped while looking for a consistent point"};
  }

  const PointRequest& request_;
  Session& control_;
  const Instant began_;
  std::optional<LogStatus> status_;
  bool has_gtid_ = false;
  std::optional<RunningTransactions> running_;
  std::deque<Candidate> candidates_;
  Sessions spare_;
};

// Snapshots without a place in the log.
Result<OpenedPoint> open_without_point(const PointRequest& request, const Server& server,
                                       const Error& why, Sessions sessions,
                                       const std::stop_token& stop) {
  OpenedPoint opened;
  opened.sessions = std::move(sessions);
  const std::size_t readers = std::max<std::size_t>(request.options.readers, 1);
  TRY(open_readers(request.endpoint, request.session_options, readers, opened.sessions, stop));
  opened.sessions.resize(readers);
  TRY(execute_on_all(opened.sessions, start_snapshot, stop));
  TRY(execute_on_all(opened.sessions, set_savepoint, stop));
  opened.point.rung = Rung::none;
  opened.point.server_uuid = server.uuid;
  opened.point.reason = why.message();
  opened.point.grant = why.evidence().statement;
  return opened;
}

// TiDB reads any moment that is not yet collected.
Result<OpenedPoint> open_at_timestamp(const PointRequest& request, Session& control,
                                      const std::stop_token& stop) {
  OpenedPoint opened;
  const ResultTable status = TRY(control.query(control.server().binlog_status_statement(), stop));
  const auto column = status.find_column("Position");
  if (status.rows.empty() || !column || !status.rows[0][*column]) {
    return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                      "TiDB does not say its timestamp"));
  }
  opened.point.rung = Rung::exact;
  opened.point.server_uuid = control.server().uuid;
  opened.point.timestamp = *status.rows[0][*column];
  TRY(open_readers(request.endpoint, request.session_options,
                   std::max<std::size_t>(request.options.readers, 1), opened.sessions, stop));
  TRY(execute_on_all(opened.sessions,
                     fmt::format("SET SESSION tidb_snapshot = '{}'", opened.point.timestamp),
                     stop));
  return opened;
}

}  // namespace

Branches branches_of(const ResultTable& xa_recover) {
  return xa_recover.rows.empty() ? Branches::none : Branches::prepared;
}

Result<Branches> ask_for_branches(Session& session, const std::stop_token& stop) {
  auto answer = session.query("XA RECOVER", stop);
  if (answer) return branches_of(*answer);
  if (is_of_connection(answer.error())) return fail(std::move(answer).error());
  LOG(debug, "prepared XA transactions may not be listed", {{"error", answer.error().to_line()}});
  return Branches::unknown;
}

Error prepared_branches(Session& session, const std::stop_token& stop) {
  std::string names;
  if (auto answer = session.query("XA RECOVER CONVERT XID", stop)) {
    for (const auto& row : answer->rows) {
      if (row.size() < 4 || names.size() > 200) continue;
      names += fmt::format("{}{}", names.empty() ? "" : ", ", row[3].value_or(""));
    }
  }
  return {
      ErrorCode::prepared_transactions, Side::source, Retry::after_operator,
      fmt::format("XA transactions stayed prepared on the source for all of --snapshot-wait: {}",
                  names.empty() ? "another one each time" : names)};
}

Result<OpenedPoint> search_point(const PointRequest& request, const std::stop_token& stop) {
  Session control = TRY(Session::open(request.endpoint, request.session_options, stop));
  if (control.server().has_snapshot_read()) return open_at_timestamp(request, control, stop);
  const bool is_asked_for = request.options.consistency != Consistency::none;
  PointRequest once = request;
  if (!is_asked_for) once.options.wait = Duration::zero();
  Search search(once, control);
  auto opened = search.run(stop);
  if (opened) {
    const Rung rung = opened->point.rung;
    if (!is_asked_for && rung != Rung::exact) opened->point.rung = Rung::none;
    return opened;
  }
  const bool has_no_log = opened.error().code() == ErrorCode::binlog_unavailable;
  if (is_of_connection(opened.error()) || (is_asked_for && !has_no_log)) return opened;
  return open_without_point(request, control.server(), opened.error(), search.take_sessions(),
                            stop);
}

Result<OpenedPoint> open_point(const PointRequest& request, const std::stop_token& stop) {
  switch (request.options.consistency) {
    case Consistency::flush:
    case Consistency::lock:
      return lock_point(request, stop);
    case Consistency::automatic:
    case Consistency::none:
      return search_point(request, stop);
  }
  return search_point(request, stop);
}

}  // namespace tideway
