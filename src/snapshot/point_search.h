#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"
#include "snapshot/cascades.h"
#include "snapshot/consistent_point.h"
#include "snapshot/reader_sessions.h"
#include "snapshot/snapshot_point.h"

namespace tideway {

// What a point is opened for.
struct PointRequest {
  Endpoint endpoint;
  SessionOptions session_options;
  std::vector<TableId> tables;
  Cascades cascades;
  std::optional<LogPosition> listed_at;
  SnapshotOptions options;
};

// A point and the sessions that see it, each in its snapshot behind its savepoint.
struct OpenedPoint {
  SnapshotPoint point;
  Sessions sessions;
  std::unique_ptr<Session> lock;  // holds the lock when it was to be kept
};

// Opens a point in the way the request's consistency asks for, once. Errors as Snapshot::open().
Result<OpenedPoint> open_point(const PointRequest& request, const std::stop_token& stop);

// --- the ways, for open_point() ---

Result<OpenedPoint> search_point(const PointRequest& request, const std::stop_token& stop);
Result<OpenedPoint> lock_point(const PointRequest& request, const std::stop_token& stop);

// Whether XA branches are prepared and not finished; unknown where that may not be asked
// (XA_RECOVER_ADMIN): a branch committed inside a window may then touch any table.
enum class Branches : std::uint8_t { none, prepared, unknown };
Branches branches_of(const ResultTable& xa_recover);
Result<Branches> ask_for_branches(Session& session, const std::stop_token& stop);
// TW403, naming some of them.
Error prepared_branches(Session& session, const std::stop_token& stop);

}  // namespace tideway
