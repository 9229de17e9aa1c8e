#include "recipe/matched_tables.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/text.h"
#include "mysql/inquirer.h"
#include "recipe/preflight.h"

namespace tideway::recipe {
namespace {

constexpr Duration patience = std::chrono::minutes(5);  // for a server that went away

TableReport unpaired(const TableId& source, const TableId& target, std::string reason) {
  TableReport report;
  report.source = source;
  report.target = target;
  report.state = ComparisonState::different;
  report.reason = std::move(reason);
  return report;
}

std::string folded(const TableId& table, bool folds) {
  const std::string name = quoted(table);
  return folds ? ascii_lower(name) : name;
}

Result<ObjectList> list_side(const Endpoint& endpoint, const TableFilter& filter,
                             const std::string& where, const std::stop_token& stop) {
  Inquirer server(endpoint, 1, patience);
  // A server that cannot be reached now is told now; one that was is waited for.
  TRY_DURING(fmt::format("connecting to the {}", to_text(endpoint.side)),
             server.once(stop, [](Session&) -> Result<void> { return {}; }));
  ListOptions listing;
  listing.with_views = false;
  listing.with_not_carried = false;
  return server.ask(fmt::format("listing tables of the {}", to_text(endpoint.side)), stop,
                    [&](Session& open) -> Result<ObjectList> {
                      ObjectList objects = TRY(list_objects(open, filter, listing, stop));
                      TRY(check_where(open, objects, where, stop));
                      return objects;
                    });
}

}  // namespace

Result<std::vector<Route>> routes_of(const Router& router, const ObjectList& source) {
  std::vector<TableId> ids;
  for (const ListedTable& table : source.tables) ids.push_back(table.id());
  return router.routes(ids);
}

TableFilter target_filter(const RouterPtr& router, const std::vector<Route>& routes) {
  std::set<std::string> goals;
  for (const Route& route : routes) goals.insert(ascii_lower(quoted(route.target)));
  return TableFilter::of_questions(
      [router, goals = std::move(goals)](const TableId& table) {
        if (goals.contains(ascii_lower(quoted(table)))) return true;
        if (!router->is_wanted(table)) return false;
        const auto route = router->route(table);
        return route && !route->is_moved();
      },
      [](std::string_view) { return false; });
}

Matched match_tables(const ObjectList& source, const ObjectList& target,
                     const std::vector<Route>& routes) {
  const bool folds = source.folds_names || target.folds_names;
  std::map<std::string, const ListedTable*> theirs;
  std::set<std::string> databases;
  for (const ListedTable& table : target.tables) theirs.emplace(folded(table.id(), folds), &table);
  Matched matched;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const ListedTable& table = source.tables[i];
    const Route& route = routes[i];
    databases.insert(ascii_lower(route.target.database));
    const auto twin = theirs.find(folded(route.target, folds));
    if (twin == theirs.end()) {
      matched.unpaired.push_back(
          unpaired(table.id(), route.target, "the target has no such table"));
      continue;
    }
    auto pair = pair_tables(table.def, twin->second->def);
    if (pair) {
      matched.pairs.push_back(*std::move(pair));
      matched.rows += table.rows;
    } else {
      matched.unpaired.push_back(unpaired(table.id(), route.target, pair.error().message()));
    }
    theirs.erase(twin);
  }
  for (const auto& [name, table] : theirs) {
    if (!databases.contains(ascii_lower(table->id().database))) continue;
    matched.extra.push_back(unpaired(table->id(), table->id(), "the source has no such table"));
  }
  return matched;
}

Result<Matched> match_servers(const Endpoint& source, const Endpoint& target,
                              const RouterPtr& router, const std::string& where,
                              const std::function<Result<void>()>& between,
                              const std::stop_token& stop) {
  const ObjectList ours = TRY(list_side(source, Router::filter_of(router), where, stop));
  const std::vector<Route> routes = TRY(routes_of(*router, ours));
  TRY(between());
  auto theirs = list_side(target, target_filter(router, routes), where, stop);
  if (!theirs && theirs.error().code() != ErrorCode::filter_matches_nothing)
    return fail(std::move(theirs).error());
  return match_tables(ours, theirs ? *theirs : ObjectList{}, routes);
}

}  // namespace tideway::recipe
