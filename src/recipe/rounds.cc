#include "recipe/rounds.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "snapshot/standing.h"

namespace tideway::recipe {
namespace {

constexpr int most_losses = 20;     // with the backoff's waits: above a minute, as a failover takes
constexpr int most_rereadings = 3;  // of tables whose engine takes no part in snapshots

Error stopped() {
  return {ErrorCode::stopped, Side::local, Retry::after_operator,
          "stopped before all tables were read"};
}

// What trying again may cure, on a new connection to the source, which was there when the job
// began. The target's losses are the sink's, which has tried for long when it tells of one.
bool was_lost(const Error& error) {
  return error.code() == ErrorCode::snapshot_lost ||
         (error.side() == Side::source &&
          (error.retry() == Retry::new_session || error.retry() == Retry::same_session));
}

// The definition may have changed under a reader; if it did not, the table's error stands.
bool may_be_redefinition(const Error& error) {
  return error.side() == Side::source &&
         (error.code() == ErrorCode::table_gone || error.code() == ErrorCode::definition_changed ||
          error.code() == ErrorCode::server_refused);
}

// The target cannot be made to match this one table.
bool is_about_one_table(const Error& error) {
  return error.code() == ErrorCode::definition_mismatch || error.code() == ErrorCode::ddl_failed ||
         error.code() == ErrorCode::target_table_not_empty ||
         error.code() == ErrorCode::missing_privilege;
}

Error dropped(const TableId& table) {
  Evidence evidence;
  evidence.table = quoted(table);
  return {
      ErrorCode::table_gone, Side::source, Retry::never, std::move(evidence),
      fmt::format("{} was dropped or renamed on the source while it was read; what was written of "
                  "it is not whole",
                  quoted(table))};
}

std::ptrdiff_t proven_in(const std::vector<TableStanding>& standings) {
  return std::ranges::count_if(standings, &TableStanding::is_proven);
}

class Rounds {
 public:
  Rounds(const Endpoint& source, const ObjectList& objects, RoundTarget& target,
         MemoryArbiter& arbiter, const RoundOptions& options, StatusBoard& board)
      : source_(source),
        objects_(objects),
        target_(target),
        arbiter_(arbiter),
        options_(options),
        board_(board) {}

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
      if (!real_clock().wait(backoff_.next(), stop)) return fail(stopped());
    }
  }

 private:
  Result<RoundsResult> from_one_point(const std::stop_token& stop);
  Result<std::unique_ptr<Snapshot>> open_snapshot(const std::vector<ListedTable>& tables,
                                                  const std::stop_token& stop);
  Result<std::set<TableId>> touched_since(const SnapshotPoint& now, const std::stop_token& stop);
  Result<void> read(Snapshot& snapshot, const std::vector<ListedTable>& tables,
                    const std::string& position, const std::set<TableId>& copy_again,
                    const std::string& phase, const std::stop_token& stop);
  Result<std::vector<TableStanding>> standing(const SnapshotPoint& common,
                                              const std::stop_token& stop);
  Result<std::vector<ListedTable>> stale_tables(const std::vector<TableStanding>& standings,
                                                const std::stop_token& stop);
  Result<std::vector<ListedTable>> list_again(const std::set<TableId>& redefined,
                                              const std::stop_token& stop);
  void put(const ListedTable& table);
  Result<Session*> session(const std::stop_token& stop);
  RoundsResult result_of(const std::vector<TableStanding>& standings) const;

  const Endpoint& source_;
  ObjectList objects_;
  RoundTarget& target_;
  MemoryArbiter& arbiter_;
  const RoundOptions& options_;
  StatusBoard& board_;
  Meter meter_;
  Backoff backoff_;
  std::optional<Session> session_;  // for questions to the log
  // Of the rounds from the present point:
  SnapshotPoint common_;
  std::map<TableId, TableReading> readings_;
  std::map<TableId, Error> failures_;
  std::set<TableId> given_up_;  // failed for good
};

Result<Session*> Rounds::session(const std::stop_token& stop) {
  if (!session_ || session_->is_broken()) session_.emplace(TRY(Session::open(source_, {}, stop)));
  return &*session_;
}

Result<std::unique_ptr<Snapshot>> Rounds::open_snapshot(const std::vector<ListedTable>& tables,
                                                        const std::stop_token& stop) {
  std::vector<TableId> ids;
  for (const ListedTable& table : tables) ids.push_back(table.id());
  SessionOptions session_options;
  session_options.arbiter = &arbiter_;
  SnapshotOptions snapshot_options = options_.snapshot;
  snapshot_options.readers = options_.threads;
  return TRY_DURING(
      "opening a consistent snapshot",
      Snapshot::open(source_, session_options, objects_, ids, snapshot_options, stop));
}

