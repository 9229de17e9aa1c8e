#include "verify/table_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "sql/create_table.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Result<TablePair> pair(std::string_view source, std::string_view target) {
  const auto table = [](std::string_view text, std::string_view database) {
    return std::make_shared<const TableDef>(parse_create_table(text, database).value());
  };
  return pair_tables(table(source, "here"), table(target, "there"));
}

TEST(TablePair, columns_are_paired_by_name_whatever_their_case_and_place) {
  const auto made = pair("CREATE TABLE t (id INT PRIMARY KEY, Name VARCHAR(9))",
                         "CREATE TABLE t (name VARCHAR(9), extra INT, ID BIGINT PRIMARY KEY)");
  ASSERT_TRUE(made) << made.error().to_line();
  EXPECT_EQ(made->source_columns, ColumnSet({0, 1}));
  EXPECT_EQ(made->target_columns, ColumnSet({2, 0}));
  EXPECT_TRUE(made->ranges_agree);
  EXPECT_THAT(made->left_out, IsEmpty());
}

TEST(TablePair, a_column_the_target_lacks_is_named) {
  const auto made =
      pair("CREATE TABLE t (id INT PRIMARY KEY, `a``b` INT)", "CREATE TABLE t (id INT)");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::definition_mismatch);
  EXPECT_EQ(made.error().evidence().column, "a`b");
  EXPECT_EQ(made.error().evidence().table, "`there`.`t`");
}

TEST(TablePair, values_that_are_written_in_another_form_are_refused_and_both_types_named) {
  const auto made = pair("CREATE TABLE t (v INT)", "CREATE TABLE t (v VARBINARY(20))");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::definition_mismatch);
  EXPECT_THAT(made.error().message(),
              ::testing::AllOf(::testing::HasSubstr("INT on the source"),
                               ::testing::HasSubstr("VARBINARY(20) on the target")));
}

TEST(TablePair, a_column_generated_on_the_target_is_left_out_and_said) {
  const auto made = pair("CREATE TABLE t (id INT PRIMARY KEY, b INT)",
                         "CREATE TABLE t (id INT PRIMARY KEY, b INT AS (id + 1) STORED)");
  ASSERT_TRUE(made) << made.error().to_line();
  EXPECT_EQ(made->source_columns, ColumnSet({0}));
  EXPECT_THAT(made->left_out, ElementsAre("column b: generated on the target"));
}

TEST(TablePair, ranges_need_a_key_that_sorts_alike_on_both_sides) {
  EXPECT_FALSE(pair("CREATE TABLE t (v INT)", "CREATE TABLE t (v INT)")->ranges_agree);
  const char* with_case = "CREATE TABLE t (v VARCHAR(9) COLLATE utf8mb4_bin PRIMARY KEY)";
  const char* without = "CREATE TABLE t (v VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY)";
  EXPECT_TRUE(pair(with_case, with_case)->ranges_agree);
  EXPECT_FALSE(pair(without, with_case)->ranges_agree);
  EXPECT_TRUE(pair("CREATE TABLE t (v INT PRIMARY KEY)", "CREATE TABLE t (v INT)")->ranges_agree)
      << "only the sorting of the columns counts, not what is an index there";
}

}  // namespace
}  // namespace tideway
