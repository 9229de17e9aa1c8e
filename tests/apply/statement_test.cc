#include "apply/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/rows.h"

namespace tideway {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::tideway::testing::block_of;
using ::tideway::testing::Cells;
using ::tideway::testing::rows_in;
using ::tideway::testing::stream_of;
using ::tideway::testing::table_of;

class StatementTest : public ::testing::Test {
 protected:
  PlanPtr plan_for(const TablePtr& table, const TablePtr& target = nullptr) {
    auto plan = TablePlan::make(table, target ? target : table, ColumnSet(stored_columns(*table)));
    if (!plan) ADD_FAILURE() << plan.error().to_line();
    return *plan;
  }
  std::string statement(const Block& block, const TablePlan& plan,
                        OnDuplicate on_duplicate = OnDuplicate::error) {
    const Rows& rows = rows_in(block);
    std::string out;
    taken_ =
        write_statement(out, plan, on_duplicate, block, rows, {0, rows.row_count}, 1 << 20, 1000);
    return out;
  }
  MemoryArbiter arbiter_{1ULL << 30U};
  RowRange taken_;
};

TEST_F(StatementTest, writes_each_value_as_its_type_reads) {
  const TablePtr table =
      table_of("CREATE TABLE t (a INT, b VARCHAR(9), c VARBINARY(9), d BIT(9), e DOUBLE, f DATE)");
  const Block block = block_of(
      arbiter_, stream_of(table), table,
      {{"1", "it's\n", std::string("\0\xff", 2), std::string("\1\2", 2), "-0", "0000-00-00"},
       {std::nullopt, "", "", std::nullopt, "1e30", std::nullopt}});
  EXPECT_EQ(statement(block, *plan_for(table)),
            "INSERT INTO "
            "`shop`.`t`(`a`,`b`,`c`,`d`,`e`,`f`)VALUES(1,'it\\'s\\n',_binary'\\0\xff',x'0102',-0e0,"
            "'0000-00-00'),"
            "(NULL,'',_binary'',NULL,1e30,NULL)");
  EXPECT_EQ(taken_, (RowRange{0, 2}));
}

TEST_F(StatementTest, ignore_keeps_the_strict_mode_and_replace_says_replace) {
  const TablePtr table = table_of("CREATE TABLE `a``b` (`x``y` INT)");
  const Block two = block_of(arbiter_, stream_of(table), table, {{"1"}, {"2"}}),
              one = block_of(arbiter_, stream_of(table), table, {{"1"}});
  EXPECT_EQ(statement(two, *plan_for(table), OnDuplicate::ignore),
            "INSERT INTO `shop`.`a``b`(`x``y`)VALUES(1),(2) ON DUPLICATE KEY UPDATE `x``y`=`x``y`");
  EXPECT_EQ(statement(one, *plan_for(table), OnDuplicate::ignore),
            "INSERT INTO `shop`.`a``b`(`x``y`)VALUES(1)");
  EXPECT_EQ(statement(two, *plan_for(table), OnDuplicate::replace),
            "REPLACE INTO `shop`.`a``b`(`x``y`)VALUES(1),(2)");
}

TEST_F(StatementTest, a_table_without_stored_columns_still_gets_its_rows) {
  const TablePtr table = table_of("CREATE TABLE t (a INT AS (1))");
  const Block block = block_of(arbiter_, stream_of(table), table, {{}, {}});
  EXPECT_EQ(statement(block, *plan_for(table)), "INSERT INTO `shop`.`t`()VALUES(),()");
}

TEST_F(StatementTest, splits_by_bytes_and_by_rows_and_loses_none) {
  const TablePtr table = table_of("CREATE TABLE t (a INT, b TEXT)");
  std::vector<Cells> cells;
  for (int i = 0; i < 500; ++i)
    cells.push_back({std::to_string(i), std::string(static_cast<std::size_t>(i % 97), '\'')});
  const Block block = block_of(arbiter_, stream_of(table), table, cells);
  const Rows& rows = rows_in(block);
  const PlanPtr plan = plan_for(table);
  for (const std::uint64_t max_bytes : {1U, 60U, 300U, 4096U}) {
    for (const std::uint32_t max_rows : {1U, 7U, 1000U}) {
      RowRange left{0, rows.row_count};
      std::string joined, out;
      while (left.count != 0) {
        const RowRange taken =
            write_statement(out, *plan, OnDuplicate::error, block, rows, left, max_bytes, max_rows);
        ASSERT_EQ(taken.first, left.first);
        ASSERT_GE(taken.count, 1U);
        ASSERT_LE(taken.count, max_rows);
        if (taken.count > 1) {
          ASSERT_LE(out.size(), max_bytes);
        }
        const std::string begin = statement_begin(*plan, OnDuplicate::error);
        ASSERT_THAT(out, StartsWith(begin));
        joined += (joined.empty() ? "" : ",") + out.substr(begin.size());
        left = {left.first + taken.count, left.count - taken.count};
      }
      EXPECT_EQ(statement_begin(*plan, OnDuplicate::error) + joined, statement(block, *plan));
    }
  }
}

TEST_F(StatementTest, a_row_larger_than_a_statement_goes_alone_without_twice_its_memory) {
  const TablePtr table = table_of("CREATE TABLE t (a INT, b LONGBLOB)");
  const std::string large(8 << 20, 'x');
  const Block block = block_of(arbiter_, stream_of(table), table, {{"1", large}, {"2", ""}});
  std::string out;
  const RowRange taken = write_statement(out, *plan_for(table), OnDuplicate::error, block,
                                         rows_in(block), {0, 2}, 1 << 20, 1000);
  EXPECT_EQ(taken, (RowRange{0, 1}));
  EXPECT_THAT(out, EndsWith("x')"));
  EXPECT_LT(out.capacity(), large.size() + (1 << 20));
}

TEST_F(StatementTest, columns_meet_by_name_and_those_the_target_generates_are_left_out) {
  const TablePtr source = table_of("CREATE TABLE t (a INT, B INT, c INT)");
  const TablePtr target =
      table_of("CREATE TABLE t (extra INT DEFAULT 7, b INT, c INT AS (a+b), a INT)");
  const PlanPtr plan = plan_for(source, target);
  const Block block = block_of(arbiter_, stream_of(source), source, {{"1", "2", "3"}});
  EXPECT_EQ(statement(block, *plan), "INSERT INTO `shop`.`t`(`a`,`b`)VALUES(1,2)");
  EXPECT_EQ(plan->target_columns(), ColumnSet({3, 1, 2}));
}

TEST_F(StatementTest, a_row_is_named_by_its_key_and_long_values_are_cut_between_characters) {
  const TablePtr table =
      table_of("CREATE TABLE t (v INT, `k` VARCHAR(500), n INT, PRIMARY KEY (n, `k`))");
  std::string text(127, 'a');
  text += "éé";
  const Block block =
      block_of(arbiter_, stream_of(table), table, {{"1", "x'y", "5"}, {"1", text, "6"}});
  const PlanPtr plan = plan_for(table);
  EXPECT_EQ(key_text(*plan, block, rows_in(block), 0), "`n` = 5, `k` = 'x\\'y'");
  EXPECT_EQ(key_text(*plan, block, rows_in(block), 1),
            "`n` = 6, `k` = '" + std::string(127, 'a') + "'…");
}

}  // namespace
}  // namespace tideway
