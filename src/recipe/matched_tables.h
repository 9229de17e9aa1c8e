#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/table_filter.h"
#include "mysql/endpoint.h"
#include "route/router.h"
#include "snapshot/object_list.h"
#include "verify/report.h"
#include "verify/table_pair.h"

namespace tideway::recipe {

// The tables of two servers that are compared with each other, and those that have no twin.
struct Matched {
  std::vector<TablePair> pairs;
  std::vector<TableReport> unpaired;  // of the source's tables
  std::vector<TableReport> extra;     // tables of the target that the source does not have
  std::uint64_t rows = 0;             // of the pairs, as the source estimates
};

// Of a source's tables, in their order. Errors: Router::routes()'.
Result<std::vector<Route>> routes_of(const Router& router, const ObjectList& source);

// The target's tables that are looked at: where routes bring the source's, and those that would be
// a table of the source under their own name.
TableFilter target_filter(const RouterPtr& router, const std::vector<Route>& routes);

Matched match_tables(const ObjectList& source, const ObjectList& target,
                     const std::vector<Route>& routes);

// Lists both servers, each waited for while it is away, and pairs what it finds. `between` is
// called when the source's tables are known and the target's are not. TW103: check_where()'s.
Result<Matched> match_servers(const Endpoint& source, const Endpoint& target,
                              const RouterPtr& router, const std::string& where,
                              const std::function<Result<void>()>& between,
                              const std::stop_token& stop);

}  // namespace tideway::recipe
