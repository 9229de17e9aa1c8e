#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_def.h"
#include "model/table_filter.h"
#include "route/rules.h"
#include "sql/rewrite.h"

namespace tideway {

// Whether something is taken, and which rule said so.
struct Decision {
  bool is_wanted = false;
  std::string why;
};

// A column that a route adds, and its value in every row.
struct ConstantColumn {
  std::string name, value;
  bool operator==(const ConstantColumn&) const = default;
};

// Where a table goes.
struct Route {
  TableId source, target;
  const RouteRule* rule = nullptr;  // of the router; nullptr: it keeps its name
  std::vector<ConstantColumn> constants;
  bool is_moved() const { return source != target || !constants.empty(); }
};

// All rules of a job together: what is taken, and where it goes. Asks nobody. Immutable, shared;
// any thread.
class Router {
 public:
  Router(TableFilter filter, RouteRules rules)
      : filter_(std::move(filter)), rules_(std::move(rules)) {}

  static constexpr const char* system_reason = "a database of a server's own";

  const RouteRules& rules() const { return rules_; }

  // The server's own databases and Tideway's are never taken; then the table filter, then the
  // block-allow-list.
  Decision decide(const TableId& table) const;
  Decision decide_database(std::string_view database) const;
  bool is_wanted(const TableId& table) const { return decide(table).is_wanted; }
  bool is_wanted(std::string_view database) const { return decide_database(database).is_wanted; }
  // The same as one filter, for whoever lists tables.
  static TableFilter filter_of(const std::shared_ptr<const Router>& router);

  // Table rules go before rules of databases. TW113: two rules of one kind match. A name without a
  // table is a database.
  Result<Route> route(const TableId& table) const;
  // Of all tables of a job. TW113: targets that differ only in letter case. TW111: several tables
  // would become one.
  Result<std::vector<Route>> routes(std::span<const TableId> tables) const;

  // For statements: names that route() refuses stay, as who asks has called it before.
  static Renaming renaming(std::shared_ptr<const Router> router);

 private:
  TableFilter filter_;
  RouteRules rules_;
};
using RouterPtr = std::shared_ptr<const Router>;

// The definition with the columns that the route adds behind its own; `def` itself where there are
// none. Its name stays the source's.
TablePtr widened(const TablePtr& def, const Route& route);
// The same under the target's name: what rows carry behind the route stage.
TablePtr routed(const TablePtr& def, const Route& route);

}  // namespace tideway
