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

// What a new connection to the source, which was there when the job began, may cure. The target's
// losses are the sink's, which has tried for long when it tells of one.
bool was_lost(const Error& error) {
  return error.code() == ErrorCode::snapshot_lost ||
         (error.side() == Side::source && error.retry() == Retry::new_session);
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
      board_.warn("the source was lost and the snapshot is taken anew: " +
                  result.error().to_line());
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
  Result<std::vector<TableStanding>> standing(const std::stop_token& stop);
  Result<Session*> session(const std::stop_token& stop);
  RoundsResult result_of(const std::vector<TableStanding>& standings) const;

  const Endpoint& source_;
  const ObjectList& objects_;
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

Result<std::vector<TableStanding>> Rounds::standing(const std::stop_token& stop) {
  std::vector<TableReading> readings;
  for (const auto& [table, reading] : readings_) readings.push_back(reading);
  return TRY_DURING("asking the log where the tables stand",
                    tables_standing(*TRY(session(stop)), objects_, readings, common_, stop));
}

RoundsResult Rounds::result_of(const std::vector<TableStanding>& standings) const {
  RoundsResult result;
  result.common = common_;
  result.rung = common_.rung;
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

  auto standings = TRY(standing(stop));
  for (int times = 0; times < most_rereadings; ++times) {
    std::vector<ListedTable> stale;
    std::set<TableId> stale_ids;
    for (const TableStanding& standing : standings) {
      const ListedTable* table = standing.is_stale ? objects_.find(standing.table) : nullptr;
      if (table == nullptr || table->is_transactional) continue;
      stale.push_back(*table);
      stale_ids.insert(standing.table);
    }
    if (stale.empty()) break;
    board_.begin(2, 3, fmt::format("reading {} tables again that changed", stale.size()));
    auto again = TRY(open_snapshot(stale, stop));
    common_ = *again->first_point();
    TRY(read(*again, stale, position, stale_ids, "copying rows again", stop));
    standings = TRY(standing(stop));
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
