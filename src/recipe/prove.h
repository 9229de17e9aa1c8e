#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "apply/proof.h"
#include "base/result.h"
#include "flow/status.h"

namespace tideway::recipe {

// The last step of what fills a target: it is asked for the digests of its tables. The figures of
// the step before stay on the board, and how far the asking is stands in the phase.
Result<std::vector<TableProof>> prove(const JobProgress& progress, TargetLedger& ledger,
                                      std::span<const TableToProve> tables,
                                      const ProofOptions& options, StatusBoard& board,
                                      const std::stop_token& stop);

}  // namespace tideway::recipe
