#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_id.h"

namespace tideway {

// One statement of a schema file.
struct SchemaStatement {
  enum class Kind : std::uint8_t {
    comment,  // nothing but comments: nothing to run
    create_database,
    create_table,
    create_view,
    create_other,  // sequence, placement policy, trigger, routine …
    drop,          // of anything
    setting,       // SET
    other,
  };
  Kind kind = Kind::other;
  TableId name;  // of the database, table or view made; database empty where none is written
  std::string_view
      text;  // without its delimiter, comments before it included; a view into the file's text
  std::size_t offset = 0;  // of the text in the file
  std::size_t line = 1;
};

// Splits a schema file (UTF-8, with or without a byte order mark) into statements: at every ; that
// is not in quotes or comments, or at what a DELIMITER line says. `file` outlives the result.
// Error: sql_syntax `last SQL statement missing trailing semicolon` for text behind the last
// delimiter that is no comment, also when a quote or comment is never closed; evidence.position is
// `line:column` of that statement.
Result<std::vector<SchemaStatement>> read_schema_file(std::string_view file);

}  // namespace tideway
