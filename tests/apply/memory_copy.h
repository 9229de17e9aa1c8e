#pragma once

#include <functional>
#include <vector>

#include "apply/copy_sink.h"
#include "apply/memory_source.h"
#include "apply/proof.h"
#include "flow/run.h"
#include "progress/job_progress.h"

namespace tideway::testing {

// What a recipe would do with tables that are in memory and exist on the target already.
struct MemoryCopy {
  std::vector<MemoryTable> tables = {};
  CopyOptions options = {};
  std::size_t readers = 2;
  std::uint64_t proof_range_rows = 100'000;
  bool is_lying = false;  // MemorySource::lie()
  // Called again and again by a thread of its own while the copy runs.
  std::function<void(const Meter&)> during = {};
  std::stop_token stop = {};
};
struct CopyOutcome {
  Summary summary;
  std::vector<TableProof> proofs;  // empty when it was stopped
  std::uint64_t rows_by_insert = 0, rows_by_infile = 0, rows_ignored = 0, rows_replaced = 0,
                retries = 0, reconnects = 0;
};
// Takes up the job, copies what is missing, asks for proof, finishes.
Result<CopyOutcome> copy_into(const Endpoint& target, const JobOptions& job,
                              const MemoryCopy& copy);

}  // namespace tideway::testing
