#include "apply/table_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/rows.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::tideway::testing::table_of;

Result<PlanPtr> plan(const char* source, const char* target) {
  const TablePtr from = table_of(source);
  return TablePlan::make(from, table_of(target, "far"), ColumnSet(stored_columns(*from)));
}

TEST(TablePlanTest, a_missing_column_is_named_with_the_statement_that_adds_it) {
  const auto made =
      plan("CREATE TABLE t (a INT, `we``ird` DECIMAL(5,2) NOT NULL)", "CREATE TABLE t (a INT)");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::definition_mismatch);
  EXPECT_EQ(made.error().evidence().column, "we`ird");
  EXPECT_EQ(made.error().evidence().table, "`far`.`t`");
  EXPECT_THAT(made.error().evidence().statement,
              HasSubstr("ALTER TABLE `far`.`t` ADD COLUMN `we``ird` DECIMAL(5,2)"));
}

TEST(TablePlanTest, a_column_nobody_fills_needs_a_default) {
  const auto made = plan("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT, tenant INT NOT NULL)");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().evidence().column, "tenant");
  EXPECT_TRUE(plan("CREATE TABLE t (a INT)",
                   "CREATE TABLE t (a INT, b INT NOT NULL DEFAULT 1, c INT, d INT AS (a) STORED "
                   "NOT NULL, e INT NOT NULL AUTO_INCREMENT KEY)"));
}

TEST(TablePlanTest, rows_are_named_by_the_primary_key_or_else_a_unique_one_or_else_by_everything) {
  EXPECT_THAT((*plan("CREATE TABLE t (a INT, b INT, c INT, UNIQUE (a), PRIMARY KEY (c, b))",
                     "CREATE TABLE t (a INT, b INT, c INT)"))
                  ->key(),
              ElementsAre(2, 1));
  EXPECT_THAT(
      (*plan("CREATE TABLE t (a INT, b INT, UNIQUE (b))", "CREATE TABLE t (a INT, b INT)"))->key(),
      ElementsAre(1));
  EXPECT_THAT((*plan("CREATE TABLE t (a INT, b INT)", "CREATE TABLE t (a INT, b INT)"))->key(),
              ElementsAre(0, 1));
}

struct Pair {
  const char *source, *target;
};
class Fitting : public ::testing::TestWithParam<Pair> {};
class Bending : public ::testing::TestWithParam<Pair> {};
std::string table(const char* column) {
  return std::string("CREATE TABLE t (c ") + column + ") DEFAULT CHARSET=utf8mb4";
}

TEST_P(Fitting, rows_arrive_as_they_are) {
  EXPECT_THAT(differences(*table_of(table(GetParam().source)), *table_of(table(GetParam().target))),
              IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    Types, Fitting,
    ::testing::Values(Pair{"INT", "INT"}, Pair{"INT(11)", "INT"}, Pair{"INT", "BIGINT"},
                      Pair{"INT UNSIGNED", "BIGINT"}, Pair{"INT(5) ZEROFILL", "INT UNSIGNED"},
                      Pair{"VARCHAR(10)", "VARCHAR(20)"}, Pair{"CHAR(10)", "VARCHAR(10)"},
                      Pair{"VARCHAR(10)", "LONGTEXT"}, Pair{"TEXT", "MEDIUMTEXT"},
                      Pair{"BINARY(4)", "VARBINARY(4)"}, Pair{"DECIMAL(5,2)", "DECIMAL(9,2)"},
                      Pair{"VARCHAR(9) CHARACTER SET latin1", "VARCHAR(9)"},
                      Pair{"VARCHAR(9) CHARACTER SET utf8", "VARCHAR(9)"},
                      Pair{"VARCHAR(9) CHARACTER SET ascii", "VARCHAR(9) CHARACTER SET latin1"},
                      Pair{"ENUM('a','b')", "ENUM('c','b','a')"}, Pair{"BIT(3)", "BIT(9)"},
                      Pair{"POINT", "GEOMETRY"}, Pair{"INT NOT NULL", "INT"},
                      Pair{"JSON", "LONGTEXT"},
                      Pair{"VARCHAR(9) COLLATE utf8mb4_general_ci",
                           "VARCHAR(9) COLLATE utf8mb4_bin"},
                      Pair{"INT AS (1)", "INT AS (1) STORED"}, Pair{"INT", "INT AS (1) STORED"}));

TEST_P(Bending, rows_would_change_and_the_column_is_named) {
  const auto found =
      differences(*table_of(table(GetParam().source)), *table_of(table(GetParam().target)));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0], HasSubstr("`c`"));
}
INSTANTIATE_TEST_SUITE_P(
    Types, Bending,
    ::testing::Values(Pair{"BIGINT", "INT"}, Pair{"INT", "INT UNSIGNED"},
                      Pair{"INT UNSIGNED", "INT"}, Pair{"VARCHAR(20)", "VARCHAR(10)"},
                      Pair{"VARCHAR(10)", "CHAR(10)"}, Pair{"TEXT", "VARCHAR(100)"},
                      Pair{"BINARY(4)", "BINARY(8)"}, Pair{"DECIMAL(5,2)", "DECIMAL(5,1)"},
                      Pair{"DECIMAL(5,2)", "DECIMAL(9,3)"}, Pair{"FLOAT", "DOUBLE"},
                      Pair{"DATETIME(6)", "DATETIME"}, Pair{"DATETIME", "TIMESTAMP"},
                      Pair{"VARCHAR(9)", "VARCHAR(9) CHARACTER SET latin1"},
                      Pair{"VARCHAR(9)", "VARCHAR(9) CHARACTER SET utf8"},
                      Pair{"ENUM('a','b')", "ENUM('a')"}, Pair{"BIT(9)", "BIT(3)"},
                      Pair{"POINT", "LINESTRING"}, Pair{"INT", "INT NOT NULL"},
                      Pair{"JSON", "BLOB"}, Pair{"TEXT", "BLOB"}, Pair{"INT AS (1)", "INT"}));

