#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace tideway {

// A table's full name, as its server spells it.
struct TableId {
  std::string database, name;
  auto operator<=>(const TableId&) const = default;
};

// `name` with backquotes doubled: the only way an identifier enters a statement.
std::string quoted(std::string_view identifier);
std::string quoted(const TableId& table);  // `db`.`t`

}  // namespace tideway
