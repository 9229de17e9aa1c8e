#pragma once

#include <span>
#include <stop_token>

#include "apply/schema.h"
#include "base/result.h"
#include "mysql/session.h"
#include "sql/rewrite.h"

namespace tideway {

// Looks at all tables before the first is made, so that a job that cannot end well does not begin:
// TW503 names every table that this target cannot have, each with its reason. A table that the
// target has already is somebody's answer to that and is judged by make_tables(). Asks the target
// only for tables with an obstacle; makes nothing. Private to the room.
Result<void> refuse_impossible_tables(Session& session, std::span<const TableToMake> tables,
                                      const TargetTraits& traits, const std::stop_token& stop);

}  // namespace tideway
