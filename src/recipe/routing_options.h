#pragma once

#include <string>
#include <vector>

#include "base/config_tree.h"
#include "base/option_table.h"
#include "base/result.h"
#include "model/common_options.h"
#include "route/router.h"

namespace tideway::recipe {

// What is taken beside --filter, and where it goes: docs/routing.md. Options of every recipe whose
// target has other names than its source.
struct RoutingOptions {
  std::vector<std::string> route;  // --route 'shop.* => store.*'
  ConfigTree block_allow_list, routes;
  std::string source_id;
  ConfigTree filters, expression_filter;  // of recipes that follow a log
  std::string time_zone = "+00:00";

  static const OptionTable<RoutingOptions>& table();      // names only: of a copy
  static const OptionTable<RoutingOptions>& log_table();  // filters of events and rows, too
};

// TW101, TW102, TW104, TW112: a rule cannot be used.
Result<RouterPtr> router_of(const CommonOptions& common, const RoutingOptions& routing);

// The lines of a job's settings that say what its rules are; empty without rules.
std::string settings_of(const RoutingOptions& routing);

}  // namespace tideway::recipe
