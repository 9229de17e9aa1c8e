#include "recipe/prove.h"

#include <algorithm>

namespace tideway::recipe {
namespace {

constexpr const char* phase = "asking the target for its digests";

}  // namespace

Result<std::vector<TableProof>> prove(const JobProgress& progress, TargetLedger& ledger,
                                      std::span<const TableToProve> tables,
                                      const ProofOptions& options, StatusBoard& board,
                                      const std::stop_token& stop) {
  std::uint64_t rows = 0;
  for (const TableToProve& table : tables) {
    for (const StreamState& stream : TRY(ledger.streams(table.source->id)))
      rows += stream.digest.rows;
  }
  ProofMeter meter;
  board.begin(3, 3, phase);
  const auto showing = board.show([&meter, rows] {
    Status status;
    status.phase = phase;
    status.rows_done = meter.rows_found;
    status.rows_total = std::max(rows, status.rows_done);
    return status;
  });
  return TRY_DURING(phase, prove_tables(progress, ledger, tables, options, meter, stop));
}

}  // namespace tideway::recipe