// What an earlier start has that can no longer be used.
Result<std::set<TableId>> Rounds::touched_since(const SnapshotPoint& now,
                                                const std::stop_token& stop) {
  if (target_.position().empty()) return std::set<TableId>{};
  const SnapshotPoint old = TRY(SnapshotPoint::parse_json(target_.position()));
  TouchedTables touched =
      TRY(tables_touched_between(*TRY(session(stop)), old, now, objects_, stop));
  if (!touched.all_because.empty())
    board_.warn("every table is read again: " + touched.all_because);
  LOG(info, "tables to read again after a restart",
      {{"tables", touched.tables.size()}, {"since", old.position_text()}});
  return std::move(touched.tables);
}

Result<void> Rounds::read(Snapshot& snapshot, const std::vector<ListedTable>& tables,
                          const std::string& position, const std::set<TableId>& copy_again,
                          const std::string& phase, const std::stop_token& stop) {
  Sink* sink = TRY(target_.begin(position, copy_again, stop));
  SnapshotSource source(snapshot, tables, sink->ledger(), arbiter_, options_.read);
  const auto showing = board_.show([&, phase] {
    Status status;
    const ReadEstimate estimate = source.estimate();
    status.phase = phase;
    add_meter(status, meter_);
    add_memory(status, arbiter_);
    status.rows_done += estimate.rows_before;
    status.rows_total = std::max(estimate.rows + estimate.rows_before, status.rows_done);
    status.bytes_total = std::max(estimate.bytes, status.bytes_done);
    status.tables_total = estimate.tables;
    status.tables_done = estimate.tables_read;
    status.limit = target_.limit_text();
    status.waiting_for = target_.waiting_text();
    return status;
  });
  FlowOptions flow;
  flow.readers = flow.writers = options_.threads;
  flow.completes_sink = false;  // more rounds may follow
  const Summary summary = TRY(tideway::run(source, {}, *sink, flow, meter_, stop));
  for (FailedTable& failed : source.failed())
    failures_.insert_or_assign(failed.table, std::move(failed.error));
  for (TableReading& reading : source.readings())
    readings_.insert_or_assign(reading.table, std::move(reading));
  if (summary.is_stopped || stop.stop_requested()) return fail(stopped());
  return {};
}

Result<std::vector<TableStanding>> Rounds::standing(const SnapshotPoint& common,
                                                    const std::stop_token& stop) {
  std::vector<TableReading> readings;
  for (const auto& [table, reading] : readings_) readings.push_back(reading);
  return TRY_DURING("asking the log where the tables stand",
                    tables_standing(*TRY(session(stop)), objects_, readings, common, stop));
}

// What is to be read again and can be: listed anew and told to the target where definitions
// changed.
Result<std::vector<ListedTable>> Rounds::stale_tables(const std::vector<TableStanding>& standings,
                                                      const std::stop_token& stop) {
  std::vector<ListedTable> stale;
  std::set<TableId> redefined;
  for (const TableStanding& standing : standings) {
    const ListedTable* table = standing.is_stale ? objects_.find(standing.table) : nullptr;
    if (table == nullptr) continue;
    if (standing.is_redefined) {
      redefined.insert(standing.table);
    } else {
      stale.push_back(*table);
    }
  }
  for (const auto& [table, error] : failures_) {
    if (may_be_redefinition(error) && !given_up_.contains(table)) redefined.insert(table);
  }
  if (redefined.empty()) return stale;
  board_.begin(2, 3, "reading definitions again that changed");
  for (ListedTable& table : TRY(list_again(redefined, stop))) stale.push_back(std::move(table));
  return stale;
}

// Takes the present definitions of these tables, and of tables that came since, into objects_.
Result<std::vector<ListedTable>> Rounds::list_again(const std::set<TableId>& redefined,
                                                    const std::stop_token& stop) {
  ObjectList now;
  auto listed = options_.list_again(*TRY(session(stop)), stop);
  if (listed) {
    now = std::move(*listed);
  } else if (listed.error().code() != ErrorCode::filter_matches_nothing) {
    return fail(std::move(listed).error().during("listing tables whose definitions changed"));
  }
  std::vector<ListedTable> fresh;
  for (ListedTable& table : now.tables) {
    const ListedTable* known = objects_.find(table.id());
    if (known != nullptr && !redefined.contains(table.id())) continue;
    const auto failure = failures_.find(table.id());
    if (known != nullptr && failure != failures_.end() &&
        failure->second.code() == ErrorCode::server_refused &&
        known->def->create_text == table.def->create_text) {
      given_up_.insert(table.id());  // refused for another reason
      continue;
    }
    table.listed_at = now.listed_at;
    failures_.erase(table.id());
    readings_.erase(table.id());
    LOG(info, "a definition changed while the table was read", {{"table", quoted(table.id())}});
    auto redefining = target_.redefine(table, stop);
    if (!redefining && !is_about_one_table(redefining.error()))
      return fail(std::move(redefining).error());
    if (redefining) {
      fresh.push_back(table);
    } else {
      failures_.insert_or_assign(table.id(), redefining.error());
      given_up_.insert(table.id());
    }
    put(table);
  }
  for (const TableId& gone : redefined) {
    if (now.find(gone) != nullptr) continue;
    readings_.erase(gone);
    failures_.insert_or_assign(gone, dropped(gone));
    given_up_.insert(gone);
  }
  for (const auto& [parent, children] : now.cascades.children)
    objects_.cascades.children[parent].insert(children.begin(), children.end());
  objects_.cascades.unsure.merge(now.cascades.unsure);
  return fresh;
}

