#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "apply/proof.h"
#include "base/result.h"
#include "flow/status.h"

namespace tideway::recipe {

// The last step of what fills a target: it is asked for the digests of its tables. The
// rows on the board are those it has answered for.
Result<std::vector<TableProof>> prove(const JobProgress& progress, TargetLedger& ledger,
                                      std::span<const TableToProve> tables,
                                      const ProofOptions& options, StatusBoard& board,
                                      const std::stop_token& stop);

}  // namespace tideway::recipe
