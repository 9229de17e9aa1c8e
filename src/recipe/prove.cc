#include "recipe/prove.h"

#include <fmt/format.h>

#include "base/text.h"

namespace tideway::recipe {
namespace {

constexpr const char* phase = "asking the target for its digests";

}  // namespace

Result<std::vector<TableProof>> prove(const JobProgress& progress, TargetLedger& ledger,
                                      std::span<const TableToProve> tables,
                                      const ProofOptions& options, StatusBoard& board,
                                      const std::stop_token& stop) {
  ProofMeter meter;
  board.begin(3, 3, phase);
  Status status = board.status();
  status.bytes_total = status.bytes_done;  // estimates end here
  status.rows_total = status.rows_done;
  const auto showing = board.show([&meter, status]() mutable {
    if (const std::uint64_t rows = meter.rows_found; rows != 0)
      status.phase = fmt::format("{} ({} rows so far)", phase, human_count(rows));
    return status;
  });
  return TRY_DURING(phase, prove_tables(progress, ledger, tables, options, meter, stop));
}

}  // namespace tideway::recipe
