#include "route/rules.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

ConfigTree yaml(const std::string& text) { return parse_config_tree(text, "job.yaml").value(); }
constexpr auto folded = FilterCase::insensitive;

TEST(Rules, routes_have_the_keys_of_a_dm_task) {
  const auto rules =
      read_routes(yaml("r1:\n"
                       "  schema-pattern: shop_*\n"
                       "  table-pattern: '~^orders_\\d+$'\n"
                       "  target-schema: store\n"
                       "  target-table: orders\n"
                       "  extract-table: {table-regexp: 'orders_(.*)', target-column: c_table}\n"
                       "  extract-schema: {schema-regexp: 'shop_(.*)', target-column: c_schema}\n"
                       "  extract-source: {source-regexp: '(.*)', target-column: c_source}\n"
                       "r2: {schema-pattern: other, target-schema: another}\n"),
                  folded);
  ASSERT_TRUE(rules.has_value()) << rules.error().to_line();
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ(rules->at(0).name, "r1");
  EXPECT_EQ(rules->at(0).extractions.size(), 3U);
  EXPECT_EQ(rules->at(0).extractions[1].column, "c_schema");
  EXPECT_TRUE(rules->at(0).from.matches({"shop_a", "ORDERS_1"}));
  EXPECT_FALSE(rules->at(0).from.matches({"shop_a", ""}));
  EXPECT_FALSE(rules->at(1).from.table.has_value());
}

std::string refusal_of_route(const std::string& text) {
  const auto rules = read_routes(yaml(text), folded);
  return rules ? "" : rules.error().message();
}

TEST(Rules, a_route_that_cannot_be_used_is_refused_with_its_name_and_place) {
  EXPECT_EQ(refusal_of_route("r1: {table-pattern: a, target-schema: b}"),
            "job.yaml:1:1: route 'r1': it has no schema-pattern");
  EXPECT_EQ(refusal_of_route("r1: {schema-pattern: a}"),
            "job.yaml:1:1: route 'r1': it has no target-schema");
  EXPECT_EQ(refusal_of_route("r1: {schema-pattern: a, target-schema: b, target-table: c}"),
            "job.yaml:1:1: route 'r1': a rule with a target-table needs a table-pattern");
  EXPECT_EQ(
      refusal_of_route("r1: {schema-pattern: a, target-schema: b, extract-table: {table-regexp: a, "
                       "target-column: c}}"),
      "job.yaml:1:1: route 'r1': extract-table needs a table-pattern");
  EXPECT_NE(refusal_of_route(
                "r1: {schema-pattern: a, target-schema: b, extract-schema: {schema-regexp: '(', "
                "target-column: c}}")
                .find("cannot be read"),
            std::string::npos);
  EXPECT_EQ(refusal_of_route("r1: {schema-pattern: a, target-schema: b, tabel-pattern: c}"),
            "job.yaml:1:43: route 'r1' has no key 'tabel-pattern'; did you mean 'table-pattern'?");
}

TEST(Rules, filters_name_events_in_any_case) {
  const auto rules = read_filters(yaml("f1: {schema-pattern: shop, table-pattern: t*, events: "
                                       "[TRUNCATE table, 'drop schema', all dml], "
                                       "sql-pattern: ['^DROP\\s+', 'x'], action: ignore}"),
                                  folded);
  ASSERT_TRUE(rules.has_value()) << rules.error().to_line();
  const EventFilterRule& rule = rules->at(0);
  EXPECT_EQ(rule.action, FilterAction::ignore);
  ASSERT_EQ(rule.events.size(), 3U);
  EXPECT_EQ(std::get<DdlEvent>(rule.events[0]), DdlEvent::truncate_table);
  EXPECT_EQ(std::get<DdlEvent>(rule.events[1]), DdlEvent::drop_database);
  EXPECT_EQ(std::get<EventBundle>(rule.events[2]), EventBundle::all_dml);
}

