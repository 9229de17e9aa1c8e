#include "model/table_id.h"

namespace tideway {

std::string quoted(std::string_view identifier) {
  std::string text = "`";
  for (const char c : identifier) {
    if (c == '`') text += '`';
    text += c;
  }
  return text + '`';
}

std::string quoted(const TableId& table) {
  return quoted(table.database) + "." + quoted(table.name);
}

}  // namespace tideway
