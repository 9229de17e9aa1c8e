#include "recipe/followed_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "recipe/follow.h"

namespace tideway::recipe {
namespace {

enum class Copied : std::uint8_t { nothing, a_part, all };

Copied copied(std::span<const StreamState> streams) {
  const bool has_any = std::ranges::any_of(
      streams, [](const StreamState& stream) { return stream.is_done || !stream.mark.empty(); });
  if (!has_any) return Copied::nothing;
  const bool is_whole =
      streams.back().stream.is_last && std::ranges::all_of(streams, &StreamState::is_done);
  return is_whole ? Copied::all : Copied::a_part;
}

Error not_followable(const std::vector<std::string>& tables) {
  return {ErrorCode::no_consistent_point, Side::source, Retry::after_operator,
          fmt::format("tables without a primary or unique key, or with foreign keys that cascade, "
                      "were written to whenever they were read, and the log can follow them only "
                      "from an exact position: {}. Use "
                      "--consistency lock, which locks them for as long as the snapshot is opened, "
                      "or leave them out with --filter",
                      fmt::join(tables, ", "))};
}

// Changes of a table that is there in part cannot be applied to it.
Error not_copied(const std::vector<std::string>& tables) {
  return {ErrorCode::no_consistent_point, Side::source, Retry::after_operator,
          fmt::format("not every table could be copied, and the log cannot follow those: {}. Start "
                      "again, or leave them out with --filter",
                      fmt::join(tables, "; "))};
}

}  // namespace

Result<void> FollowedTarget::read_starts(const std::stop_token& stop) {
  for (TableStart& start : TRY(log_.starts(stop))) {
    const TableId table = start.table;
    starts_.insert_or_assign(table, std::move(start));
  }
  return {};
}

Result<StreamSink*> FollowedTarget::begin(const std::string& position,
                                          const std::set<TableId>& copy_again,
                                          const std::stop_token& stop) {
  in_hand_.clear();
  return ServerTarget::begin(position, copy_again, stop);
}

Result<void> FollowedTarget::stand_at(std::span<const ListedTable> tables,
                                      const SnapshotPoint& point, const std::stop_token& stop) {
  const std::string low = low_of(point).to_json(), high = high_of(point).to_json();
  std::vector<TableStart> changed;
  for (const ListedTable& table : tables) {
    const Copied has = copied(TRY(ledger().streams(table.id())));
    const auto known = starts_.find(table.id());
    if (has == Copied::all && known != starts_.end()) continue;
    TableStart start{table.id(), low, high,
                     table.is_transactional && point.is_exact_for(table.id())};
    // What was read at an earlier point stands before this one, also what is on its way to the
    // target and in no ledger yet.
    const bool is_in_hand = !in_hand_.insert(table.id()).second;
    if ((has != Copied::nothing || is_in_hand) && known != starts_.end()) {
      start.low = known->second.low;
      start.is_exact = false;
    }
    starts_.insert_or_assign(table.id(), start);
    changed.push_back(std::move(start));
  }
  return log_.set_starts(changed, stop);
}

Result<std::vector<TableStart>> FollowedTarget::starts(const ObjectList& objects,
                                                       const RoundsResult& rounds) const {
  std::vector<TableStart> found;
  std::vector<std::string> loose, failed;
  std::set<TableId> cascading;
  for (const auto& family : families(objects.cascades))
    cascading.insert(family.begin(), family.end());
  for (const ListedTable& table : objects.tables) {
    const auto outcome = rounds.tables.find(table.id());
    const auto start = starts_.find(table.id());
    if (outcome == rounds.tables.end() || outcome->second.failure || start == starts_.end()) {
      failed.push_back(fmt::format(
          "{}: {}", quoted(table.id()),
          outcome == rounds.tables.end() ? "it was not read" : outcome->second.why_not));
      continue;
    }
    const bool must_be_exact = !has_row_key(*table.def) || cascading.contains(table.id());
    if (!start->second.is_exact && must_be_exact) loose.push_back(quoted(table.id()));
    found.push_back(start->second);
  }
  if (!failed.empty()) return fail(not_copied(failed));
  if (!loose.empty()) return fail(not_followable(loose));
  return found;
}

Result<LogStart> least_start(std::span<const TableStart> starts) {
  std::optional<LogStart> least;
  for (const TableStart& start : starts) {
    LogStart place = TRY(LogStart::parse_json(start.is_exact ? start.high : start.low));
    if (!least) {
      least = std::move(place);
      continue;
    }
    // Where a place of a later snapshot begins may be before an earlier place, and the transactions
    // it leaves out are those of the later one: only what all of them have may be left out.
    if (least->gtids && place.gtids) {
      least->gtids = least->gtids->minus(least->gtids->minus(*place.gtids));
    } else {
      least->gtids.reset();
    }
    if (!(place.position < least->position)) continue;
    std::swap(place.gtids, least->gtids);
    least = std::move(place);
  }
  if (!least) {
    return fail(Error(ErrorCode::no_consistent_point, Side::source, Retry::after_operator,
                      "no table was copied, so that there is nothing to follow"));
  }
  return *std::move(least);
}

}  // namespace tideway::recipe
