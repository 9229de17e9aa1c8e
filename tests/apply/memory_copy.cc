#include "apply/memory_copy.h"

#include <map>
#include <thread>

#include "base/crew.h"

namespace tideway::testing {

Result<CopyOutcome> copy_into(const Endpoint& target, const JobOptions& job,
                              const MemoryCopy& copy) {
  const auto progress = TRY(JobProgress::open(target, job, copy.stop));
  std::vector<FilledTable> filled;
  std::map<TableId, TablePtr> targets;
  std::vector<TableToProve> to_prove;
  for (const MemoryTable& table : copy.tables) {
    filled.push_back(
        {table.table->id, table.table->id, copy.options.on_duplicate == OnDuplicate::error});
    targets.emplace(table.table->id, table.table);
    to_prove.push_back({table.table, table.table});
  }
  TRY(progress->fill_tables(filled, copy.stop));
  TRY(progress->set_position_and_reset("memory", {}, copy.stop));
  TRY(progress->clear_tables(copy.stop));
  const auto ledger = TRY(TargetLedger::open(*progress, copy.stop));

  MemoryArbiter arbiter(512ULL << 20U);
  CopySink sink(*progress, *ledger, targets, arbiter, copy.options);
  MemorySource source(copy.tables, arbiter, *ledger, copy.options.strength);
  if (copy.is_lying) source.lie();
  TRY(source.plan());
  Meter meter;
  std::jthread watcher([&](const std::stop_token& stop) {
    while (copy.during && real_clock().wait(std::chrono::milliseconds(1), stop)) copy.during(meter);
  });
  CopyOutcome outcome;
  outcome.summary =
      TRY(run(source, {}, sink, {.readers = copy.readers, .writers = copy.options.writers}, meter,
              copy.stop));
  watcher.request_stop();
  watcher.join();
  const CopyMeter& counted = sink.meter();
  outcome.rows_by_insert = counted.rows_by_insert;
  outcome.rows_by_infile = counted.rows_by_infile;
  outcome.rows_ignored = counted.rows_ignored;
  outcome.rows_replaced = counted.rows_replaced;
  outcome.retries = counted.retries;
  outcome.reconnects = counted.reconnects;
  if (outcome.summary.is_stopped) return outcome;
  ProofMeter proof_meter;
  outcome.proofs = TRY(prove_tables(*progress, *ledger, to_prove,
                                    {.strength = copy.options.strength,
                                     .range_rows = copy.proof_range_rows,
                                     .condition = nullptr},
                                    proof_meter, copy.stop));
  TRY(progress->finish("{}", copy.stop));
  return outcome;
}

}  // namespace tideway::testing
