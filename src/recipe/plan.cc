#include "recipe/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "recipe/servers.h"
#include "route/row_filter.h"
#include "snapshot/object_list.h"

namespace tideway::recipe {
namespace {

using Names = std::vector<TableId>;

// Every table that may be asked about, taken or not, in name order.
Result<Names> tables_of(Session& session, const std::stop_token& stop) {
  const auto answer =
      TRY(session.query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES"
                        " WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_SCHEMA, TABLE_NAME",
                        stop));
  Names names;
  for (const auto& row : answer.rows) names.push_back({row[0].value_or(""), row[1].value_or("")});
  return names;
}

Result<ObjectList> definitions_of(Session& session, const RouterPtr& router,
                                  const std::stop_token& stop) {
  ListOptions listing;
  listing.with_views = false;
  listing.with_not_carried = false;
  auto list = list_objects(session, Router::filter_of(router), listing, stop);
  if (!list && list.error().code() == ErrorCode::filter_matches_nothing) return ObjectList{};
  return list;
}

std::vector<std::string> remarks_about(const ListedTable& table) {
  std::vector<std::string> remarks;
  if (!table.is_transactional) {
    remarks.push_back(fmt::format("{} takes no part in snapshots: proven only while nobody writes",
                                  table.def->engine));
  }
  const auto is_unique = [](const Key& key) {
    return key.kind == KeyKind::primary || key.kind == KeyKind::unique;
  };
  if (std::ranges::none_of(table.def->keys, is_unique)) {
    remarks.emplace_back("no primary or unique key: read in one piece, compared as a set of rows");
  } else if (ordering_key(*table.def) == nullptr) {
    remarks.emplace_back("no key it can be read in order by: read in one piece");
  }
  return remarks;
}

std::vector<std::string> filters_about(const RouteRules& rules, const TableId& table) {
  std::vector<std::string> names;
  for (const EventFilterRule& rule : rules.filters) {
    if (rule.of.matches(table)) names.push_back(fmt::format("filter '{}'", rule.name));
  }
  for (const ExpressionFilterRule& rule : rules.expression_filters) {
    if (unicode_lower(quoted(rule.table)) == unicode_lower(quoted(table)))
      names.push_back(fmt::format("expression-filter '{}'", rule.name));
  }
  return names;
}

// Names under which servers may take two tables for one.
std::string folded(const TableId& table) { return unicode_lower(quoted(table)); }

// Where a taken table goes, or why that cannot be.
void add_route(PlannedTable& planned, const Router& router) {
  planned.filters = filters_about(router.rules(), planned.source);
  auto route = router.route(planned.source);
  if (!route) {
    planned.problem = route.error().message();
    return;
  }
  planned.target = route->target;
  planned.route = route->rule == nullptr ? "" : route->rule->name;
  planned.adds = std::move(route->constants);
}

// A column that a route adds must not be there already.
std::string problem_of_columns(const TableDef& table, const std::vector<ConstantColumn>& adds) {
  for (const ConstantColumn& add : adds) {
    const bool is_there = std::ranges::any_of(table.columns, [&](const Column& column) {
      return ascii_lower(column.name) == ascii_lower(add.name);
    });
    if (is_there) return fmt::format("it has the column {} that its route adds", quoted(add.name));
  }
  return {};
}

// An expression that does not fit its table; one that can have no effect is a warning.
std::string problem_of_expressions(const Router& router, const ListedTable& table, Plan& plan) {
  const RouteRules& rules = router.rules();
  DropCounts nothing;
  const auto bound = RowFilter::bind(rules.expression_filters, table.def, rules.filter_case,
                                     rules.time_zone_minutes, nothing, plan.warnings);
  return bound ? std::string() : bound.error().to_line();
}

// Each of several tables that would become one says so.
void add_collisions(std::vector<PlannedTable>& tables, const Router& router) {
  std::map<std::string, std::vector<PlannedTable*>> by_target;
  for (PlannedTable& table : tables) {
    if (table.is_taken && table.problem.empty()) by_target[folded(table.target)].push_back(&table);
  }
  for (auto& [name, group] : by_target) {
    Names names;
    for (const PlannedTable* table : group) names.push_back(table->source);
    auto together = router.routes(names);
    if (together) continue;
    for (PlannedTable* table : group) table->problem = together.error().message();
  }
}

std::vector<std::string> rules_without_effect(const RouteRules& rules,
                                              const std::vector<PlannedTable>& tables) {
  std::vector<std::string> warnings;
  const auto warn = [&warnings](std::string_view kind, const std::string& name) {
    warnings.push_back(fmt::format("{} '{}' matches no table that is taken", kind, name));
  };
  for (const RouteRule& rule : rules.routes) {
    if (std::ranges::none_of(tables, [&](const PlannedTable& table) {
          return table.is_taken && rule.from.matches(table.source);
        }))
      warn("route", rule.name);
  }
  std::set<std::string> named;
  for (const PlannedTable& table : tables) named.insert(table.filters.begin(), table.filters.end());
  for (const EventFilterRule& rule : rules.filters) {
    if (!named.contains(fmt::format("filter '{}'", rule.name))) warn("filter", rule.name);
  }
  for (const ExpressionFilterRule& rule : rules.expression_filters) {
    if (!named.contains(fmt::format("expression-filter '{}'", rule.name)))
      warn("expression-filter", rule.name);
  }
  return warnings;
}

Result<void> look_at_target(Plan& plan, const Endpoint& target, const std::stop_token& stop) {
  Session session = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
  const Names names = TRY_DURING("listing tables of the target", tables_of(session, stop));
  const bool folds = session.server().lower_case_table_names != 0;
  const auto name_of = [folds](const TableId& id) { return folds ? folded(id) : quoted(id); };
  std::set<std::string> there;
  for (const TableId& name : names) there.insert(name_of(name));
  for (PlannedTable& table : plan.tables) {
    if (table.is_taken && table.problem.empty())
      table.is_on_target = there.contains(name_of(table.target));
  }
  return {};
}

}  // namespace

