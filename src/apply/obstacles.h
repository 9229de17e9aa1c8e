#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/schema.h"
#include "base/result.h"
#include "mysql/session.h"
#include "sql/rewrite.h"

namespace tideway {

// Why a target cannot have a table, should it not have one of that name already.
struct TableObstacle {
  TableId source, target;
  std::string why;
  bool is_name = false;  // it takes the name for that of another table: there is no such `already`
};
// Of tables with these names and definitions. Pure.
std::vector<TableObstacle> find_obstacles(std::span<const TableToMake> tables, const Server& server,
                                          const TargetTraits& traits);

// Looks at all tables before the first is made, so that a job that cannot end well does not begin:
// TW503 names every table that this target cannot have, each with its reason. A table that the
// target has already is somebody's answer to that and is judged by make_tables(). Asks the target
// only for tables with an obstacle; makes nothing.
Result<void> refuse_impossible_tables(Session& session, std::span<const TableToMake> tables,
                                      const TargetTraits& traits, const std::stop_token& stop);

}  // namespace tideway
