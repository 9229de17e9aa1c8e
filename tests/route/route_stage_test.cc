#include "route/route_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "route/change_filter.h"

namespace tideway {
namespace {

TablePtr table_named(const std::string& database, const std::string& name) {
  auto table = std::make_shared<TableDef>();
  table->id = {database, name};
  for (const char* column : {"id", "v"}) {
    Column made;
    made.name = column;
    made.type.kind = TypeKind::integer;
    table->columns.push_back(made);
  }
  return table;
}

const ColumnSet both(std::vector<std::uint32_t>{0, 1});

Block log_block() {
  auto stream = std::make_shared<Stream>();
  return Block(std::move(stream), {});
}

void add_rows(Block& block, const TablePtr& table, ChangeKind kind, int first, int count) {
  const bool has_before = kind != ChangeKind::insert, has_after = kind != ChangeKind::remove;
  block.begin_rows(table, kind, has_before ? both : ColumnSet{}, has_after ? both : ColumnSet{});
  for (int i = first; i < first + count; ++i) {
    for (int image = 0; image < (has_before ? 1 : 0) + (has_after ? 1 : 0); ++image) {
      block.add_cell(block.append(std::to_string(i)));
      block.add_cell(block.append(std::to_string(i * 10 + image)));
    }
    block.end_row();
  }
}

// "kind database.table(columns): cells of each row"
std::string shown(const Block& block) {
  std::string text;
  for (const Item& item : block.items()) {
    if (const auto* rows = std::get_if<Rows>(&item)) {
      text += rows->table->id.database + "." + rows->table->id.name + ":";
      std::size_t i = 0;
      for (const Cell& cell : block.cells(*rows))
        text += (i++ % rows->cells_per_row() == 0 ? " |" : " ") +
                std::string(cell.is_null() ? "NULL" : block.text(cell));
      text += "\n";
    } else if (const auto* end = std::get_if<UnitEnd>(&item)) {
      text += "end " + std::to_string(end->offset) + "\n";
    } else if (const auto* change = std::get_if<std::shared_ptr<const SchemaChange>>(&item)) {
      text += "ddl";
      for (const TableChange& each : (*change)->tables) text += " " + each.id().name;
      text += "\n";
    }
  }
  return text;
}

RouterPtr router_of(const std::string& text) {
  const ConfigTree tree = parse_config_tree(text, "f").value();
  ConfigMap map = ConfigMap::of(tree, "rules").value();
  const auto part = [&map](const char* key) {
    const ConfigTree* found = map.find(key);
    return found ? *found : ConfigTree{};
  };
  RouteRules rules;
  rules.lists = read_block_allow_list(part("list"), FilterCase::insensitive).value();
  rules.routes = read_routes(part("routes"), FilterCase::insensitive).value();
  rules.filters = read_filters(part("filters"), FilterCase::insensitive).value();
  rules.expression_filters = read_expression_filters(part("expressions")).value();
  return std::make_shared<const Router>(TableFilter::everything_but_system(), std::move(rules));
}

UnitEnd unit_end(std::uint64_t offset) {
  UnitEnd end;
  end.offset = offset;
  return end;
}

std::shared_ptr<const SchemaChange> change_of(SchemaChangeKind kind, std::string statement,
                                              std::vector<TableChange> tables) {
  auto change = std::make_shared<SchemaChange>();
  change->kind = kind;
  change->statement = std::move(statement);
  change->session.database = "shop";
  change->tables = std::move(tables);
  return change;
}

TEST(RouteStage, rows_get_the_targets_name_and_ends_stay) {
  const RouteStage stage(router_of("routes: {r: {schema-pattern: shop, target-schema: store}}"));
  Block block = log_block();
  add_rows(block, table_named("shop", "t"), ChangeKind::insert, 1, 2);
  add_rows(block, table_named("other", "u"), ChangeKind::update, 3, 1);
  block.add_item(unit_end(7));
  ASSERT_TRUE(stage.pass(block).has_value());
  EXPECT_EQ(shown(block), "store.t: |1 10 |2 20\nother.u: |3 30 3 31\nend 7\n");
  EXPECT_TRUE(stage.dropped().empty());
}

TEST(RouteStage, what_is_not_taken_is_dropped_and_counted_with_its_rule) {
  const RouteStage stage(
      router_of("list: {bw: {ignore-tables: [{db-name: shop, tbl-name: log}]}}\n"
                "filters: {nodel: {schema-pattern: shop, events: [delete], action: Ignore}}"));
  const auto log = table_named("shop", "log"), orders = table_named("shop", "orders");
  for (int i = 0; i < 2; ++i) {
    Block block = log_block();
    add_rows(block, log, ChangeKind::insert, 1, 3);
    add_rows(block, orders, ChangeKind::remove, 1, 2);
    add_rows(block, orders, ChangeKind::insert, 5, 1);
    block.add_item(unit_end(1));
    ASSERT_TRUE(stage.pass(block).has_value());
    EXPECT_EQ(shown(block), "shop.orders: |5 50\nend 1\n");
  }
  EXPECT_EQ(stage.dropped(),
            (std::vector<Dropped>{
                {{"shop", "log"}, "ignore-tables 'shop.log' of block-allow-list 'bw'", 6, 0},
                {{"shop", "orders"}, "filter 'nodel', DELETE", 4, 0}}));
}

TEST(RouteStage, rows_for_which_an_expression_holds_are_dropped_one_by_one) {
  const RouteStage stage(
      router_of("expressions:\n"
                "  odd: {schema: shop, table: t, insert-value-expr: 'id % 2 = 1'}\n"
                "  lacks: {schema: shop, table: t, insert-value-expr: 'nothing = 1'}\n"));
  Block block = log_block();
  add_rows(block, table_named("shop", "t"), ChangeKind::insert, 1, 5);
  add_rows(block, table_named("shop", "t"), ChangeKind::remove, 1, 1);
  ASSERT_TRUE(stage.pass(block).has_value());
  EXPECT_EQ(shown(block), "shop.t: |2 20 |4 40\nshop.t: |1 10\n");
  EXPECT_EQ(stage.dropped(),
            (std::vector<Dropped>{{{"shop", "t"}, "expression-filter 'odd'", 3, 0}}));
  ASSERT_FALSE(stage.warnings().empty());
  EXPECT_NE(stage.warnings()[0].find("no column 'nothing'"), std::string::npos);
}

TEST(RouteStage, a_copy_knows_no_filters_of_changes) {
  const RouteStage stage(
      router_of("filters: {f: {schema-pattern: shop, events: [insert], action: Ignore}}\n"
                "expressions: {e: {schema: shop, table: t, insert-value-expr: 'id = id'}}"),
      {RouteUse::copy, DigestStrength::fast});
  Block block = log_block();
  add_rows(block, table_named("shop", "t"), ChangeKind::insert, 1, 2);
  ASSERT_TRUE(stage.pass(block).has_value());
  EXPECT_EQ(shown(block), "shop.t: |1 10 |2 20\n");
}

TEST(RouteStage, an_error_filter_stops_with_the_table) {
  const RouteStage stage(
      router_of("filters: {f: {schema-pattern: shop, events: [update], action: Error}}"));
  Block block = log_block();
  add_rows(block, table_named("shop", "t"), ChangeKind::update, 1, 2);
  const auto passed = stage.pass(block);
  ASSERT_FALSE(passed.has_value());
  EXPECT_EQ(passed.error().code(), ErrorCode::event_refused);
  EXPECT_NE(passed.error().message().find("`shop`.`t`"), std::string::npos);
}

constexpr const char* extracting =
    "routes: {r: {schema-pattern: shop, table-pattern: 't_*', target-schema: store, target-table: "
    "t, "
    "extract-table: {table-regexp: 't_(.*)', target-column: part}}}";

TEST(RouteStage, extracted_columns_stand_behind_every_image) {
  const RouteStage stage(router_of(extracting));
  Block block = log_block();
  add_rows(block, table_named("shop", "t_a"), ChangeKind::update, 1, 2);
  add_rows(block, table_named("shop", "other"), ChangeKind::remove, 9, 1);
  add_rows(block, table_named("shop", "t_bc"), ChangeKind::insert, 4, 1);
  ASSERT_TRUE(stage.pass(block).has_value());
  EXPECT_EQ(shown(block),
            "store.t: |1 10 a 1 11 a |2 20 a 2 21 a\nshop.other: |9 90\nstore.t: |4 40 bc\n");
  const Rows& rows = std::get<Rows>(block.items()[0]);
  EXPECT_EQ(rows.before, ColumnSet({0, 1, 2}));
  EXPECT_EQ(rows.table->columns.at(2).name, "part");
  EXPECT_TRUE(std::get<Rows>(block.items()[2]).before.is_empty());
}

TEST(RouteStage, a_widened_stream_ends_with_the_digest_of_what_is_sent) {
  const RouteStage stage(router_of(extracting), {RouteUse::copy, DigestStrength::strong});
  const TablePtr table = table_named("shop", "t_a");
  const auto make = [&](int first) {
    auto stream = std::make_shared<Stream>();
    stream->table = table->id;
    Block block(std::move(stream), {});
    add_rows(block, table, ChangeKind::insert, first, 3);
    return block;
  };
  Block one = make(1), two = make(10);
  RowDigester as_read(table, both, DigestStrength::strong);
  as_read.add(one, std::get<Rows>(one.items()[0]));
  as_read.add(two, std::get<Rows>(two.items()[0]));
  two.add_end({as_read.digest()});
  ASSERT_TRUE(stage.pass(one).has_value());
  ASSERT_TRUE(stage.pass(two).has_value());
  const Rows& rows = std::get<Rows>(two.items()[0]);
  RowDigester as_sent(rows.table, rows.after, DigestStrength::strong);
  as_sent.add(one, std::get<Rows>(one.items()[0]));
  as_sent.add(two, rows);
  EXPECT_EQ(std::get<StreamEnd>(two.items()[1]).digest, as_sent.digest());

  Block bent = make(1);
  bent.add_end({as_read.digest()});
  EXPECT_EQ(stage.pass(bent).error().code(), ErrorCode::digest_differs);
}

TEST(RouteStage, statements_lose_the_tables_that_are_not_taken) {
  const RouteStage stage(
      router_of("list: {bw: {ignore-tables: [{db-name: shop, tbl-name: log*}]}}"));
  const auto orders = table_named("shop", "orders"), log = table_named("shop", "log");
  Block block = log_block();
  block.add_item(change_of(SchemaChangeKind::drop_tables, "DROP TABLE orders, log",
                           {{orders, nullptr}, {log, nullptr}}));
  block.add_item(unit_end(1));
  block.add_item(change_of(SchemaChangeKind::truncate_table, "TRUNCATE log", {{log, log}}));
  block.add_item(unit_end(2));
  ASSERT_TRUE(stage.pass(block).has_value());
  EXPECT_EQ(shown(block), "ddl orders\nend 1\nend 2\n");
  const auto& left = *std::get<std::shared_ptr<const SchemaChange>>(block.items()[0]);
  EXPECT_TRUE(is_left_in(left, orders->id));
  EXPECT_FALSE(is_left_in(left, log->id));
  const auto dropped = stage.dropped();
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped[0].statements, 2U);
}

TEST(RouteStage, a_rename_into_the_job_is_an_error_and_out_of_it_is_counted) {
  const RouteStage stage(router_of("list: {bw: {ignore-tables: [{db-name: shop, tbl-name: _*}]}}"));
  const auto orders = table_named("shop", "orders"), old = table_named("shop", "_old");
  Block out = log_block();
  out.add_item(
      change_of(SchemaChangeKind::rename_tables, "RENAME TABLE orders TO _old", {{orders, old}}));
  ASSERT_TRUE(stage.pass(out).has_value());
  EXPECT_EQ(shown(out), "");
  EXPECT_EQ(stage.dropped().at(0).statements, 1U);
  Block in = log_block();
  in.add_item(
      change_of(SchemaChangeKind::rename_tables, "RENAME TABLE _old TO orders", {{old, orders}}));
  const auto passed = stage.pass(in);
  ASSERT_FALSE(passed.has_value());
  EXPECT_NE(passed.error().message().find("RENAME TABLE _old TO orders"), std::string::npos);
}

TEST(RouteStage, statements_are_filtered_by_event_and_refused_with_their_text) {
  const RouteStage stage(router_of(
      "filters:\n"
      "  a: {schema-pattern: shop, events: [truncate table, drop database], action: Ignore}\n"
      "  b: {schema-pattern: shop, events: [drop table], action: Error}\n"));
  const auto orders = table_named("shop", "orders");
  Block block = log_block();
  block.add_item(
      change_of(SchemaChangeKind::truncate_table, "TRUNCATE orders", {{orders, orders}}));
  auto gone = std::make_shared<SchemaChange>();
  gone->kind = SchemaChangeKind::drop_database;
  gone->statement = "DROP DATABASE shop";
  gone->database = "shop";
  gone->tables = {{orders, nullptr}};
  block.add_item(std::shared_ptr<const SchemaChange>(gone));
  ASSERT_TRUE(stage.pass(block).has_value());
  EXPECT_EQ(shown(block), "");
  EXPECT_EQ(stage.dropped().size(), 2U);
  Block refused = log_block();
  refused.add_item(
      change_of(SchemaChangeKind::drop_tables, "DROP TABLE orders", {{orders, nullptr}}));
  const auto passed = stage.pass(refused);
  ASSERT_FALSE(passed.has_value());
  EXPECT_EQ(passed.error().code(), ErrorCode::event_refused);
  EXPECT_NE(passed.error().message().find("DROP TABLE orders"), std::string::npos);
}

TEST(RouteStage, single_actions_of_an_alter_are_told_apart) {
  const RouteStage stage(
      router_of("filters:\n"
                "  a: {schema-pattern: shop, events: [drop column, drop index], action: Ignore}\n"
                "  b: {schema-pattern: shop, events: [rename column], action: Error}\n"));
  const auto orders = table_named("shop", "orders");
  const auto pass = [&](const std::string& statement) {
    Block block = log_block();
    block.add_item(change_of(SchemaChangeKind::alter_table, statement, {{orders, orders}}));
    const auto passed = stage.pass(block);
    if (!passed) return passed.error().message();
    return block.items().empty() ? std::string("left out") : std::string("kept");
  };
  EXPECT_EQ(pass("ALTER TABLE shop.orders DROP COLUMN a"), "left out");
  EXPECT_EQ(pass("DROP INDEX i ON shop.orders"), "left out");
  EXPECT_EQ(pass("ALTER TABLE shop.orders DROP COLUMN a, DROP INDEX i"), "left out");
  EXPECT_EQ(pass("ALTER TABLE shop.orders ADD COLUMN b INT"), "kept");
  EXPECT_EQ(pass("ALTER TABLE shop.orders ADD INDEX j (a)"), "kept");
  EXPECT_THAT(pass("ALTER TABLE shop.orders RENAME COLUMN a TO b"),
              ::testing::HasSubstr("filter 'b' has the action Error"));
  // To leave out one half of a statement would make another of it.
  EXPECT_THAT(pass("ALTER TABLE shop.orders DROP COLUMN a, ADD COLUMN b INT"),
              ::testing::HasSubstr("ignores some actions and not all"));
  EXPECT_EQ(stage.dropped().at(0).statements, 3U);
}

}  // namespace
}  // namespace tideway
