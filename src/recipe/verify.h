#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "recipe/routing_options.h"

namespace tideway::recipe {

struct VerifyOptions {
  CommonOptions common;
  RoutingOptions routing;
  DigestStrength digest = DigestStrength::strong;
  bool count = false;
  std::string where;
  std::uint32_t examples = 100;
  std::string report;
  static const OptionTable<VerifyOptions>& table();
};

// Compares the tables of two servers while nobody writes to them: digests by key range, bisected to
// the keys that differ.
Result<Certificate> verify(const VerifyOptions& options, StatusBoard& board,
                           const std::stop_token& stop);

}  // namespace tideway::recipe
