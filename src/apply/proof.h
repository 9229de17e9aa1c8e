#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/digest.h"
#include "model/stream.h"
#include "model/table_def.h"
#include "progress/job_progress.h"
#include "progress/target_ledger.h"

namespace tideway {

struct TableToProve {
  TablePtr source, target;
};

// What a target says of a table after it was filled.
struct TableProof {
  TableId table;    // the source's name
  Digest expected;  // sum over its chunk rows: what was read from the source and sent
  Digest found;     // asked of the target
  bool is_equal = false;
  std::optional<Stream>
      first_difference;  // the first chunk that differs, where it was asked by chunk
};

// How far a proof is. Any thread may read.
struct ProofMeter {
  std::atomic<std::uint64_t> rows_found = 0;  // in digests the target has given
};

struct ProofOptions {
  DigestStrength strength = DigestStrength::fast;
  std::size_t threads = 4;
  Duration patience = std::chrono::minutes(10);  // for a target that is away
  // Rows of one question where a whole table is asked: it is asked by ranges of its own key, if it
  // has one, so that several sessions share it.
  std::uint64_t range_rows = 100'000;
  // The SQL condition that holds for exactly the rows of a stream, on the target; nullopt: there is
  // none (a scan without a key, a file, a collation the target orders otherwise), and the whole
  // table is asked. The conditions of a table's streams must cover every possible row,
  // or rows of somebody else stay unseen.
  std::function<std::optional<std::string>(const TableToProve& table, const Stream& stream)>
      condition;
};

// Asks the target for the digest of every table and compares. A difference is no error here:
// is_equal says so, and the recipe decides. Every stream must be done (TW109).
Result<std::vector<TableProof>> prove_tables(const JobProgress& progress, TargetLedger& ledger,
                                             std::span<const TableToProve> tables,
                                             const ProofOptions& options, ProofMeter& meter,
                                             const std::stop_token& stop);

}  // namespace tideway
