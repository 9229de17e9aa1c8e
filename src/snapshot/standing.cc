#include "snapshot/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "snapshot/log_window.h"

namespace tideway {
namespace {

bool is_proving(const SnapshotPoint& point) {
  return point.rung == Rung::exact || point.rung == Rung::window || point.rung == Rung::locked;
}

// The stretch in which a table must be untouched to stand at all of these points: from the low of
// the one that was opened first to the greatest high.
LogRange range_of(std::span<const SnapshotPoint* const> points) {
  const auto high = [](const SnapshotPoint* point) { return point->window->high; };
  const SnapshotPoint* first = *std::ranges::min_element(points, {}, high);
  const SnapshotPoint* last = *std::ranges::max_element(points, {}, high);
  return {first->window->begin, last->window->high, first->window->low.value_or(GtidSet()),
          first->window->sees_older_branches};
}

std::string why_not(const SnapshotPoint& point) {
  std::string why = point.rung == Rung::timed ? "the snapshot's place in the log is not proven: "
                                              : "the snapshot has no place in the log: ";
  why += point.reason.empty() ? "none was asked for" : point.reason;
  if (!point.grant.empty()) why += "; " + point.grant;
  return why;
}

// One question to the log for each different set of points that tables were read under.
class Questions {
 public:
  std::size_t add(const SnapshotPoint& first, const SnapshotPoint& last,
                  const SnapshotPoint& common) {
    const std::array points = {&first, &last, &common};
    return add(range_of(points));
  }
  std::size_t add(LogRange range) {
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      if (ranges_[i].begin == range.begin && ranges_[i].end == range.end &&
          ranges_[i].skip == range.skip &&
          ranges_[i].sees_older_branches == range.sees_older_branches)
        return i;
    }
    ranges_.push_back(std::move(range));
    return ranges_.size() - 1;
  }
  const std::vector<LogRange>& ranges() const { return ranges_; }

 private:
  std::vector<LogRange> ranges_;
};

Error log_ended() {
  return {ErrorCode::binlog_unavailable, Side::source, Retry::never,
          "the source stopped writing its binary log"};
}

Result<std::vector<TableStanding>> ask_log(Session& session, const ObjectList& objects,
                                           std::span<const TableReading> readings,
                                           const SnapshotPoint& common,
                                           const std::stop_token& stop) {
  struct Asked {
    std::optional<std::size_t> untouched;    // under its points and the common one
    std::optional<std::size_t> same;         // its definition, since that was read
    std::optional<std::size_t> not_written;  // while it was read: no snapshot holds it
    std::string why_not;
  };
  Questions questions;
  std::vector<Asked> asked;
  for (const TableReading& reading : readings) {
    Asked& each = asked.emplace_back();
    const bool is_same_moment = !common.timestamp.empty() &&
                                reading.first->timestamp == common.timestamp &&
                                reading.last->timestamp == common.timestamp;
    if (is_same_moment) continue;
    const std::array points = {&common, reading.first.get(), reading.last.get()};
    const auto bad = std::ranges::find_if(
        points, [](const SnapshotPoint* point) { return !is_proving(*point) || !point->window; });
    if (bad != points.end()) {
      each.why_not = why_not(**bad);
    } else {
      each.untouched = questions.add(*reading.first, *reading.last, common);
    }
  }

  // What is not in the log cannot be judged by it.
  std::optional<LogStatus> status;
  const bool needs_log =
      common.timestamp.empty() &&
      std::ranges::any_of(asked, [](const Asked& each) { return each.why_not.empty(); });
  if (needs_log) {
    status = TRY(log_status(session, stop));
    if (!status) return fail(log_ended());
    TRY(require_whole_log(session, stop));
  }

  for (std::size_t i = 0; status && i < readings.size(); ++i) {
    const ListedTable* listed = objects.find(readings[i].table);
    const auto& listed_at =
        listed != nullptr && listed->listed_at ? listed->listed_at : objects.listed_at;
    if (listed_at) asked[i].same = questions.add(LogRange{*listed_at, status->position, {}, false});
    const auto& window = readings[i].first->window;
    if (window && listed != nullptr && !listed->is_transactional)
      asked[i].not_written =
          questions.add(LogRange{window->begin, status->position, window->low.value_or(GtidSet()),
                                 window->sees_older_branches});
  }

  std::vector<Touches> touches = TRY(read_log(session, questions.ranges(), stop));
  for (Touches& each : touches) each.spread(objects.cascades);

  std::vector<TableStanding> standings;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    TableStanding& standing = standings.emplace_back();
    standing.table = readings[i].table;
    const auto& [untouched, same, not_written, because] = asked[i];
    if (same && touches[*same].is_redefined(standing.table)) {
      standing.is_stale = standing.is_redefined = true;
      standing.why_not = "its definition changed while it was read";
    } else if (not_written && touches[*not_written].is_touched(standing.table)) {
      standing.is_stale = true;
      standing.why_not = "its engine takes no part in a snapshot, and it was written to meanwhile";
    } else if (untouched && status && !status->logs(standing.table.database) &&
               common.rung != Rung::locked) {
      standing.why_not = "the source does not log what changes in its database";
    } else if (untouched && touches[*untouched].is_touched(standing.table)) {
      const TableNames& names = touches[*untouched].touched;
      standing.why_not = names.is_all() ? names.all_because()
                                        : "it was written to while its snapshot was opened, or "
                                          "between its snapshot and the common one";
    }
    if (standing.why_not.empty()) standing.why_not = because;
    standing.is_proven = standing.why_not.empty();
  }
  return standings;
}

}  // namespace

