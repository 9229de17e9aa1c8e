#include "route/router.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

constexpr auto folded = FilterCase::insensitive;

Router router_of(const std::string& lists, const std::string& routes,
                 TableFilter filter = TableFilter::everything_but_system(),
                 FilterCase filter_case = folded) {
  RouteRules rules;
  rules.filter_case = filter_case;
  rules.source_id = "mysql-replica-01";
  rules.lists = read_block_allow_list(parse_config_tree(lists, "f").value(), filter_case).value();
  rules.routes = read_routes(parse_config_tree(routes, "f").value(), filter_case).value();
  return {std::move(filter), std::move(rules)};
}

std::string target_of(const Router& router, const TableId& table) {
  const auto route = router.route(table);
  return route ? route->target.database + "." + route->target.name : route.error().message();
}

TEST(Router, do_dbs_go_before_everything) {
  const Router router = router_of(
      "bw: {do-dbs: [a*], ignore-dbs: [ab], ignore-tables: [{db-name: 'a*', tbl-name: log}]}", "");
  EXPECT_TRUE(router.is_wanted(TableId{"ab", "t"}));
  EXPECT_FALSE(router.is_wanted(TableId{"b", "t"}));
  EXPECT_FALSE(router.is_wanted(TableId{"ab", "LOG"}));
  EXPECT_EQ(router.decide({"ab", "log"}).why, "ignore-tables 'a*.log' of block-allow-list 'bw'");
  EXPECT_EQ(router.decide({"b", "t"}).why,
            "its database is not in do-dbs of block-allow-list 'bw'");
}

TEST(Router, do_tables_win_over_ignore_tables_and_close_the_rest_out) {
  const Router router = router_of(
      "bw: {ignore-dbs: [x], do-tables: [{db-name: s, tbl-name: a}], "
      "ignore-tables: [{db-name: s, tbl-name: '*'}]}",
      "");
  EXPECT_TRUE(router.is_wanted(TableId{"s", "a"}));
  EXPECT_FALSE(router.is_wanted(TableId{"s", "b"}));
  EXPECT_FALSE(router.is_wanted(TableId{"y", "b"}));
  EXPECT_FALSE(router.is_wanted(TableId{"x", "a"}));
  EXPECT_TRUE(router.is_wanted("s"));
  EXPECT_TRUE(router.is_wanted("y"));
  EXPECT_FALSE(router.is_wanted("x"));
}

TEST(Router, databases_of_servers_are_never_taken) {
  const Router router = router_of("bw: {do-dbs: ['*']}", "", TableFilter::parse({"*.*"}).value());
  for (const char* name :
       {"mysql", "SYS", "information_schema", "performance_schema", "tideway_meta", "dm_meta"}) {
    EXPECT_FALSE(router.is_wanted(TableId{name, "t"})) << name;
    EXPECT_FALSE(router.is_wanted(name)) << name;
  }
  EXPECT_TRUE(router.is_wanted(TableId{"shop", "t"}));
}

TEST(Router, the_table_filter_and_the_list_must_both_take_a_table) {
  const Router router =
      router_of("bw: {do-dbs: [shop]}", "", TableFilter::parse({"*.*", "!*.tmp"}).value());
  EXPECT_TRUE(router.is_wanted(TableId{"shop", "t"}));
  EXPECT_FALSE(router.is_wanted(TableId{"shop", "tmp"}));
  EXPECT_FALSE(router.is_wanted(TableId{"other", "t"}));
  EXPECT_EQ(router.decide({"shop", "tmp"}).why, "filter '!*.tmp'");
}

TEST(Router, a_table_rule_beats_a_schema_rule) {
  const Router router = router_of(
      "",
      "s: {schema-pattern: shop, target-schema: store}\n"
      "t: {schema-pattern: sh*, table-pattern: 'o*', target-schema: other, target-table: o}\n");
  EXPECT_EQ(target_of(router, {"shop", "items"}), "store.items");
  EXPECT_EQ(target_of(router, {"SHOP", "Orders"}), "other.o");
  EXPECT_EQ(target_of(router, {"shop", ""}), "store.");
  EXPECT_EQ(target_of(router, {"elsewhere", "t"}), "elsewhere.t");
  EXPECT_EQ(Router::renaming(std::make_shared<Router>(router))({"shop", "items"}),
            (TableId{"store", "items"}));
}

TEST(Router, two_rules_of_one_kind_are_an_error_that_names_both) {
  const Router router = router_of("",
                                  "a: {schema-pattern: shop, target-schema: x}\n"
                                  "b: {schema-pattern: 's*', target-schema: y}\n");
  const auto route = router.route({"shop", "t"});
  ASSERT_FALSE(route.has_value());
  EXPECT_EQ(route.error().code(), ErrorCode::route_conflict);
  EXPECT_EQ(route.error().message(),
            "`shop`.`t` matches more than one rule: the routes 'a' and 'b'");
}

TEST(Router, tables_that_would_become_one_are_refused_and_named) {
  const Router router = router_of(
      "",
      "a: {schema-pattern: 's_*', table-pattern: 't*', target-schema: x, target-table: t}\n"
      "b: {schema-pattern: low, target-schema: HIGH}\n"
      "c: {schema-pattern: lower, target-schema: high}\n");
  const std::vector<TableId> merged{{"s_1", "t1"}, {"s_2", "t1"}};
  EXPECT_EQ(router.routes(merged).error().code(), ErrorCode::not_supported);
  EXPECT_NE(router.routes(merged).error().message().find(
                "`s_1`.`t1` and `s_2`.`t1` would both become `x`.`t`"),
            std::string::npos);
  const std::vector<TableId> by_case{{"low", "t"}, {"lower", "t"}};
  EXPECT_EQ(router.routes(by_case).error().code(), ErrorCode::route_conflict);
  const std::vector<TableId> onto{{"x", "t"}, {"s_1", "t1"}};
  EXPECT_FALSE(router.routes(onto).has_value());
  const std::vector<TableId> untouched{{"db", "Cased"}, {"db", "cased"}};
  EXPECT_TRUE(router.routes(untouched).has_value());
}

TEST(Router, extracted_columns_hold_the_joined_groups) {
  const Router router = router_of(
      "",
      "r: {schema-pattern: 'shop_*', table-pattern: 't_*', target-schema: s, target-table: t, "
      "extract-table: {table-regexp: 't_(.)_(.*)', target-column: ct}, "
      "extract-schema: {schema-regexp: '^x(.*)', target-column: cs}, "
      "extract-source: {source-regexp: 'mysql-(.*)-\\d+', target-column: cx}}");
  const auto route = router.route({"shop_01", "t_a_02"});
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->constants,
            (std::vector<ConstantColumn>{{"ct", "a02"}, {"cs", ""}, {"cx", "replica"}}));
}

TEST(Router, case_counts_only_when_asked) {
  const Router router =
      router_of("bw: {do-dbs: [Shop]}", "r: {schema-pattern: Shop, target-schema: x}",
                TableFilter::everything_but_system(), FilterCase::sensitive);
  EXPECT_TRUE(router.is_wanted(TableId{"Shop", "t"}));
  EXPECT_FALSE(router.is_wanted(TableId{"shop", "t"}));
  EXPECT_EQ(target_of(router, {"shop", "t"}), "shop.t");
}

}  // namespace
}  // namespace tideway
