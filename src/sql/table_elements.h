#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_def.h"
#include "sql/column_parser.h"
#include "sql/cursor.h"

namespace tideway {

// What stands between the parentheses of a CREATE TABLE, or behind ADD in an ALTER TABLE: as
// written, names not yet looked up. Part of create_table.h and ddl.h.

struct ParsedKeyPart {
  std::string column;  // empty for an expression
  KeyPart part;        // its column is not set
  std::size_t offset = 0;
};

struct ParsedKey {
  Key key;  // without parts; name empty: none is written
  std::vector<ParsedKeyPart> parts;
};

struct TableElements {
  std::vector<ParsedColumn> columns;
  // Those written beside a column too, and one that is_implicit for each foreign key, before it
  // what stands before it.
  std::vector<ParsedKey> keys;
  std::vector<ForeignKey> foreign_keys;
  std::vector<std::string> checks;
};

// One element, a column or anything else; leaves the cursor behind it. `database` is that of
// referenced tables that name none.
Result<void> parse_table_element(TokenCursor& cursor, std::string_view database,
                                 ColumnContext context, TableElements& elements);

// The parts and options of a key, at its '(' or an option before it.
Result<void> parse_key_body(TokenCursor& cursor, ParsedKey& key);
// COMMENT 'x', USING BTREE and the like: up to what is none, which only has to be the end of a key.
Result<void> parse_key_options(TokenCursor& cursor, Key& key);

// The keys and checks that are written beside a column.
void add_column_keys(const ParsedColumn& parsed, TableElements& elements);

}  // namespace tideway
