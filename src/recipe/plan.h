#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/common_options.h"
#include "recipe/routing_options.h"

namespace tideway::recipe {

struct PlanOptions {
  CommonOptions common;
  RoutingOptions routing;
  static const OptionTable<PlanOptions>& table();
};

// What is to happen to one table of the source.
struct PlannedTable {
  TableId source;
  bool is_taken = false;
  std::string why;  // the rule that decided
  TableId target;
  std::string route;                 // the route's name; empty: it keeps its name
  std::vector<ConstantColumn> adds;  // columns that the route fills
  std::vector<std::string> filters;  // of events and rows, that are about it
  std::vector<std::string> remarks;
  std::string problem;               // why a job with these rules would not begin; empty: none
  std::optional<bool> is_on_target;  // nullopt: no target was given
  std::uint64_t rows = 0;            // as the source estimates
};

// A value; it describes the servers at the moment they were asked.
struct Plan {
  std::string source, target;  // target: empty when none was given
  std::vector<PlannedTable> tables;
  std::vector<std::string> warnings;
  bool has_problems() const;
};

// Which table goes where, and why, before anything runs. Writes nothing. Rules that contradict each
// other are problems of the tables they are about, not errors.
Result<Plan> plan(const PlanOptions& options, StatusBoard& board, const std::stop_token& stop);

}  // namespace tideway::recipe
