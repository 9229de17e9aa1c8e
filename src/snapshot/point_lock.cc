// The consistent point under a lock, for those who asked for one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "snapshot/log_window.h"
#include "snapshot/point_search.h"

namespace tideway {
namespace {

constexpr std::uint32_t lock_wait_timeout_error = 1205;
constexpr std::uint32_t no_such_table = 1146;

// The tables to lock: those asked for, and those whose changes reach them below the log. A locked
// child does not hold up its parent's cascade before MySQL 8.
std::set<TableId> tables_to_lock(const PointRequest& request) {
  std::map<TableId, std::set<TableId>> parents;
  for (const auto& [parent, children] : request.cascades.children) {
    for (const TableId& child : children) parents[child].insert(parent);
  }
  std::set<TableId> locked(request.tables.begin(), request.tables.end());
  std::deque<TableId> next(request.tables.begin(), request.tables.end());
  while (!next.empty()) {
    const auto found = parents.find(next.front());
    next.pop_front();
    if (found == parents.end()) continue;
    for (const TableId& parent : found->second) {
      if (locked.insert(parent).second) next.push_back(parent);
    }
  }
  return locked;
}

Error in_words(Error error, const SnapshotOptions& options) {
  if (error.evidence().server_errno != lock_wait_timeout_error) return error;
  return Error(ErrorCode::deadline, Side::source, Retry::same_session, error.evidence(),
               fmt::format("the lock was not had within {}", human_duration(options.lock_wait)));
}

Result<void> lock_tables(Session& session, const PointRequest& request,
                         const std::stop_token& stop) {
  constexpr int tries = 5;  // tables may be dropped between the listing and the lock
  std::set<TableId> tables = tables_to_lock(request);
  for (int i = 1; !tables.empty(); ++i) {
    std::string sql = "LOCK TABLES ";
    for (const TableId& table : tables)
      sql += fmt::format("{}{} READ", sql.back() == ' ' ? "" : ",", quoted(table));
    auto locked = session.execute(sql, stop);
    if (locked) return {};
    const auto gone = std::ranges::find_if(tables, [&locked](const TableId& table) {
      return quoted(table) == locked.error().evidence().table;
    });
    const bool is_gone = locked.error().evidence().server_errno == no_such_table;
    if (!is_gone || gone == tables.end() || i == tries) return fail(std::move(locked).error());
    LOG(warn, "a table was dropped before it could be locked", {{"table", quoted(*gone)}});
    tables.erase(gone);
  }
  return {};
}

Result<void> take_lock(Session& session, const PointRequest& request, const std::stop_token& stop) {
  const auto seconds = std::max<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(request.options.lock_wait).count(), 1);
  TRY(session.execute(fmt::format("SET SESSION lock_wait_timeout = {}", seconds), stop));
  if (request.options.consistency == Consistency::lock) return lock_tables(session, request, stop);
  auto locked = session.execute("FLUSH TABLES WITH READ LOCK", stop);
  if (locked) return {};
  if (locked.error().code() != ErrorCode::missing_privilege) return fail(std::move(locked).error());
  return fail(Error(ErrorCode::missing_privilege, Side::source, Retry::after_operator,
                    locked.error().evidence(),
                    "the global read lock was refused (Aurora and RDS give it to nobody); "
                    "--consistency lock locks the tables instead"));
}

}  // namespace

Result<OpenedPoint> lock_point(const PointRequest& request, const std::stop_token& stop) {
  auto lock = std::make_unique<Session>(
      TRY(Session::open(request.endpoint, request.session_options, stop)));
  if (lock->server().has_snapshot_read()) {
    return fail(Error(ErrorCode::not_supported, Side::source, Retry::never,
                      "TiDB has no lock that readers could share: use --consistency auto"));
  }
  OpenedPoint opened;
  const std::size_t readers = std::max<std::size_t>(request.options.readers, 1);
  TRY(open_readers(request.endpoint, request.session_options, readers, opened.sessions, stop));

  // 1. the lock, without a prepared XA branch: what it changed is in the log and cannot be seen
  const Instant deadline = real_clock().now() + request.options.wait;
  while (true) {
    if (auto taken = take_lock(*lock, request, stop); !taken)
      return fail(in_words(std::move(taken).error(), request.options));
    if (TRY(ask_for_branches(*lock, stop)) != Branches::prepared) break;
    TRY(lock->execute("UNLOCK TABLES", stop));
    if (real_clock().now() >= deadline) return fail(prepared_branches(*lock, stop));
    if (!real_clock().wait(std::chrono::milliseconds(20), stop)) {
      return fail(Error(ErrorCode::stopped, Side::local, Retry::never, "stopped before the lock"));
    }
  }
  // 2. the snapshots, 3. the position, 4. the lock is given up
  TRY(execute_on_all(opened.sessions, start_snapshot, stop));
  TRY(execute_on_all(opened.sessions, set_savepoint, stop));
  SnapshotPoint& point = opened.point;
  point.rung = Rung::locked;
  point.server_uuid = lock->server().uuid;
  if (auto status = log_status(*lock, stop); !status) {
    point.reason = status.error().message();
    point.grant = status.error().evidence().statement;
    if (lock->is_broken()) return fail(std::move(status).error());
  } else if (*status) {
    // Every selected table stands exactly here; gtid_executed has what changed them.
    auto& window = point.window.emplace();
    window.begin = window.high = (*status)->position;
    if (lock->server().gtid_on) {
      const auto text = TRY(lock->query_value("SELECT @@global.gtid_executed", stop));
      window.low = window.high_gtids = TRY(GtidSet::parse(text.value_or("")));
    }
  }
  if (request.options.keeps_lock) {
    opened.lock = std::move(lock);
  } else {
    TRY(lock->execute("UNLOCK TABLES", stop));
  }
  return opened;
}

}  // namespace tideway
