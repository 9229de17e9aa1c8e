#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/table_def.h"
#include "sql/cursor.h"

namespace tideway {

// One column of a CREATE TABLE, as far as it can be known without its table: part of
// create_table.h, used only by it.
struct ParsedColumn {
  Column column;
  std::string charset, collation;       // as written for this column; empty: the table's
  bool wants_binary_collation = false;  // the old attribute BINARY: CHAR(3) BINARY
  bool has_characters = false;
  bool is_primary = false, is_unique = false, is_plain_key = false;
  std::vector<std::string> checks;  // written beside the column
};

// At the column's name. Leaves the cursor at the ',' or ')' behind the column.
Result<ParsedColumn> parse_column(TokenCursor& cursor);

// [CHECK] ( … ) [[NOT] ENFORCED], at the word CHECK. The text of the constraint from `start` on.
Result<std::string> parse_check(TokenCursor& cursor, std::size_t start);

// REFERENCES t (a, b) [MATCH …] [ON DELETE …] [ON UPDATE …], at the word REFERENCES.
// `default_database` is the referenced table's when it names none.
Result<void> parse_references(TokenCursor& cursor, std::string_view default_database,
                              ForeignKey& key);

// CHARSET, CHARACTER SET or CHAR SET here: moves behind it and a `=`.
bool accept_charset_words(TokenCursor& cursor);
// The name of a character set, collation, engine: a word, quoted or not.
Result<std::string> parse_option_word(TokenCursor& cursor, std::string_view what);

}  // namespace tideway
