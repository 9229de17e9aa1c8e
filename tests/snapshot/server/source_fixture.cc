#include "snapshot/server/source_fixture.h"

#include <fmt/format.h>

namespace tideway::testing {

std::string OnServer::numbers(int rows) {
  std::string digits = "(SELECT 0 d";
  for (int i = 1; i < 10; ++i) digits += fmt::format(" UNION ALL SELECT {}", i);
  digits += ")";
  std::string sum = "a0.d", from = digits + " a0";
  int power = 1;
  for (int reached = 10; reached < rows; reached *= 10, ++power) {
    sum += fmt::format(" + {} * a{}.d", reached, power);
    from += fmt::format(", {} a{}", digits, power);
  }
  return fmt::format("SELECT {} AS i FROM {} HAVING i < {}", sum, from, rows);
}

std::vector<TableId> OnServer::ids(const ObjectList& objects) {
  std::vector<TableId> ids;
  for (const ListedTable& table : objects.tables) ids.push_back(table.id());
  return ids;
}

}  // namespace tideway::testing
