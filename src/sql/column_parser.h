#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/table_def.h"
#include "sql/cursor.h"

namespace tideway {

// One column of a CREATE or ALTER TABLE, as far as it can be known without its table: part of
// create_table.h and ddl.h.
struct ParsedColumn {
  Column column;
  std::string charset, collation;       // as written for this column; empty: the table's
  bool wants_binary_collation = false;  // the old attribute BINARY: CHAR(3) BINARY
  bool has_characters = false;
  bool is_primary = false, is_unique = false;
  bool says_null = false;           // NULL or NOT NULL is written
  bool is_real_number = false;      // REAL, which sql_mode REAL_AS_FLOAT makes FLOAT
  std::vector<std::string> checks;  // written beside the column
};

// At the column's name. Leaves the cursor at the ',' or ')' behind the column; in an ALTER TABLE
// also at its end, at FIRST, AFTER or a clause of partitions.
enum class ColumnContext : std::uint8_t { create, alter };
Result<ParsedColumn> parse_column(TokenCursor& cursor,
                                  ColumnContext context = ColumnContext::create);

// [CHECK] ( … ) [[NOT] ENFORCED], at the word CHECK. The text of the constraint from `start` on.
Result<std::string> parse_check(TokenCursor& cursor, std::size_t start);

// REFERENCES t (a, b) [MATCH …] [ON DELETE …] [ON UPDATE …], at the word REFERENCES.
// `default_database` is the referenced table's when it names none.
Result<void> parse_references(TokenCursor& cursor, std::string_view default_database,
                              ForeignKey& key);

// What follows DEFAULT: a literal, a function, an expression. Its text.
Result<std::string> parse_default_value(TokenCursor& cursor);

// CHARSET, CHARACTER SET or CHAR SET here: moves behind it and a `=`.
bool accept_charset_words(TokenCursor& cursor);
// The name of a character set, collation, engine: a word, quoted or not.
Result<std::string> parse_option_word(TokenCursor& cursor, std::string_view what);

}  // namespace tideway
