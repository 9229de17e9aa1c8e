#include "route/router.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

namespace tideway {
namespace {

const NamePattern* find(const std::vector<NamePattern>& patterns, std::string_view name) {
  const auto found = std::ranges::find_if(
      patterns, [name](const NamePattern& pattern) { return pattern.matches(name); });
  return found == patterns.end() ? nullptr : &*found;
}
const TablePattern* find(const std::vector<TablePattern>& patterns, const TableId& id) {
  const auto found = std::ranges::find_if(
      patterns, [&id](const TablePattern& pattern) { return pattern.matches(id); });
  return found == patterns.end() ? nullptr : &*found;
}

// The list's answer, and the entry that gave it; a name without a table is a database.
Decision ask_list(const BlockAllowList& list, const TableId& id) {
  const auto said = [&list](bool is_wanted, std::string_view key, const std::string& pattern) {
    return Decision{is_wanted,
                    fmt::format("{} '{}' of block-allow-list '{}'", key, pattern, list.name)};
  };
  const auto silent = [&list](bool is_wanted, std::string_view what) {
    return Decision{is_wanted, fmt::format("{} block-allow-list '{}'", what, list.name)};
  };
  const NamePattern* taken = find(list.do_dbs, id.database);
  if (!list.do_dbs.empty() && taken == nullptr)
    return silent(false, "its database is not in do-dbs of");
  if (list.do_dbs.empty()) {
    if (const NamePattern* ignored = find(list.ignore_dbs, id.database))
      return said(false, "ignore-dbs", ignored->text());
  }
  if (id.name.empty())
    return taken != nullptr ? said(true, "do-dbs", taken->text()) : silent(true, "not excluded by");
  if (const TablePattern* found = find(list.do_tables, id))
    return said(true, "do-tables", found->text());
  if (const TablePattern* found = find(list.ignore_tables, id))
    return said(false, "ignore-tables", found->text());
  if (!list.do_tables.empty()) return silent(false, "not in do-tables of");
  return taken != nullptr ? said(true, "do-dbs", taken->text()) : silent(true, "not excluded by");
}

// What the groups of the expression find, joined; nothing when it is not found.
std::string extracted(const RE2& expression, std::string_view text) {
  const int groups = expression.NumberOfCapturingGroups();
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups) + 1);
  std::string value;
  if (!expression.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::UNANCHORED,
                        found.data(), groups + 1))
    return value;
  for (std::size_t i = 1; i < found.size(); ++i) value.append(found[i].data(), found[i].size());
  return value;
}

Error two_rules(const TableId& table, const RouteRule& one, const RouteRule& other) {
  Evidence evidence;
  evidence.table = table.name.empty() ? quoted(table.database) : quoted(table);
  std::string message = fmt::format("{} matches more than one rule: the routes '{}' and '{}'",
                                    evidence.table, one.name, other.name);
  return {ErrorCode::route_conflict, Side::local, Retry::never, std::move(evidence),
          std::move(message)};
}

Error one_target(const Route& one, const Route& other) {
  Evidence evidence;
  evidence.table = quoted(other.source);
  const bool is_merge = one.target == other.target;
  std::string message =
      is_merge ? fmt::format(
                     "{} and {} would both become {}: tables of one source are not merged yet; "
                     "give each a target of its own",
                     quoted(one.source), quoted(other.source), quoted(one.target))
               : fmt::format("{} and {} would become {} and {}, which differ only in letter case",
                             quoted(one.source), quoted(other.source), quoted(one.target),
                             quoted(other.target));
  return {is_merge ? ErrorCode::not_supported : ErrorCode::route_conflict, Side::local,
          Retry::never, std::move(evidence), std::move(message)};
}

}  // namespace

Decision Router::decide(const TableId& table) const {
  if (is_system_database(table.database)) return {false, system_reason};
  const std::string rule = filter_.rule_for(table);
  const std::string why = rule.empty() ? "no filter rule takes it" : "filter '" + rule + "'";
  if (!filter_.matches_table(table)) return {false, why};
  if (rules_.lists) return ask_list(*rules_.lists, table);
  return {true, why};
}

Decision Router::decide_database(std::string_view database) const {
  if (is_system_database(database)) return {false, system_reason};
  if (!filter_.matches_database(database)) return {false, "no filter rule takes it"};
  if (rules_.lists) return ask_list(*rules_.lists, {std::string(database), ""});
  return {true, "a filter rule takes it"};
}

TableFilter Router::filter_of(const std::shared_ptr<const Router>& router) {
  return TableFilter::of_questions(
      [router](const TableId& table) { return router->is_wanted(table); },
      [router](std::string_view database) { return router->is_wanted(database); });
}

Result<Route> Router::route(const TableId& table) const {
  const RouteRule* of_table = nullptr;
  const RouteRule* of_schema = nullptr;
  for (const RouteRule& rule : rules_.routes) {
    if (!rule.from.matches(table)) continue;
    const RouteRule*& found = rule.from.table ? of_table : of_schema;
    if (found != nullptr) return fail(two_rules(table, *found, rule));
    found = &rule;
  }
  Route route{table, table, of_table != nullptr ? of_table : of_schema, {}};
  if (route.rule == nullptr) return route;
  route.target.database = route.rule->target_schema;
  if (table.name.empty()) return route;
  if (!route.rule->target_table.empty()) route.target.name = route.rule->target_table;
  for (const Extraction& extraction : route.rule->extractions) {
    using From = Extraction::From;
    const std::string& text = extraction.from == From::table    ? table.name
                              : extraction.from == From::schema ? table.database
                                                                : rules_.source_id;
    route.constants.push_back({extraction.column, extracted(*extraction.expression, text)});
  }
  return route;
}

Result<std::vector<Route>> Router::routes(std::span<const TableId> tables) const {
  std::vector<Route> routes;
  for (const TableId& table : tables) routes.push_back(TRY(route(table)));
  std::map<std::string, const Route*> taken;
  for (const Route& each : routes) {
    const auto [found, is_new] = taken.emplace(unicode_lower(quoted(each.target)), &each);
    // Names that meet without any rule are the source's own, and the target's to judge.
    if (!is_new && (each.rule != nullptr || found->second->rule != nullptr))
      return fail(one_target(*found->second, each));
  }
  return routes;
}

Renaming Router::renaming(std::shared_ptr<const Router> router) {
  return [router = std::move(router)](const TableId& table) {
    const auto route = router->route(table);
    return route ? route->target : table;
  };
}

TablePtr widened(const TablePtr& def, const Route& route) {
  if (route.constants.empty()) return def;
  auto wide = std::make_shared<TableDef>(*def);
  for (const ConstantColumn& constant : route.constants) {
    Column column;
    column.name = constant.name;
    column.type.kind = TypeKind::var_char;
    column.type.length = 255;
    column.type.charset = "utf8mb4";
    column.type.text = "varchar(255)";
    column.is_nullable = false;
    wide->columns.push_back(std::move(column));
  }
  return wide;
}

TablePtr routed(const TablePtr& def, const Route& route) {
  if (!route.is_moved()) return def;
  auto moved = std::make_shared<TableDef>(*widened(def, route));
  moved->id = route.target;
  return moved;
}

}  // namespace tideway
