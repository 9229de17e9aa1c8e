#pragma once

#include <stop_token>

#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "recipe/reading_options.h"
#include "recipe/routing_options.h"
#include "recipe/writing_options.h"

namespace tideway::recipe {

struct CopyOptions {
  CommonOptions common;
  ReadingOptions reading;
  WritingOptions writing;
  RoutingOptions routing;
  bool views = true;
  static const OptionTable<CopyOptions>& table();
};

// Source to target with no disk in between: definitions, rows at one position of the source's log,
// views; then the target is asked for the digest of what the source was read to hold. Started again
// after any end, it goes on.
Result<Certificate> copy(const CopyOptions& options, StatusBoard& board,
                         const std::stop_token& stop);

}  // namespace tideway::recipe