TEST(DifferencesTest, missing_columns_and_extra_ones_without_a_default_are_told) {
  EXPECT_THAT(differences(*table_of("CREATE TABLE t (a INT, b INT)"),
                          *table_of("CREATE TABLE t (A INT, x INT NOT NULL, y INT)")),
              ElementsAre(HasSubstr("`b` is missing"), HasSubstr("`x` is on the target only")));
}

std::vector<KeyMisfit> misfits(const char* source, const char* target) {
  return key_differences(*table_of(source), *table_of(target));
}

TEST(KeyMisfits, are_none_where_every_row_of_the_source_is_a_row_of_the_target) {
  const char* plain = "CREATE TABLE t (a INT, b VARCHAR(9), PRIMARY KEY (a))";
  for (const char* target :
       {plain, "CREATE TABLE t (A INT, b VARCHAR(9), UNIQUE KEY (a))",
        "CREATE TABLE t (a INT, b VARCHAR(9), PRIMARY KEY (b, a), KEY (b))",
        "CREATE TABLE t (n BIGINT AUTO_INCREMENT PRIMARY KEY, a INT UNIQUE, b VARCHAR(9))"}) {
    EXPECT_THAT(misfits(plain, target), IsEmpty()) << target;
  }
  EXPECT_THAT(misfits("CREATE TABLE t (b VARCHAR(9), UNIQUE KEY (b(4)))",
                      "CREATE TABLE t (b VARCHAR(9), UNIQUE KEY (b(5)))"),
              IsEmpty());
  EXPECT_THAT(misfits("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT)"), IsEmpty());
}

TEST(KeyMisfits, are_keys_that_reject_rows_and_a_primary_key_that_is_missing) {
  const char* plain = "CREATE TABLE t (a INT, b VARCHAR(9), PRIMARY KEY (a))";
  const auto more = misfits(plain, "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9) UNIQUE)");
  ASSERT_THAT(more, SizeIs(1));
  EXPECT_EQ(more[0].column, "b");
  EXPECT_THAT(more[0].statement, HasSubstr("DROP KEY `b`"));
  const auto none = misfits(plain, "CREATE TABLE t (a INT, b VARCHAR(9), KEY (a))");
  ASSERT_THAT(none, SizeIs(1));
  EXPECT_THAT(none[0].statement, HasSubstr("ADD PRIMARY KEY (`a`)"));
  EXPECT_THAT(misfits("CREATE TABLE t (b VARCHAR(9), UNIQUE KEY (b(5)))",
                      "CREATE TABLE t (b VARCHAR(9), UNIQUE KEY (b(4)))"),
              SizeIs(1));
  EXPECT_THAT(misfits("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT UNIQUE)"), SizeIs(1));
}

TEST(KeysNotKept, are_unique_keys_under_which_the_target_takes_duplicates) {
  const auto told = [](const char* target) {
    return keys_not_kept(*table_of("CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c INT, UNIQUE "
                                   "KEY u (b(4), c))"),
                         *table_of(target));
  };
  for (const char* target :
       {"CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c INT, UNIQUE KEY v (C, b(4)))",
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c INT, UNIQUE KEY v (c))",
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c INT, UNIQUE KEY v (b(3), c))"}) {
    EXPECT_THAT(told(target), IsEmpty()) << target;
  }
  for (const char* target :
       {"CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c INT, KEY u (b(4), c))",
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c INT, UNIQUE KEY u (b(5), c))"}) {
    EXPECT_THAT(told(target), ElementsAre(HasSubstr("ADD UNIQUE KEY `u` (`b`(4), `c`)"))) << target;
  }
}

}  // namespace
}  // namespace tideway
