#include "recipe/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "snapshot/standing.h"

namespace tideway::recipe {
namespace {

constexpr int most_losses = 20;     // with the backoff's waits: above a minute, as a failover takes
constexpr int most_rereadings = 3;  // of tables whose engine takes no part in snapshots

// What trying again may cure, on a new connection to the source, which was there when the job
// began. The target's losses are the sink's, which has tried for long when it tells of one.
bool was_lost(const Error& error) {
  return error.code() == ErrorCode::snapshot_lost ||
         (error.side() == Side::source &&
          (error.retry() == Retry::new_session || error.retry() == Retry::same_session));
}

// The target cannot be made to match this one table.
bool is_about_one_table(const Error& error) {
  return error.code() == ErrorCode::definition_mismatch || error.code() == ErrorCode::ddl_failed ||
         error.code() == ErrorCode::target_table_not_empty ||
         error.code() == ErrorCode::missing_privilege;
}

// How far a reading is: everything proven stands at `common`.
struct Reached {
  SnapshotPoint common;
  std::vector<TableStanding> standings;

  std::ptrdiff_t proven() const {
    return std::ranges::count_if(standings, &TableStanding::is_proven);
  }
};

class Rounds {
 public:
  Rounds(const RoundSource& source, const ObjectList& objects, RoundTarget& target,
         MemoryArbiter& arbiter, const RoundOptions& options, StatusBoard& board)
      : source_(source),
        target_(target),
        patience_(options.snapshot.wait),
        is_followed_(options.is_followed),
        board_(board),
        reader_(source.endpoint, target, arbiter, options, board),
        tables_(objects) {}

  Result<RoundsResult> run(const std::stop_token& stop) {
    for (int lost = 0;; ++lost) {
      auto result = from_one_point(stop);
      if (result || !was_lost(result.error()) || lost == most_losses) return result;
      // A source that is still away is a state that the board shows.
      if (result.error().code() == ErrorCode::snapshot_lost ||
          result.error().code() == ErrorCode::lost_connection) {
        board_.warn("the source was lost and the snapshot is taken anew: " +
                    result.error().to_line());
      }
      if (!real_clock().wait(backoff_.next(), stop)) {
        return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                          "stopped while the source was away"));
      }
    }
  }

 private:
  Result<RoundsResult> from_one_point(const std::stop_token& stop);
  bool must_be_exact(const ListedTable& table) const;
  const std::set<TableId>* family_of(const TableId& table) const;
  std::vector<ListedTable> to_be_exact() const;
  std::set<TableId> too_busy(const SnapshotPoint& point) const;
  Result<SnapshotPoint> read_all(const std::stop_token& stop);
  Result<Reached> read_again(Reached before, const std::vector<ListedTable>& stale,
                             const std::stop_token& stop);
  Result<std::set<TableId>> touched_since_earlier_start(const SnapshotPoint& now,
                                                        const std::stop_token& stop);
  Result<std::vector<TableStanding>> standings_at(const SnapshotPoint& common,
                                                  const std::stop_token& stop);
  Result<std::vector<ListedTable>> stale_tables(const std::vector<TableStanding>& standings,
                                                const std::stop_token& stop);
  Result<std::vector<ListedTable>> list_again(const std::set<TableId>& perhaps_redefined,
                                              const std::stop_token& stop);
  Result<Session*> session(const std::stop_token& stop);

  const RoundSource& source_;
  RoundTarget& target_;
  const Duration patience_;  // for tables that have to be read again
  const bool is_followed_;
  std::vector<std::set<TableId>> families_;  // of tables that the server changes below the log
  StatusBoard& board_;
  RoundReader reader_;
  KnownTables tables_;
  Backoff backoff_;
  std::optional<Session> session_;  // for questions to the log
  std::string position_;            // of the first snapshot from the present point
};

Result<Session*> Rounds::session(const std::stop_token& stop) {
  if (!session_ || session_->is_broken())
    session_.emplace(TRY(Session::open(source_.endpoint, {}, stop)));
  return &*session_;
}

