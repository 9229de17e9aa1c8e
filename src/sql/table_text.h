#pragma once

#include <string>

#include "model/table_def.h"

namespace tideway {

// CREATE TABLE from a definition, in the form of SHOW CREATE TABLE: parse_create_table reads the
// same definition back. The database is not written. Table options other than engine, character
// set, collation, comment and partitions are not in a TableDef, so not here.
std::string to_create_table(const TableDef& table);

// A type as SHOW CREATE TABLE has it, without its character set: varchar(30), enum('a','b'),
// int unsigned. A type that is not known here as it was written.
std::string to_text(const ColumnType& type);

// CHARACTER SET latin1 COLLATE latin1_bin, of which either may be empty. `binary` has no COLLATE,
// which is a word of its own there.
std::string charset_clause(const std::string& charset, const std::string& collation);

// A column as it stands between the parentheses.
std::string to_text(const Column& column);

}  // namespace tideway
