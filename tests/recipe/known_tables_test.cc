#include "recipe/known_tables.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tideway::recipe {
namespace {

const TableId orders{"shop", "orders"}, people{"shop", "people"}, visits{"shop", "visits"};

ListedTable listed(const TableId& id, std::string create_text = "as made first") {
  auto def = std::make_shared<TableDef>();
  def->id = id;
  def->create_text = std::move(create_text);
  ListedTable table;
  table.def = std::move(def);
  return table;
}

ObjectList list_of(std::vector<ListedTable> tables) {
  ObjectList objects;
  objects.tables = std::move(tables);
  return objects;
}

KnownTables orders_and_people() { return KnownTables(list_of({listed(orders), listed(people)})); }

TableReading reading_of(const TableId& table) {
  const auto point = std::make_shared<const SnapshotPoint>();
  return {table, point, point};
}

TableStanding proven(const TableId& table) { return {table, true, false, false, ""}; }
TableStanding touched(const TableId& table) { return {table, false, true, false, "written to"}; }
TableStanding redefined(const TableId& table) { return {table, false, true, true, "changed"}; }

Error error_of(ErrorCode code, Side side = Side::source) {
  return {code, side, Retry::never, "it failed"};
}

std::vector<TableId> ids(const std::vector<ListedTable>& tables) {
  std::vector<TableId> found;
  for (const ListedTable& table : tables) found.push_back(table.id());
  return found;
}

TEST(KnownTables, reads_again_what_was_touched_and_lists_again_what_was_redefined) {
  const KnownTables tables = orders_and_people();
  const std::vector standings = {touched(orders), redefined(people)};
  const StaleTables stale = tables.stale(standings);
  EXPECT_EQ(ids(stale.as_known), std::vector{orders});
  EXPECT_EQ(stale.perhaps_redefined, std::set{people});
}

TEST(KnownTables, takes_a_failure_of_the_source_for_a_redefinition_and_no_other) {
  KnownTables tables = orders_and_people();
  tables.add(FailedTable{orders, error_of(ErrorCode::table_gone)});
  tables.add(FailedTable{people, error_of(ErrorCode::table_gone, Side::target)});
  EXPECT_EQ(tables.stale({}).perhaps_redefined, std::set{orders});
}

TEST(KnownTables, counts_nothing_read_of_a_table_before_its_new_definition) {
  KnownTables tables = orders_and_people();
  tables.add(reading_of(orders));
  tables.add(reading_of(people));
  const auto fresh = tables.take(list_of({listed(orders, "altered"), listed(people)}), {orders});
  ASSERT_EQ(ids(fresh), std::vector{orders});
  tables.redefine(fresh.front());
  ASSERT_EQ(tables.readings().size(), 1);
  EXPECT_EQ(tables.readings().front().table, people);
  EXPECT_EQ(tables.objects().find(orders)->def->create_text, "altered");
  const auto outcomes = tables.outcomes(std::vector{proven(people)});
  EXPECT_FALSE(outcomes.at(orders).is_proven);
  EXPECT_EQ(outcomes.at(orders).why_not, "it was not read to its end");
  EXPECT_TRUE(outcomes.at(people).is_proven);
}

TEST(KnownTables, knows_from_where_in_the_log_a_table_was_listed_later) {
  KnownTables tables = orders_and_people();
  ObjectList now = list_of({listed(orders, "altered"), listed(people)});
  now.listed_at = LogPosition{"binlog.000007", 4};
  for (const ListedTable& table : tables.take(now, {orders})) tables.redefine(table);
  EXPECT_EQ(tables.objects().find(orders)->listed_at, now.listed_at);
  EXPECT_EQ(tables.objects().find(people)->listed_at, std::nullopt);
}

TEST(KnownTables, reads_a_table_that_a_rename_made_and_keeps_the_order_of_names) {
  KnownTables tables(list_of({listed(orders), listed(visits)}));
  const auto fresh = tables.take(list_of({listed(people), listed(visits)}), {orders});
  ASSERT_EQ(ids(fresh), std::vector{people});
  tables.redefine(fresh.front());
  EXPECT_EQ(ids(tables.objects().tables), (std::vector{orders, people, visits}));
}

TEST(KnownTables, gives_up_what_was_dropped_and_says_so) {
  KnownTables tables = orders_and_people();
  tables.add(reading_of(orders));
  EXPECT_TRUE(tables.take(list_of({listed(people)}), {orders}).empty());
  EXPECT_TRUE(tables.readings().empty());
  EXPECT_TRUE(tables.stale({}).perhaps_redefined.empty());
  const TableOutcome outcome = tables.outcomes({}).at(orders);
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->code(), ErrorCode::table_gone);
  EXPECT_NE(outcome.why_not.find("`shop`.`orders` was dropped or renamed"), std::string::npos)
      << outcome.why_not;
}

TEST(KnownTables, gives_up_what_is_refused_under_the_definition_it_still_has) {
  KnownTables tables = orders_and_people();
  tables.add(FailedTable{orders, error_of(ErrorCode::server_refused)});
  tables.add(FailedTable{people, error_of(ErrorCode::server_refused)});
  const ObjectList now = list_of({listed(orders), listed(people, "altered")});
  EXPECT_EQ(ids(tables.take(now, {orders, people})), std::vector{people});
  EXPECT_EQ(tables.stale({}).perhaps_redefined, std::set{people});
  EXPECT_EQ(tables.outcomes({}).at(orders).failure->code(), ErrorCode::server_refused);
}

TEST(KnownTables, leaves_a_table_that_was_given_up_until_it_begins_anew) {
  KnownTables tables = orders_and_people();
  tables.give_up(orders, error_of(ErrorCode::table_gone));
  EXPECT_TRUE(tables.stale({}).perhaps_redefined.empty());
  tables.begin_anew();
  EXPECT_FALSE(tables.outcomes({}).at(orders).failure);
  tables.add(FailedTable{orders, error_of(ErrorCode::table_gone)});
  EXPECT_EQ(tables.stale({}).perhaps_redefined, std::set{orders});
}

TEST(KnownTables, calls_a_table_that_failed_unproven_whatever_the_log_says) {
  KnownTables tables = orders_and_people();
  tables.add(reading_of(orders));
  tables.add(FailedTable{orders, error_of(ErrorCode::definition_changed)});
  const TableOutcome outcome = tables.outcomes(std::vector{proven(orders)}).at(orders);
  EXPECT_FALSE(outcome.is_proven);
  EXPECT_TRUE(outcome.failure);
}

}  // namespace
}  // namespace tideway::recipe