// What an earlier start has that can no longer be used.
Result<std::set<TableId>> Rounds::touched_since_earlier_start(const SnapshotPoint& now,
                                                              const std::stop_token& stop) {
  if (target_.position().empty()) return std::set<TableId>{};
  const SnapshotPoint old = TRY(SnapshotPoint::parse_json(target_.position()));
  const auto kind = is_followed_ ? LogTouch::redefined : LogTouch::any;
  TouchedTables touched =
      TRY(tables_touched_between(*TRY(session(stop)), old, now, tables_.objects(), kind, stop));
  if (!touched.all_because.empty())
    board_.warn("every table is read again: " + touched.all_because);
  if (is_followed_ && !families_.empty()) {
    // A family is read at one point, all of it, or it is read again.
    const TouchedTables any = TRY(tables_touched_between(*TRY(session(stop)), old, now,
                                                         tables_.objects(), LogTouch::any, stop));
    for (const std::set<TableId>& family : families_) {
      const bool is_touched = std::ranges::any_of(
          family, [&any](const TableId& table) { return any.tables.contains(table); });
      if (is_touched) touched.tables.insert(family.begin(), family.end());
    }
    std::erase_if(touched.tables, [this](const TableId& table) {
      return tables_.objects().find(table) == nullptr;
    });
  }
  LOG(info, "tables to read again after a restart",
      {{"tables", touched.tables.size()}, {"since", old.position_text()}});
  return std::move(touched.tables);
}

Result<std::vector<TableStanding>> Rounds::standings_at(const SnapshotPoint& common,
                                                        const std::stop_token& stop) {
  return TRY_DURING(
      "asking the log where the tables stand",
      tables_standing(*TRY(session(stop)), tables_.objects(), tables_.readings(), common, stop));
}

// What is to be read again and can be: listed anew and told to the target where definitions
// changed.
Result<std::vector<ListedTable>> Rounds::stale_tables(const std::vector<TableStanding>& standings,
                                                      const std::stop_token& stop) {
  StaleTables stale = tables_.stale(standings);
  if (!stale.perhaps_redefined.empty()) {
    board_.begin(2, 3, "reading definitions again that changed");
    for (ListedTable& table : TRY(list_again(stale.perhaps_redefined, stop)))
      stale.as_known.push_back(std::move(table));
  }
  return std::move(stale.as_known);
}

// The tables that the target has under their present definitions now.
Result<std::vector<ListedTable>> Rounds::list_again(const std::set<TableId>& perhaps_redefined,
                                                    const std::stop_token& stop) {
  auto now = source_.list_again(*TRY(session(stop)), stop);
  if (!now && now.error().code() != ErrorCode::filter_matches_nothing)
    return fail(std::move(now).error().during("listing tables whose definitions changed"));
  std::vector<ListedTable> fresh;
  for (ListedTable& table : tables_.take(now ? *now : ObjectList{}, perhaps_redefined)) {
    LOG(info, "a definition changed while the table was read", {{"table", quoted(table.id())}});
    auto redefining = target_.redefine(table, stop);
    if (!redefining && !is_about_one_table(redefining.error()))
      return fail(std::move(redefining).error());
    tables_.redefine(table);
    if (redefining) {
      fresh.push_back(std::move(table));
    } else {
      tables_.give_up(table.id(), std::move(redefining).error());
    }
  }
  return fresh;
}

// With the log behind them only tables whose rows have no name must stand at the point itself, and
// those of which the log does not tell all.
bool Rounds::must_be_exact(const ListedTable& table) const {
  return !is_followed_ || !has_row_key(*table.def) || family_of(table.id()) != nullptr;
}

const std::set<TableId>* Rounds::family_of(const TableId& table) const {
  const auto found = std::ranges::find_if(
      families_, [&table](const std::set<TableId>& family) { return family.contains(table); });
  return found == families_.end() ? nullptr : &*found;
}

std::vector<ListedTable> Rounds::to_be_exact() const {
  std::vector<ListedTable> tables = tables_.objects().tables;
  std::erase_if(tables, [this](const ListedTable& table) { return !must_be_exact(table); });
  return tables;
}

