#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "recipe/routing_options.h"
#include "recipe/writing_options.h"

namespace tideway::recipe {

struct LoadOptions {
  CommonOptions common;
  WritingOptions writing;
  RoutingOptions routing;
  DigestStrength digest = DigestStrength::fast;
  bool schemas = true, views = true;
  std::string csv_separator = ",", csv_delimiter = "\"", csv_terminator, csv_escape = "\\";
  std::vector<std::string> csv_null_values;
  bool header = true;
  std::string charset = "binary";
  static const OptionTable<LoadOptions>& table();
};

// Files to target: ours, the exporter's or mydumper's. Definitions, rows, views; then the target is
// asked for the digest of what was read from the files. Started again after any end, it goes on
// within a file.
Result<Certificate> load(const LoadOptions& options, StatusBoard& board,
                         const std::stop_token& stop);

}  // namespace tideway::recipe
