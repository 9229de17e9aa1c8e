#pragma once

#include <memory>

#include "base/result.h"
#include "model/schema_change.h"
#include "route/drop_counts.h"
#include "route/router.h"

namespace tideway {

// What of a statement the target is to be told: without the tables that are not taken and those
// whose event a filter ignores; nullptr when nothing is left, counted. Names stay the source's.
//   TW114  a filter's action is Error; or it ignores some actions of one ALTER TABLE and not others
//   TW113  two routes match a table of it
//   TW111  a table that was not taken gets a name that is: its rows are not on the target
Result<std::shared_ptr<const SchemaChange>> filter_change(
    const Router& router, const std::shared_ptr<const SchemaChange>& change, DropCounts& drops);

// Whether a statement that went through filter_change() still changes this table: what is wanted of
// it (DdlTarget::is_wanted). A database, which has no table's name, is.
bool is_left_in(const SchemaChange& change, const TableId& table);

}  // namespace tideway
