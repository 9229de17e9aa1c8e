#pragma once

#include <map>
#include <set>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "progress/log_progress.h"
#include "recipe/server_target.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// A target whose tables are followed by the log once they are copied: it writes down where each of
// them stands before its first row is read there.
class FollowedTarget final : public ServerTarget {
 public:
  FollowedTarget(LogProgress& log, JobProgress& progress, Tables& tables, RouterPtr router,
                 MemoryArbiter& arbiter, tideway::CopyOptions options)
      : ServerTarget(progress, tables, std::move(router), arbiter, options), log_(log) {}

  Result<StreamSink*> begin(const std::string& position, const std::set<TableId>& copy_again,
                            const std::stop_token& stop) override;

  // As earlier starts left it.
  Result<void> read_starts(const std::stop_token& stop);

  Result<void> stand_at(std::span<const ListedTable> tables, const SnapshotPoint& point,
                        const std::stop_token& stop) override;

  // Of all tables. TW400: one could not be copied, or one whose rows have no key could not be read
  // at one position, so that the log cannot follow it.
  Result<std::vector<TableStart>> starts(const ObjectList& objects,
                                         const RoundsResult& rounds) const;

 private:
  LogProgress& log_;
  std::map<TableId, TableStart> starts_;
  std::set<TableId> in_hand_;  // of the round: rows of them may be on their way
};

// From where the log is read so that nothing behind any of the tables is missed: the least
// position, without the transactions that all of the tables have.
Result<LogStart> least_start(std::span<const TableStart> starts);

}  // namespace tideway::recipe
