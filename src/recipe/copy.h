#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "apply/statement.h"
#include "base/clock.h"
#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "snapshot/consistent_point.h"

namespace tideway::recipe {

struct CopyOptions {
  CommonOptions common;
  Consistency consistency = Consistency::automatic;
  Duration snapshot_wait = std::chrono::seconds(10);
  std::string where;
  std::uint64_t chunk_bytes = 64ULL << 20U;
  std::uint64_t batch_bytes = 1ULL << 20U;
  OnDuplicate on_duplicate = OnDuplicate::error;
  DigestStrength digest = DigestStrength::fast;
  bool views = true;
  bool infile = true;
  static const OptionTable<CopyOptions>& table();
};

// Source to target with no disk in between: definitions, rows at one position of the source's log,
// views; then the target is asked for the digest of what the source was read to hold. Started again
// after any end, it goes on.
Result<Certificate> copy(const CopyOptions& options, StatusBoard& board,
                         const std::stop_token& stop);

}  // namespace tideway::recipe
