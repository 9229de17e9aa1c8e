#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "recipe/following_options.h"
#include "recipe/reading_options.h"
#include "recipe/routing_options.h"
#include "recipe/writing_options.h"

namespace tideway::recipe {

struct MigrateOptions {
  CommonOptions common;
  RoutingOptions routing;
  ReadingOptions reading;
  WritingOptions writing;
  bool views = true;
  FollowingOptions following;
  static const OptionTable<MigrateOptions>& table();
};

// Copies tables beside their writers, without locks, and follows the source's log from where the
// copy stands, each change exactly once: definitions, rows, proof of the copy, log. Started again
// after any end, it goes on in the phase it was in.
Result<Certificate> migrate(const MigrateOptions& options, StatusBoard& board,
                            const std::stop_token& stop);

}  // namespace tideway::recipe
