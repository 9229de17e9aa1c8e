#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "binlog/gtid_set.h"
#include "binlog/log_position.h"
#include "snapshot/log_events.h"

namespace tideway {

// How consistency was reached.
//   exact   every table of the snapshot stands at `high`: the log shows it untouched in (low, high]
//   window  some tables stand somewhere in (low, high]
//   timed   `low` is a position at least 10 s old, not one that was proven: nothing is proven
//   locked  the tables were locked while the snapshot was opened, as asked
//   none    nothing is promised: asked for, or the log cannot be read
enum class Rung : std::uint8_t { exact, window, timed, locked, none };
std::string_view to_text(Rung rung);

// Where one snapshot stands in the source's log. A value; any thread. Its text is what a job keeps
// to find after a crash what changed since.
struct SnapshotPoint {
  Rung rung = Rung::none;
  std::string server_uuid;
  // (low, high]. The log is read from `begin`, at or before everything not in low; transactions in
  // `low` are skipped. Without GTID `begin` is low itself. nullopt: no log.
  struct Window {
    LogPosition begin, high;
    std::optional<GtidSet> low, high_gtids;  // nullopt: the server has no GTID
    // What XA PREPARE put into the log before `begin` was finished before the snapshot, and is
    // visible where it was committed. False: not known.
    bool sees_older_branches = false;
  };
  std::optional<Window> window;
  std::string timestamp;  // TiDB's, instead of a window: every table stands exactly there
  std::optional<LogPosition> listed_at;  // ObjectList's: DDL behind it may have been missed
  Touches touches;     // in (low, high], spread along foreign keys; not in the text
  std::string reason;  // why the rung is not `exact`, for people; empty when it is
  std::string grant;   // the statement that would have given a better rung; empty: none would

  // Whether the table stands exactly at high.
  bool is_exact_for(const TableId& table) const;
  std::string position_text() const;  // "binlog.000003:12345", TiDB: the timestamp; empty: none
  std::string gtid_text() const;      // at high; empty: none

  std::string to_json() const;
  static Result<SnapshotPoint> parse_json(std::string_view text);
};

using PointPtr = std::shared_ptr<const SnapshotPoint>;

}  // namespace tideway
