#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/table_filter.h"
#include "route/router.h"
#include "snapshot/object_list.h"
#include "verify/report.h"
#include "verify/table_pair.h"

namespace tideway::recipe {

// The tables of two servers that are compared with each other, and those that have no twin.
struct Matched {
  std::vector<TablePair> pairs;
  std::vector<TableReport> unpaired;
  std::uint64_t rows = 0;  // of the pairs, as the source estimates
};

// Of a source's tables, in their order. Errors: Router::routes()'.
Result<std::vector<Route>> routes_of(const Router& router, const ObjectList& source);

// The target's tables that are looked at: where routes bring the source's, and those that would be
// a table of the source under their own name.
TableFilter target_filter(const RouterPtr& router, const std::vector<Route>& routes);

Matched match_tables(const ObjectList& source, const ObjectList& target,
                     const std::vector<Route>& routes);

}  // namespace tideway::recipe
