#include "recipe/round_reader.h"

#include <algorithm>

#include "flow/run.h"

namespace tideway::recipe {

Result<std::unique_ptr<Snapshot>> RoundReader::open_snapshot(const ObjectList& objects,
                                                             const std::vector<ListedTable>& tables,
                                                             const std::stop_token& stop) {
  std::vector<TableId> ids;
  for (const ListedTable& table : tables) ids.push_back(table.id());
  SessionOptions session_options;
  session_options.arbiter = &arbiter_;
  SnapshotOptions snapshot_options = options_.snapshot;
  snapshot_options.readers = options_.threads;
  return TRY_DURING("opening a consistent snapshot",
                    Snapshot::open(source_, session_options, objects, ids, snapshot_options, stop));
}

Result<void> RoundReader::read(Snapshot& snapshot, const Round& round, KnownTables& known,
                               const std::stop_token& stop) {
  StreamSink* sink = TRY(target_.begin(round.position, round.copy_again, stop));
  ReadOptions read = options_.read;
  if (options_.is_followed) {
    TRY(target_.stand_at(round.tables, *snapshot.point(snapshot.point_count() - 1), stop));
    read.on_point = [&](const SnapshotPoint& point, const std::stop_token& asked) {
      return target_.stand_at(round.tables, point, asked);
    };
  }
  SnapshotSource source(snapshot, round.tables, sink->ledger(), arbiter_, read);
  const auto showing = board_.show([&] { return status_of(source, round.phase); });
  FlowOptions flow;
  flow.readers = flow.writers = options_.threads;
  flow.gate = &board_.control().gate();
  flow.completes_sink = false;  // more rounds may follow
  const Summary summary = TRY(tideway::run(source, target_.stages(), *sink, flow, meter_, stop));
  for (FailedTable& failed : source.failed()) known.add(std::move(failed));
  for (TableReading& reading : source.readings()) known.add(std::move(reading));
  if (summary.is_stopped || stop.stop_requested()) {
    return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                      "stopped before all tables were read"));
  }
  return {};
}

Status RoundReader::status_of(const SnapshotSource& source, const std::string& phase) const {
  Status status;
  const ReadEstimate estimate = source.estimate();
  status.phase = phase;
  add_meter(status, meter_);
  add_memory(status, arbiter_);
  status.rows_done += estimate.rows_before;
  status.rows_total = std::max(estimate.rows + estimate.rows_before, status.rows_done);
  status.bytes_done += estimate.bytes_before;
  status.bytes_total = std::max(estimate.bytes + estimate.bytes_before, status.bytes_done);
  status.tables_total = estimate.tables;
  status.tables_done = estimate.tables_read;
  status.limit = target_.limit_text();
  status.waiting_for = target_.waiting_text();
  return status;
}

}  // namespace tideway::recipe
