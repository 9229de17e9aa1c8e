#include "route/rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <utility>

#include "base/text.h"

namespace tideway {
namespace {

// A rule that cannot be used, with its name and where it stands.
tl::unexpected<Error> bad_rule(std::string_view kind, const ConfigTree& rule, const Error& error) {
  return fail(config_error(ErrorCode::route_rule, rule.key_place,
                           fmt::format("{} '{}': {}", kind, rule.key, error.message())));
}
tl::unexpected<Error> bad_rule(std::string_view kind, const ConfigTree& rule, std::string message) {
  return bad_rule(kind, rule, rule_error(std::move(message)));
}

// Reads every rule of a map of them; an error of a rule's own gets its name.
template <typename Rule, typename Read>
Result<std::vector<Rule>> read_each(const ConfigTree& tree, std::string_view kind, Read read) {
  std::vector<Rule> rules;
  if (!tree.is_given()) return rules;
  if (tree.kind != ConfigTree::Kind::map) {
    return fail(config_error(ErrorCode::config_syntax, tree.place,
                             fmt::format("'{}' is a map of names to rules", kind)));
  }
  for (const ConfigTree& member : tree.children) {
    ConfigMap map = TRY(ConfigMap::of(member, fmt::format("{} '{}'", kind, member.key)));
    auto rule = read(map);
    if (!rule && rule.error().code() == ErrorCode::route_rule)
      return bad_rule(kind, member, rule.error());
    if (!rule) return fail(std::move(rule).error());
    TRY(map.finish());
    rule->name = member.key;
    rules.push_back(std::move(*rule));
  }
  return rules;
}

Result<std::vector<NamePattern>> patterns(ConfigMap& map, std::string_view key,
                                          FilterCase filter_case) {
  std::vector<NamePattern> patterns;
  for (const std::string& word : TRY(map.words(key)))
    patterns.push_back(TRY(NamePattern::parse(word, filter_case)));
  return patterns;
}

Result<std::vector<TablePattern>> table_patterns(ConfigMap& map, std::string_view key,
                                                 FilterCase filter_case) {
  std::vector<TablePattern> patterns;
  const ConfigTree* list = map.find(key);
  if (list == nullptr) return patterns;
  if (list->kind != ConfigTree::Kind::list) {
    return fail(config_error(ErrorCode::config_syntax, list->place,
                             fmt::format("'{}' is a list of db-name and tbl-name", key)));
  }
  for (const ConfigTree& item : list->children) {
    ConfigMap member = TRY(ConfigMap::of(item, fmt::format("an entry of {}", key)));
    const std::string database = TRY(member.word("db-name")), table = TRY(member.word("tbl-name"));
    TRY(member.finish());
    patterns.push_back({TRY(NamePattern::parse(database, filter_case)),
                        TRY(NamePattern::parse(table, filter_case))});
  }
  return patterns;
}

Result<TablePattern> schema_and_table(ConfigMap& map, FilterCase filter_case) {
  const std::string schema = TRY(map.word("schema-pattern")),
                    table = TRY(map.word("table-pattern"));
  if (schema.empty()) return fail(rule_error("it has no schema-pattern"));
  TablePattern pattern{TRY(NamePattern::parse(schema, filter_case)), std::nullopt};
  if (!table.empty()) pattern.table = TRY(NamePattern::parse(table, filter_case));
  return pattern;
}

Result<void> read_extraction(ConfigMap& map, std::string_view key, std::string_view expression,
                             Extraction::From from, std::vector<Extraction>& extractions) {
  const ConfigTree* tree = map.find(key);
  if (tree == nullptr) return {};
  ConfigMap member = TRY(ConfigMap::of(*tree, key));
  const std::string text = TRY(member.required_word(expression));
  Extraction extraction;
  extraction.from = from;
  extraction.column = TRY(member.required_word("target-column"));
  TRY(member.finish());
  extraction.expression = TRY(compile_expression(text, false));
  extractions.push_back(std::move(extraction));
  return {};
}

Result<RouteRule> read_route(ConfigMap& map, FilterCase filter_case) {
  RouteRule rule{{}, TRY(schema_and_table(map, filter_case)), {}, {}, {}};
  rule.target_schema = TRY(map.word("target-schema"));
  if (rule.target_schema.empty()) return fail(rule_error("it has no target-schema"));
  rule.target_table = TRY(map.word("target-table"));
  using enum Extraction::From;
  TRY(read_extraction(map, "extract-table", "table-regexp", table, rule.extractions));
  if (!rule.extractions.empty() && !rule.from.table)
    return fail(rule_error("extract-table needs a table-pattern"));
  TRY(read_extraction(map, "extract-schema", "schema-regexp", schema, rule.extractions));
  TRY(read_extraction(map, "extract-source", "source-regexp", source, rule.extractions));
  for (std::size_t i = 1; i < rule.extractions.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (ascii_lower(rule.extractions[i].column) == ascii_lower(rule.extractions[j].column))
        return fail(rule_error("two of its extractions fill one column"));
    }
  }
  if (!rule.from.table && !rule.target_table.empty())
    return fail(rule_error("a rule with a target-table needs a table-pattern"));
  return rule;
}

Result<FilterAction> parse_action(const std::string& text) {
  const std::string lower = ascii_lower(text);
  if (lower == "do") return FilterAction::go_on;
  if (lower == "ignore") return FilterAction::ignore;
  if (lower == "error") return FilterAction::error;
  return fail(rule_error(fmt::format("the action '{}' is none of Do, Ignore, Error", text)));
}

Result<EventFilterRule> read_filter(ConfigMap& map, FilterCase filter_case) {
  EventFilterRule rule{{}, TRY(schema_and_table(map, filter_case)), {}, {}, {}};
  for (const std::string& event : TRY(map.words("events")))
    rule.events.push_back(TRY(parse_filter_event(event)));
  std::string expression;
  for (const std::string& each : TRY(map.words("sql-pattern"))) {
    TRY(compile_expression(each, true));  // each for itself: joined, one could mend the other
    expression += (expression.empty() ? "(" : "|(") + each + ")";
  }
  if (!expression.empty()) rule.sql_pattern = TRY(compile_expression(expression, true));
  rule.action = TRY(parse_action(TRY(map.word("action"))));
  return rule;
}

Result<void> read_expression(ConfigMap& map, std::string_view key,
                             std::optional<ExpressionTree>& tree) {
  const std::string text = TRY(map.word(key));
  if (text.empty()) return {};
  auto parsed = parse_expression(text);
  if (!parsed) return fail(rule_error(fmt::format("{}: {}", key, parsed.error().message())));
  tree = std::move(*parsed);
  return {};
}

Result<ExpressionFilterRule> read_expression_filter(ConfigMap& map) {
  ExpressionFilterRule rule;
  rule.table = {TRY(map.word("schema")), TRY(map.word("table"))};
  if (rule.table.database.empty() || rule.table.name.empty())
    return fail(rule_error("it needs a schema and a table"));
  TRY(read_expression(map, "insert-value-expr", rule.insert_value));
  TRY(read_expression(map, "delete-value-expr", rule.delete_value));
  TRY(read_expression(map, "update-old-value-expr", rule.update_old_value));
  TRY(read_expression(map, "update-new-value-expr", rule.update_new_value));
  const bool is_update = rule.update_old_value || rule.update_new_value;
  const int kinds = (rule.insert_value ? 1 : 0) + (rule.delete_value ? 1 : 0) + (is_update ? 1 : 0);
  if (kinds != 1) {
    return fail(
        rule_error("it needs exactly one of insert-value-expr, delete-value-expr, and the pair "
                   "update-old-value-expr and update-new-value-expr"));
  }
  return rule;
}

}  // namespace