const OptionTable<PlanOptions>& PlanOptions::table() {
  using enum CommonPart;
  static const OptionTable<PlanOptions> options{
      include(&PlanOptions::common, CommonOptions::table({source, target, filter})),
      include(&PlanOptions::routing, RoutingOptions::log_table()),
  };
  return options;
}

bool Plan::has_problems() const {
  return std::ranges::any_of(tables,
                             [](const PlannedTable& table) { return !table.problem.empty(); });
}

Result<Plan> plan(const PlanOptions& options, StatusBoard& board, const std::stop_token& stop) {
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  const Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  Plan plan;
  plan.source = source.to_text();
  board.begin(1, 1, "reading definitions");
  Session session = TRY_DURING("connecting to the source", Session::open(source, {}, stop));
  const Names names = TRY_DURING("listing tables of the source", tables_of(session, stop));
  const ObjectList objects =
      TRY_DURING("reading definitions", definitions_of(session, router, stop));
  for (const TableId& name : names) {
    PlannedTable table;
    table.source = name;
    Decision decision = router->decide(name);
    table.is_taken = decision.is_wanted;
    table.why = std::move(decision.why);
    const ListedTable* listed = table.is_taken ? objects.find(name) : nullptr;
    if (table.is_taken) add_route(table, *router);
    if (listed != nullptr) {
      table.rows = listed->rows;
      table.remarks = remarks_about(*listed);
      if (table.problem.empty()) table.problem = problem_of_columns(*listed->def, table.adds);
      if (table.problem.empty()) table.problem = problem_of_expressions(*router, *listed, plan);
    }
    plan.tables.push_back(std::move(table));
  }
  add_collisions(plan.tables, *router);
  for (std::string& warning : rules_without_effect(router->rules(), plan.tables))
    plan.warnings.push_back(std::move(warning));
  if (options.common.target.is_given()) {
    const Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
    plan.target = target.to_text();
    TRY(look_at_target(plan, target, stop));
  }
  return plan;
}

}  // namespace tideway::recipe