void Rounds::put(const ListedTable& table) {
  const auto at = std::ranges::lower_bound(objects_.tables, table.id(), {},
                                           [](const ListedTable& each) { return each.id(); });
  if (at != objects_.tables.end() && at->id() == table.id()) {
    *at = table;
  } else {
    objects_.tables.insert(at, table);
  }
}

RoundsResult Rounds::result_of(const std::vector<TableStanding>& standings) const {
  RoundsResult result;
  result.common = common_;
  result.rung = common_.rung;
  result.objects = objects_;
  for (const TableStanding& standing : standings) {
    result.tables[standing.table] =
        TableOutcome{standing.is_proven, standing.why_not, std::nullopt};
  }
  for (const ListedTable& table : objects_.tables) {
    const auto failure = failures_.find(table.id());
    TableOutcome& outcome = result.tables[table.id()];
    if (failure != failures_.end()) {
      outcome = TableOutcome{false, failure->second.to_line(), failure->second};
    } else if (!readings_.contains(table.id())) {
      outcome = TableOutcome{false, "it was not read to its end", std::nullopt};
    }
  }
  return result;
}

Result<RoundsResult> Rounds::from_one_point(const std::stop_token& stop) {
  readings_.clear();
  failures_.clear();
  given_up_.clear();
  board_.begin(1, 3, "taking a consistent snapshot");
  auto snapshot = TRY(open_snapshot(objects_.tables, stop));
  common_ = *snapshot->first_point();
  const std::string position = common_.to_json();
  LOG(info, "snapshot taken",
      {{"rung", to_text(common_.rung)},
       {"position", common_.position_text()},
       {"readers", snapshot->readers()}});
  std::set<TableId> copy_again = TRY(touched_since(common_, stop));

  // Without a log nothing is exact, and waiting would not change it: all tables are read at once.
  std::vector<ListedTable> exact, touched;
  for (const ListedTable& table : objects_.tables) {
    const bool later = common_.rung == Rung::window && !common_.is_exact_for(table.id());
    (later ? touched : exact).push_back(table);
    if (later) copy_again.insert(table.id());
  }
  TRY(read(*snapshot, exact, position, copy_again, "copying rows", stop));
  snapshot.reset();
  if (!touched.empty()) {
    board_.begin(2, 3, fmt::format("reading {} tables that were written to", touched.size()));
    auto alone = TRY(open_snapshot(touched, stop));
    common_ = *alone->first_point();
    TRY(read(*alone, touched, position, {}, "copying rows of busy tables", stop));
  }

  auto standings = TRY(standing(common_, stop));
  const Instant give_up = real_clock().now() + options_.snapshot.wait;
  for (int times = 0; times < most_rereadings; ++times) {
    if (times != 0 && real_clock().now() >= give_up) break;
    const std::vector<ListedTable> stale = TRY(stale_tables(standings, stop));
    if (stale.empty()) break;
    board_.begin(2, 3, fmt::format("reading {} tables again that changed", stale.size()));
    auto again = TRY(open_snapshot(stale, stop));
    std::set<TableId> ids;
    for (const ListedTable& table : stale) ids.insert(table.id());
    TRY(read(*again, stale, position, ids, "copying rows again", stop));
    const SnapshotPoint before = std::exchange(common_, *again->first_point());
    standings = TRY(standing(common_, stop));
    auto as_before = TRY(standing(before, stop));
    if (proven_in(as_before) <= proven_in(standings)) continue;
    common_ = before;
    standings = std::move(as_before);
  }
  return result_of(standings);
}

}  // namespace

Result<RoundsResult> read_in_rounds(const Endpoint& source, const ObjectList& objects,
                                    RoundTarget& target, MemoryArbiter& arbiter,
                                    const RoundOptions& options, StatusBoard& board,
                                    const std::stop_token& stop) {
  Rounds rounds(source, objects, target, arbiter, options, board);
  return rounds.run(stop);
}

}  // namespace tideway::recipe
