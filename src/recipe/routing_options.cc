#include "recipe/routing_options.h"

#include <fmt/format.h>

#include <charconv>

namespace tideway::recipe {
namespace {

OptionEntries<RoutingOptions> names() {
  OptionEntries<RoutingOptions> entries;
  const auto add = [&entries](const OptionEntries<RoutingOptions>& more) {
    entries.insert(entries.end(), more.begin(), more.end());
  };
  add(option("route", &RoutingOptions::route)
          .group("Routing")
          .value_name("RULE")
          .help("Where tables go: 'shop.* => store.*', 'shop.orders => store.sales' "
                "(docs/routing.md)."));
  add(option("block-allow-list", &RoutingOptions::block_allow_list)
          .group("Routing")
          .help("One named list of do-dbs, ignore-dbs, do-tables, ignore-tables, as DM has them; "
                "a table must pass --filter, too."));
  add(option("routes", &RoutingOptions::routes)
          .group("Routing")
          .help("Named rules with schema-pattern, table-pattern, target-schema, target-table and "
                "columns to extract from names, as DM has them."));
  add(option("source-id", &RoutingOptions::source_id)
          .group("Routing")
          .value_name("NAME")
          .help("What extract-source looks at."));
  return entries;
}

OptionEntries<RoutingOptions> names_and_filters() {
  OptionEntries<RoutingOptions> entries = names();
  const auto add = [&entries](const OptionEntries<RoutingOptions>& more) {
    entries.insert(entries.end(), more.begin(), more.end());
  };
  add(option("filters", &RoutingOptions::filters)
          .group("Routing")
          .help("Named binlog event filters: which kinds of changes and statements pass, are "
                "ignored, or stop the job, as DM has them."));
  add(option("expression-filter", &RoutingOptions::expression_filter)
          .group("Routing")
          .help("Named SQL expressions over a table's columns: changes of rows for which one "
                "holds are left out, as DM has them."));
  add(option("time-zone", &RoutingOptions::time_zone)
          .group("Routing")
          .value_name("+HH:MM")
          .help("In which expression filters see a TIMESTAMP."));
  return entries;
}

Result<std::int32_t> minutes_of(const std::string& zone) {
  const auto bad = [&zone] {
    return fail(Error(ErrorCode::bad_value, Side::local, Retry::never,
                      fmt::format("--time-zone '{}' is no offset like +08:00", zone)));
  };
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return bad();
  int hours = 0, minutes = 0;
  const auto one = std::from_chars(zone.data() + 1, zone.data() + 3, hours);
  const auto other = std::from_chars(zone.data() + 4, zone.data() + 6, minutes);
  if (one.ptr != zone.data() + 3 || other.ptr != zone.data() + 6 || hours > 14 || minutes > 59)
    return bad();
  return (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

void add_setting(std::string& text, std::string_view name, const ConfigTree& tree) {
  if (tree.is_given()) text += fmt::format("{}={}\n", name, to_text(tree));
}

}  // namespace

const OptionTable<RoutingOptions>& RoutingOptions::table() {
  static const OptionTable<RoutingOptions> options(names());
  return options;
}

const OptionTable<RoutingOptions>& RoutingOptions::log_table() {
  static const OptionTable<RoutingOptions> options(names_and_filters());
  return options;
}

Result<RouterPtr> router_of(const CommonOptions& common, const RoutingOptions& routing) {
  RouteRules rules;
  rules.filter_case = common.case_sensitive ? FilterCase::sensitive : FilterCase::insensitive;
  rules.source_id = routing.source_id;
  rules.lists = TRY(read_block_allow_list(routing.block_allow_list, rules.filter_case));
  rules.routes = TRY(read_routes(routing.routes, rules.filter_case));
  for (const std::string& text : routing.route)
    rules.routes.push_back(TRY(parse_route(text, rules.filter_case)));
  rules.filters = TRY(read_filters(routing.filters, rules.filter_case));
  rules.expression_filters = TRY(read_expression_filters(routing.expression_filter));
  rules.time_zone_minutes = TRY(minutes_of(routing.time_zone));
  return std::make_shared<const Router>(TRY(common.table_filter()), std::move(rules));
}

std::string settings_of(const RoutingOptions& routing) {
  std::string text;
  for (const std::string& rule : routing.route) text += fmt::format("route={}\n", rule);
  add_setting(text, "block-allow-list", routing.block_allow_list);
  add_setting(text, "routes", routing.routes);
  add_setting(text, "filters", routing.filters);
  add_setting(text, "expression-filter", routing.expression_filter);
  if (!text.empty() && !routing.source_id.empty())
    text += fmt::format("source-id={}\n", routing.source_id);
  if (routing.expression_filter.is_given())
    text += fmt::format("time-zone={}\n", routing.time_zone);
  return text;
}

}  // namespace tideway::recipe