Result<std::optional<BlockAllowList>> read_block_allow_list(const ConfigTree& tree,
                                                            FilterCase filter_case) {
  auto lists = TRY(read_each<BlockAllowList>(
      tree, "block-allow-list", [&](ConfigMap& map) -> Result<BlockAllowList> {
        BlockAllowList list;
        list.do_tables = TRY(table_patterns(map, "do-tables", filter_case));
        list.do_dbs = TRY(patterns(map, "do-dbs", filter_case));
        list.ignore_tables = TRY(table_patterns(map, "ignore-tables", filter_case));
        list.ignore_dbs = TRY(patterns(map, "ignore-dbs", filter_case));
        return list;
      }));
  if (lists.size() > 1) {
    return bad_rule("block-allow-list", tree.children[1],
                    "a job has one source and takes one list");
  }
  if (lists.empty()) return std::optional<BlockAllowList>();
  return std::optional(std::move(lists[0]));
}

Result<std::vector<RouteRule>> read_routes(const ConfigTree& tree, FilterCase filter_case) {
  return read_each<RouteRule>(tree, "route",
                              [&](ConfigMap& map) { return read_route(map, filter_case); });
}

Result<std::vector<EventFilterRule>> read_filters(const ConfigTree& tree, FilterCase filter_case) {
  return read_each<EventFilterRule>(tree, "filter",
                                    [&](ConfigMap& map) { return read_filter(map, filter_case); });
}

Result<std::vector<ExpressionFilterRule>> read_expression_filters(const ConfigTree& tree) {
  return read_each<ExpressionFilterRule>(tree, "expression-filter", read_expression_filter);
}

}  // namespace tideway
