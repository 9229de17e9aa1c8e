#pragma once

#include "base/result.h"
#include "model/table_def.h"
#include "sql/cursor.h"

namespace tideway {

// What follows the `)` of a CREATE TABLE: engine, character set, collation, comment and the
// partitions' text are kept, other options only have to have the form of one. Part of
// create_table.h.
Result<void> parse_table_options(TokenCursor& cursor, TableDef& table);

// One of them, partitions excepted. False: no option stands here.
Result<bool> parse_table_option(TokenCursor& cursor, TableDef& table);

// PARTITION BY … up to the end of the statement or a SELECT, checked for its parentheses only.
Result<std::string> parse_partitions(TokenCursor& cursor);

// At one option that is not kept: moves behind it. False: no option stands here. Used where options
// are edited too.
Result<bool> skip_table_option(TokenCursor& cursor);

}  // namespace tideway
