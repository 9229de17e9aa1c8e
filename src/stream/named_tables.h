#pragma once

#include <vector>

#include "model/table_id.h"
#include "sql/ddl.h"

namespace tideway {

// The tables a statement changes, by the names it gives them, old and new ones; of a database that
// and no table's name. Private to the room.
std::vector<TableId> named_tables(const DdlStatement& statement);

}  // namespace tideway
