#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "apply/governor.h"
#include "apply/statement.h"
#include "base/clock.h"
#include "base/memory.h"
#include "flow/sink.h"
#include "model/digest.h"
#include "model/table_def.h"
#include "progress/job_progress.h"
#include "progress/target_ledger.h"

namespace tideway {

struct CopyOptions {
  std::uint32_t writers = 4;
  std::uint64_t batch_bytes = 1ULL << 20U;  // text of one statement, borrowed once by each writer
  std::uint32_t batch_rows = 20'000;        // rows of one statement
  OnDuplicate on_duplicate = OnDuplicate::error;
  DigestStrength strength = DigestStrength::fast;  // the same as the source's readers use
  bool use_infile =
      true;  // measure LOAD DATA LOCAL INFILE against INSERT, where the server allows it
  Duration patience =
      std::chrono::minutes(10);  // a target that stays away longer than this fails the job
};

// What the writers did beyond flow/meter.h, for the status block and the certificate. Each figure
// only grows.
struct CopyMeter {
  std::atomic<std::uint64_t> rows_by_insert = 0, rows_by_infile = 0;
  std::atomic<std::uint64_t> rows_ignored = 0,
                             rows_replaced = 0;  // duplicates, under --on-duplicate ignore|replace
  std::atomic<std::uint64_t> transactions = 0, retries = 0, reconnects = 0;
};

// Rows into a target server. Each block is one transaction of the target: the stream's chunk row
// moves on (guarded by the job's epoch), the rows are written, COMMIT. So a stream always stands in
// the target exactly where its chunk row says, whatever is killed when; and the digest in that row
// is of the rows that were sent. At a stream's end that digest is compared with what the reader
// says it handed on: TW900.
//
// What the target answers: fails with TW801 (key exists) or TW800 (row refused), naming table, key
// and column; TW802 when the job was taken over; TW308 read-only. Deadlocks, broken connections, a
// busy, small or full target are waited out (pressure()).
//
// Owned by the recipe; everything it borrows outlives it. Any thread.
class CopySink : public StreamSink {
 public:
  // `targets`: definitions as the target has them, by the id rows carry when they arrive here
  // (make_tables() gives them).
  CopySink(JobProgress& progress, TargetLedger& ledger, std::map<TableId, TablePtr> targets,
           MemoryArbiter& arbiter, CopyOptions options, const Clock& clock = real_clock());
  ~CopySink() override;

  std::size_t writers_max() const override;
  Result<std::unique_ptr<Writer>> open_writer(const std::stop_token& stop) override;
  Result<void> complete(const std::stop_token& stop) override;
  Ledger& ledger() override;

  const CopyMeter& meter() const;
  Governor::Pressure pressure() const;
  std::string pressure_text() const;  // empty: nothing to say

  struct Shared;  // what the writers share

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace tideway
