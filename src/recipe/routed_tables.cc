#include "recipe/routed_tables.h"

#include <algorithm>
#include <set>

namespace tideway::recipe {

TableToMake to_make(const TablePtr& table, const Route& route) {
  TableToMake made{widened(table, route), route.target};
  for (const ConstantColumn& constant : route.constants)
    made.added_columns.push_back(constant.name);
  return made;
}

Result<std::vector<TableToMake>> route_tables(const Router& router,
                                              std::span<const TablePtr> tables) {
  std::vector<TableId> ids;
  for (const TablePtr& table : tables) ids.push_back(table->id);
  const auto routes = TRY(router.routes(ids));
  std::vector<TableToMake> made;
  for (std::size_t i = 0; i < tables.size(); ++i) made.push_back(to_make(tables[i], routes[i]));
  return made;
}

Result<std::vector<DatabaseToMake>> route_databases(const Router& router,
                                                    std::span<const DatabaseToMake> databases,
                                                    std::span<const TableToMake> tables) {
  std::vector<DatabaseToMake> made;
  std::set<std::string> names;
  for (const DatabaseToMake& database : databases) {
    DatabaseToMake moved = database;
    moved.name = TRY(router.route({database.name, ""})).target.database;
    if (names.insert(moved.name).second) made.push_back(std::move(moved));
  }
  for (const TableToMake& table : tables) {
    if (names.insert(table.target.database).second) made.push_back({table.target.database, ""});
  }
  return made;
}

std::vector<ViewToMake> route_views(std::vector<ViewToMake> views,
                                    std::span<const TableToMake> tables, Certificate& certificate) {
  const bool moves = std::ranges::any_of(
      tables, [](const TableToMake& table) { return table.source->id != table.target; });
  if (!moves || views.empty()) return views;
  NotCarriedOver left{"view", views.size(), {}, {}};
  for (const ViewToMake& view : views) left.names.push_back(quoted(view.id));
  left.advice =
      "routes move tables, and a view's text names them as the source does: make it on "
      "the target with the new names";
  certificate.not_carried_over.push_back(std::move(left));
  return {};
}

}  // namespace tideway::recipe
