#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "mysql/session.h"
#include "progress/log_progress.h"
#include "recipe/replicate.h"
#include "route/router.h"
#include "snapshot/object_list.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// Where a new job of `replicate` begins, and what it knows of the tables there.
struct LogBegin {
  LogStart start;
  std::vector<TableStart> starts;  // of tables that may hold changes behind the start
  std::vector<SourceDefinition> definitions;
  ObjectList objects;   // of the source, as they are now; none: the log will make them
  std::string overlap;  // for people: up to where; empty: there is none
};

// Definitions are those given, those of the dump, or those that the source has now where no
// statement of the log changed them since: others are known only from a statement in the log on.
// TW102: --start is missing. TW400: tables without a key, or joined by cascades, may hold changes
// behind the start.
Result<LogBegin> find_log_begin(const ReplicateOptions& options, const RouterPtr& router,
                                Session& source, Session& target, const std::stop_token& stop);

}  // namespace tideway::recipe