// The tables that cannot be read at this point. Of a family all or none: they stand at one point.
std::set<TableId> Rounds::too_busy(const SnapshotPoint& point) const {
  std::set<TableId> busy;
  if (point.rung != Rung::window) return busy;
  for (const ListedTable& table : tables_.objects().tables) {
    if (point.is_exact_for(table.id()) || !must_be_exact(table)) continue;
    busy.insert(table.id());
    const std::set<TableId>* family = is_followed_ ? family_of(table.id()) : nullptr;
    if (family != nullptr) busy.insert(family->begin(), family->end());
  }
  return busy;
}

// Steps 1 and 2: the point at which the tables stand, as far as the snapshots tell.
Result<SnapshotPoint> Rounds::read_all(const std::stop_token& stop) {
  board_.begin(1, 3, "taking a consistent snapshot");
  const ObjectList& objects = tables_.objects();
  auto snapshot = TRY(reader_.open_snapshot(objects, to_be_exact(), stop));
  SnapshotPoint point = *snapshot->first_point();
  LOG(info, "snapshot taken",
      {{"rung", to_text(point.rung)},
       {"position", point.position_text()},
       {"readers", snapshot->readers()}});
  position_ = point.to_json();
  Round all{{}, position_, TRY(touched_since_earlier_start(point, stop)), "copying rows"};
  Round busy{{}, position_, {}, "copying rows of busy tables"};
  // Without a log nothing is exact, and waiting would not change it: all tables are read at once.
  const std::set<TableId> too_busy = this->too_busy(point);
  for (const ListedTable& table : objects.tables) {
    const bool later = too_busy.contains(table.id());
    (later ? busy : all).tables.push_back(table);
    if (later) all.copy_again.insert(table.id());
  }
  TRY(reader_.read(*snapshot, all, tables_, stop));
  snapshot.reset();
  if (busy.tables.empty()) return point;
  board_.begin(2, 3, fmt::format("reading {} tables that were written to", busy.tables.size()));
  auto alone = TRY(reader_.open_snapshot(objects, busy.tables, stop));
  TRY(reader_.read(*alone, busy, tables_, stop));
  return *alone->first_point();
}

// A round of step 3: the better of the points before and after it.
Result<Reached> Rounds::read_again(Reached before, const std::vector<ListedTable>& stale,
                                   const std::stop_token& stop) {
  board_.begin(2, 3, fmt::format("reading {} tables again that changed", stale.size()));
  auto snapshot = TRY(reader_.open_snapshot(tables_.objects(), stale, stop));
  Round round{stale, position_, {}, "copying rows again"};
  for (const ListedTable& table : stale) round.copy_again.insert(table.id());
  TRY(reader_.read(*snapshot, round, tables_, stop));
  Reached after{*snapshot->first_point(), {}};
  after.standings = TRY(standings_at(after.common, stop));
  before.standings = TRY(standings_at(before.common, stop));
  return before.proven() > after.proven() ? std::move(before) : std::move(after);
}

Result<RoundsResult> Rounds::from_one_point(const std::stop_token& stop) {
  tables_.begin_anew();
  families_ = families(tables_.objects().cascades);
  Reached reached{TRY(read_all(stop)), {}};
  reached.standings = TRY(standings_at(reached.common, stop));
  const Instant give_up = real_clock().now() + patience_;
  for (int times = 0; times < most_rereadings; ++times) {
    if (times != 0 && real_clock().now() >= give_up) break;
    const std::vector<ListedTable> stale = TRY(stale_tables(reached.standings, stop));
    if (stale.empty()) break;
    reached = TRY(read_again(std::move(reached), stale, stop));
  }
  return RoundsResult{std::move(reached.common), tables_.outcomes(reached.standings),
                      tables_.objects()};
}

}  // namespace

Result<RoundsResult> read_in_rounds(const RoundSource& source, const ObjectList& objects,
                                    RoundTarget& target, MemoryArbiter& arbiter,
                                    const RoundOptions& options, StatusBoard& board,
                                    const std::stop_token& stop) {
  const SourceWatch watch(source.endpoint, options.impact,
                          static_cast<std::uint32_t>(options.threads), board);
  Rounds rounds(source, objects, target, arbiter, options, board);
  return rounds.run(stop);
}

}  // namespace tideway::recipe