Result<std::vector<TableStanding>> tables_standing(Session& session, const ObjectList& objects,
                                                   std::span<const TableReading> readings,
                                                   const SnapshotPoint& common,
                                                   const std::stop_token& stop) {
  auto standings = ask_log(session, objects, readings, common, stop);
  if (standings || standings.error().code() != ErrorCode::binlog_unavailable) return standings;
  std::string why = standings.error().message();
  if (!standings.error().evidence().statement.empty())
    why += "; " + standings.error().evidence().statement;
  std::vector<TableStanding> unknown;
  for (const TableReading& reading : readings)
    unknown.push_back({reading.table, false, false, false, why});
  return unknown;
}

Result<TouchedTables> tables_touched_between(Session& session, const SnapshotPoint& old,
                                             const SnapshotPoint& now, const ObjectList& objects,
                                             LogTouch kind, const std::stop_token& stop) {
  TouchedTables result;
  const auto all = [&](std::string because) {
    LOG(info, "every table counts as changed since the last start", {{"because", because}});
    for (const ListedTable& table : objects.tables) result.tables.insert(table.id());
    result.all_because = std::move(because);
    return result;
  };
  if (!old.timestamp.empty() && old.timestamp == now.timestamp) return result;
  if (old.rung == Rung::none || !old.window) return all("the last start had no place in the log");
  if (!now.window) return all("the log cannot be read: " + now.reason);
  if (old.server_uuid != now.server_uuid) return all("the source is another server now");
  const auto& now_gtids = now.window->high_gtids;
  if (old.window->low.has_value() != now_gtids.has_value())
    return all("GTIDs were switched on or off");
  const bool is_reset =
      (now_gtids && !now_gtids->contains(*old.window->low)) || now.window->high < old.window->high;
  if (is_reset) return all("the source's log was reset");

  const auto status = TRY(log_status(session, stop));
  if (!status) return all("the source stopped writing its binary log");
  const std::array points = {&old, &now};
  std::vector<LogRange> ranges = {range_of(points)};
  if (old.listed_at) ranges.push_back({*old.listed_at, now.window->high, {}, false});
  auto touches = read_log(session, ranges, stop);
  if (!touches) {
    if (touches.error().code() != ErrorCode::binlog_unavailable)
      return fail(std::move(touches).error());
    return all(touches.error().message());
  }
  touches->front().spread(objects.cascades);
  for (const ListedTable& table : objects.tables) {
    const bool is_touched = kind == LogTouch::any && touches->front().is_touched(table.id());
    if (is_touched || touches->front().is_redefined(table.id()) ||
        touches->back().is_redefined(table.id()) || !status->logs(table.id().database))
      result.tables.insert(table.id());
  }
  return result;
}

}  // namespace tideway