TEST(Rules, invalid_filters_are_rejected_and_never_dropped) {
  const auto refusal = [](const std::string& text) {
    const auto rules = read_filters(yaml(text), folded);
    return rules ? "" : rules.error().message();
  };
  EXPECT_EQ(refusal("f1: {schema-pattern: s, events: [truncat table], action: Ignore}"),
            "job.yaml:1:1: filter 'f1': there is no event 'truncat table'; did you mean 'truncate "
            "table'?");
  EXPECT_NE(refusal("f1: {schema-pattern: s, sql-pattern: ['(a', 'b)'], action: Ignore}")
                .find("filter 'f1'"),
            std::string::npos);
  EXPECT_EQ(refusal("f1: {schema-pattern: s, events: [insert], action: Drop}"),
            "job.yaml:1:1: filter 'f1': the action 'Drop' is none of Do, Ignore, Error");
}

TEST(Rules, one_block_allow_list_is_taken) {
  const auto list = read_block_allow_list(yaml("bw: {do-dbs: ['shop*', '~^x'], do-tables: "
                                               "[{db-name: shop, tbl-name: t*}], ignore-dbs: [a], "
                                               "ignore-tables: [{db-name: shop, tbl-name: log}]}"),
                                          folded);
  ASSERT_TRUE(list.has_value()) << list.error().to_line();
  EXPECT_EQ((*list)->name, "bw");
  EXPECT_EQ((*list)->do_dbs.size(), 2U);
  EXPECT_EQ((*list)->ignore_tables.size(), 1U);
  EXPECT_FALSE(
      read_block_allow_list(yaml("a: {do-dbs: [x]}\nb: {do-dbs: [y]}\n"), folded).has_value());
  EXPECT_FALSE(read_block_allow_list(yaml("a: {do-dbs: ['']}"), folded).has_value());
  EXPECT_FALSE(read_block_allow_list(yaml("a: {do-tables: [{db-name: x}]}"), folded).has_value());
}

TEST(Rules, an_expression_filter_has_a_table_and_one_kind) {
  const auto read = [](const std::string& text) {
    return read_expression_filters(yaml("e: {schema: s, table: t" + text + "}"));
  };
  EXPECT_TRUE(read(", insert-value-expr: 'a > 1'").has_value());
  EXPECT_TRUE(read(", update-old-value-expr: 'a > 1', update-new-value-expr: 'a < 1'").has_value());
  EXPECT_FALSE(read("").has_value());
  EXPECT_FALSE(read(", insert-value-expr: 'a', delete-value-expr: 'b'").has_value());
  EXPECT_FALSE(read_expression_filters(yaml("e: {schema: s, insert-value-expr: a}")).has_value());
}

TEST(Rules, a_route_of_the_command_line_moves_a_table_or_a_database) {
  const RouteRule table = parse_route("shop.orders => store.sales", folded).value();
  EXPECT_TRUE(table.from.matches({"shop", "Orders"}));
  EXPECT_EQ(table.target_schema, "store");
  EXPECT_EQ(table.target_table, "sales");
  const RouteRule database = parse_route("shop.*=>store.*", folded).value();
  EXPECT_FALSE(database.from.table.has_value());
  EXPECT_EQ(database.target_table, "");
  EXPECT_FALSE(parse_route(" shop => store", folded).value().from.table.has_value());
  const RouteRule some = parse_route("/^shop_\\d+\\.x$/.ord* => `a.b`.*", folded).value();
  EXPECT_TRUE(some.from.matches({"shop_12.x", "orders"}));
  EXPECT_EQ(some.target_schema, "a.b");
  EXPECT_TRUE(parse_route("`a*`.`b``c` => x", folded).value().from.matches({"a*", "b`c"}));
  EXPECT_FALSE(parse_route("`a*`.t => x", folded).value().from.matches({"ab", "t"}));
}

TEST(Rules, a_route_that_cannot_be_read_is_refused_whole) {
  for (const char* text :
       {"", "shop.t", "shop => ", "=> store", "shop => store.t", "a.b.c => d", "a => b*.c",
        "a.t => b.c*", "`a => b", "/a => b", "a.t => ~b.c", "a b => c"}) {
    const auto rule = parse_route(text, folded);
    ASSERT_FALSE(rule.has_value()) << text;
    EXPECT_EQ(rule.error().code(), ErrorCode::route_rule);
    EXPECT_NE(rule.error().message().find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace tideway
