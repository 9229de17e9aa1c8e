#pragma once

#include <string_view>

#include "base/result.h"
#include "model/table_def.h"

namespace tideway {

// Reads a CREATE TABLE statement as SHOW CREATE TABLE of MySQL 5.6 to 9, MariaDB and TiDB writes
// it, or as a person does. Pure; any thread. `statement` is one statement, with or without its `;`;
// what version comments hold counts.
//
// In the TableDef: column types are those the server makes of what is written (BOOL is TINYINT(1),
// SERIAL is BIGINT UNSIGNED with a unique key, TEXT CHARACTER SET binary is BLOB); character sets
// and collations are resolved column by column and stay empty where neither the column nor the
// table names one; keys without a name get the server's (the first column's, then _2, _3 …);
// columns of a primary key are NOT NULL. Foreign keys are those with FOREIGN KEY. The engine and
// collations keep the case in which they are written.
//
// Error: sql_syntax with `line:column` as evidence.position and the token found in the message;
// CREATE TABLE … LIKE or … SELECT, which define no columns, are errors too.
Result<TableDef> parse_create_table(std::string_view statement, std::string_view default_database);

}  // namespace tideway
