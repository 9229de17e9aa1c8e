#pragma once

#include "base/result.h"
#include "sql/column_parser.h"
#include "sql/cursor.h"

namespace tideway {

// The type of a column with its UNSIGNED, ZEROFILL, CHARACTER SET and BINARY, at its first word:
// part of create_table.h.
Result<void> parse_column_type(TokenCursor& cursor, ParsedColumn& parsed);

// Gives a type with characters its character set and collation: its own, else the table's. TEXT in
// character set binary becomes BLOB, and so on.
void resolve_charset(ParsedColumn& parsed, const std::string& table_charset,
                     const std::string& table_collation);

}  // namespace tideway
