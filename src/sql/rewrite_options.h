#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/cursor.h"
#include "sql/rewrite.h"
#include "sql/rewrite_parts.h"
#include "sql/text_edit.h"

namespace tideway {

// One option of a table: its first words in upper case (ENGINE, DATA DIRECTORY), where it stands,
// and its last token.
struct TableOption {
  std::string name;
  std::size_t begin = 0, end = 0;
  Token value;
};

struct TableOptions {
  std::vector<TableOption> options;  // character set and collation are not among them
  CharsetClause charset;
  bool engine_changes = false;  // set by rewrite_table_options
};

// Behind the `)` of a CREATE TABLE: takes the options, up to PARTITION BY or what is no option.
// Part of rewrite.h.
Result<TableOptions> take_table_options(TokenCursor& cursor);
void rewrite_table_options(TextEdit& edit, TableOptions& options, const TargetTraits& target,
                           std::vector<StatementChange>& changes);
// At PARTITION BY, or what else follows the options.
Result<void> rewrite_partitions(TokenCursor& cursor, TextEdit& edit, bool engine_changes,
                                const TargetTraits& target, std::vector<StatementChange>& changes);

}  // namespace tideway
