#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "recipe/following_options.h"
#include "recipe/routing_options.h"

namespace tideway::recipe {

struct ReplicateOptions {
  CommonOptions common;
  RoutingOptions routing;
  std::string start;  // of a new job
  FollowingOptions following;
  std::string overlap_until;  // "now" where nothing is given
  std::string definition;     // a file, a folder; empty: none is given
  std::uint64_t batch_bytes = 1ULL << 20U;
  static const OptionTable<ReplicateOptions>& table();
};

// A source's log into a target, each change exactly once, from a place on, until another or until
// it is stopped. Started again after any end, it goes on.
Result<Certificate> replicate(const ReplicateOptions& options, StatusBoard& board,
                              const std::stop_token& stop);

}  // namespace tideway::recipe
