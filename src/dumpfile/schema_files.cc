#include "dumpfile/schema_files.h"

#include <fmt/core.h>

namespace tideway {

std::string schema_text(SqlHeader header, std::string_view create_text) {
  std::string text(header_text(header));
  text += create_text;
  if (!create_text.ends_with(";\n")) text += ";\n";
  return text;
}

std::string view_placeholder_text(SqlHeader header, const ViewText& view) {
  std::string columns;
  for (const std::string& column : view.columns)
    columns += (columns.empty() ? "" : ",\n") + quoted(column) + " int";
  return schema_text(header, fmt::format("CREATE TABLE {}(\n{}\n)ENGINE=MyISAM;\n",
                                         quoted(view.view.name), columns));
}

std::string view_text(SqlHeader header, const ViewText& view) {
  const std::string name = quoted(view.view.name);
  std::string text(header_text(header));
  text += fmt::format("DROP TABLE IF EXISTS {};\nDROP VIEW IF EXISTS {};\n", name, name);
  text +=
      "SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;\n"
      "SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;\n"
      "SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;\n";
  text += fmt::format(
      "SET character_set_client = {0};\nSET character_set_results = {0};\nSET collation_connection "
      "= {1};\n",
      view.charset, view.collation);
  text += view.create_text;
  if (!view.create_text.ends_with(';')) text += ';';
  text +=
      "\nSET character_set_client = @PREV_CHARACTER_SET_CLIENT;\n"
      "SET character_set_results = @PREV_CHARACTER_SET_RESULTS;\n"
      "SET collation_connection = @PREV_COLLATION_CONNECTION;\n";
  return text;
}

}  // namespace tideway
