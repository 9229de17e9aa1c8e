#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/table_def.h"
#include "sql/server_rules.h"

namespace tideway {

// A statement of a source that tells what its server would have filled in by itself and another
// server would fill in otherwise. Part of rewrite_ddl.h. Text is in the usual mode (usual_text.h).

// COLLATE behind every CHARACTER SET utf8mb4 of a column or table that has none: the default is a
// version's and a session's.
std::string with_told_collations(std::string_view statement, const ServerRules& rules);

// CONSTRAINT name before every FOREIGN KEY that has none, and before it the key that the source
// made for it, which would have the constraint's name otherwise. TiDB names them otherwise, and so
// does any server a table with another name. `after` is the source's definition; its last foreign
// keys are the `written` ones of the statement.
std::string with_told_foreign_keys(std::string_view statement, const TableDef& after,
                                   std::size_t written);

}  // namespace tideway
