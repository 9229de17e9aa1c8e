#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/table_def.h"
#include "sql/server_rules.h"

namespace tideway {

// A statement of a source that tells what its server would have filled in by itself and another
// server would fill in otherwise. Part of rewrite_ddl.h. Text is in the usual mode (usual_text.h).

// COLLATE behind every CHARACTER SET utf8mb4 of a column or table that has none: the default is a
// version's and a session's.
std::string with_told_collations(std::string_view statement, const ServerRules& rules);

// CONSTRAINT name before every FOREIGN KEY that has none: TiDB names them otherwise, and so does
// any server a table with another name. `keys`: those of the statement, in its order, with the
// names the source gave them.
std::string with_told_foreign_keys(std::string_view statement, const std::vector<ForeignKey>& keys);

}  // namespace tideway
