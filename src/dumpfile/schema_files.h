#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dumpfile/dump_format.h"
#include "model/table_id.h"

namespace tideway {

// The text of schema files, as the exporter writes them (docs/formats.md). `create_text` is what
// SHOW CREATE gave.

// The header comments, the statement, `;` and a line end, unless it ends so already.
std::string schema_text(SqlHeader header, std::string_view create_text);

struct ViewText {
  TableId view;
  std::vector<std::string> columns;  // names, for the placeholder
  std::string create_text;           // SHOW CREATE VIEW, second column
  std::string charset, collation;    // third and fourth
};
// A table of the view's name and columns, so that views may be created in any order.
std::string view_placeholder_text(SqlHeader header, const ViewText& view);
std::string view_text(SqlHeader header, const ViewText& view);

}  // namespace tideway
