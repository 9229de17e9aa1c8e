#include "apply/schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/rows.h"
#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::table_of;
using ::tideway::testing::value;

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    drop();
    open();
  }
  ~SchemaTest() override {
    progress_.reset();
    drop();
  }
  void drop() {
    for (const char* database : {"tideway_meta", "made", "`made``2`"})
      value(session_.execute(fmt::format("DROP DATABASE IF EXISTS {}", database), {}));
  }
  void open() {
    progress_.reset();
    JobOptions options;
    options.job = "j";
    options.recipe = "copy";
    progress_ = value(JobProgress::open(endpoint_of("80"), options, {}));
  }
  static TableToMake table(const std::string& create_statement, const std::string& name = "t",
                           const std::string& database = "made") {
    auto source = std::make_shared<TableDef>(*table_of(create_statement, database));
    source->create_text = create_statement;
    return {source, {database, name}};
  }
  Result<std::vector<MadeTable>> make(const std::vector<TableToMake>& tables,
                                      const SchemaOptions& options = {}) {
    const std::vector<DatabaseToMake> databases = {
        {"made", "CREATE DATABASE `made` /*!40100 DEFAULT CHARACTER SET latin1 */"},
        {"made`2", ""}};
    return make_tables(*progress_, databases, tables, options, {});
  }
  std::string ask(const std::string& sql) {
    return value(session_.query_value(sql, {})).value_or("NULL");
  }

  Session session_ = open_session("80");
  std::unique_ptr<JobProgress> progress_;
};

TEST_F(SchemaTest, makes_what_is_missing_and_tells_the_job) {
  const auto made = value(make({table("CREATE TABLE `t` (`id` int PRIMARY KEY, `v` varchar(5))"),
                                table("CREATE TABLE `u` (`id` int)", "u", "made`2")}));
  ASSERT_EQ(made.size(), 2U);
  EXPECT_TRUE(made[0].is_new);
  EXPECT_TRUE(made[0].was_empty);
  EXPECT_EQ(made[0].target->columns.size(), 2U);
  EXPECT_EQ(made[1].target->id, (TableId{"made`2", "u"}));
  EXPECT_EQ(ask("SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE "
                "SCHEMA_NAME = 'made'"),
            "latin1");
  EXPECT_TRUE(progress_->filled({"made", "t"})->was_empty);
}

TEST_F(SchemaTest, a_second_start_finds_the_tables_of_the_first_with_the_rows_of_the_first) {
  const std::vector<TableToMake> tables = {table("CREATE TABLE `t` (`id` int)")};
  value(make(tables));
  value(session_.execute("INSERT INTO made.t VALUES (1)", {}));
  open();
  const auto made = value(make(tables));
  EXPECT_FALSE(made[0].is_new);
  EXPECT_TRUE(made[0].was_empty) << "the rows are the job's own";
}

TEST_F(SchemaTest, a_table_that_the_job_made_is_made_anew_and_one_that_was_there_is_not) {
  value(session_.execute("CREATE DATABASE made", {}));
  value(session_.execute("CREATE TABLE made.u (id int)", {}));
  value(make({table("CREATE TABLE `t` (`id` int)"), table("CREATE TABLE `u` (`id` int)", "u")}));
  value(session_.execute("INSERT INTO made.t VALUES (1)", {}));
  open();
  const auto made = value(make({table("CREATE TABLE `t` (`name` varchar(5))")}));
  EXPECT_TRUE(made[0].is_new);
  EXPECT_EQ(made[0].target->columns[0].name, "name");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM made.t"), "0");
  const auto refused = make({table("CREATE TABLE `u` (`name` varchar(5))", "u")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::definition_mismatch);
}

TEST_F(SchemaTest, a_child_may_come_before_its_parent) {
  value(make({table("CREATE TABLE `a` (`id` int, `p` int, KEY (`p`), CONSTRAINT `f` FOREIGN KEY "
                    "(`p`) REFERENCES `z` (`id`))",
                    "a"),
              table("CREATE TABLE `z` (`id` int PRIMARY KEY)", "z")}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE "
                "CONSTRAINT_SCHEMA = 'made'"),
            "1");
}

TEST_F(SchemaTest, rows_of_somebody_else_are_refused_unless_duplicates_are_decided) {
  value(session_.execute("CREATE DATABASE made", {}));
  value(session_.execute("CREATE TABLE made.t (id int)", {}));
  value(session_.execute("INSERT INTO made.t VALUES (1)", {}));
  const auto refused = make({table("CREATE TABLE `t` (`id` int)")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::target_table_not_empty);
  EXPECT_EQ(refused.error().evidence().table, "`made`.`t`");
  const auto made =
      value(make({table("CREATE TABLE `t` (`id` int)")}, {.on_duplicate = OnDuplicate::ignore}));
  EXPECT_FALSE(made[0].was_empty);
  EXPECT_FALSE(progress_->filled({"made", "t"})->was_empty);
}

TEST_F(SchemaTest, a_table_that_does_not_fit_is_told_in_full_with_the_alter) {
  value(session_.execute("CREATE DATABASE made", {}));
  value(session_.execute("CREATE TABLE made.t (id int, v varchar(5) CHARACTER SET utf8mb4)", {}));
  const auto refused = make(
      {table("CREATE TABLE `t` (`id` bigint, `v` varchar(9) CHARACTER SET utf8mb4, `w` int)")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::definition_mismatch);
  for (const char* column : {"`id`", "`v`", "`w`"})
    EXPECT_THAT(refused.error().message(), HasSubstr(column));
  EXPECT_THAT(refused.error().evidence().statement,
              HasSubstr("ALTER TABLE `made`.`t` ADD COLUMN `w` int"));
}

TEST_F(SchemaTest, a_view_in_the_place_of_a_table_is_said_to_be_one) {
  value(session_.execute("CREATE DATABASE made", {}));
  value(session_.execute("CREATE VIEW made.t AS SELECT 1 AS id", {}));
  const auto refused = make({table("CREATE TABLE `t` (`id` int)")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::definition_mismatch);
  EXPECT_THAT(refused.error().message(), HasSubstr("is a view"));
}

TEST_F(SchemaTest, nothing_is_made_where_that_was_not_asked_for) {
  auto refused = make({table("CREATE TABLE `t` (`id` int)")}, {.may_create = false});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("no database `made`"));
  value(session_.execute("CREATE DATABASE made", {}));
  value(session_.execute("CREATE DATABASE `made``2`", {}));
  refused = make({table("CREATE TABLE `t` (`id` int)")}, {.may_create = false});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("no table `made`.`t`"));
}

TEST_F(SchemaTest, a_statement_that_the_target_refuses_is_shown_with_its_words) {
  const auto refused =
      make({table("CREATE TABLE `t` (`id` int, `v` varchar(60000) CHARACTER SET utf8mb4)")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ddl_failed);
  EXPECT_EQ(refused.error().evidence().server_errno, 1074U);
  EXPECT_THAT(refused.error().message(), HasSubstr("varchar(60000)"));
}

TEST_F(SchemaTest, thousands_of_tables_are_made_by_several_sessions) {
  std::vector<TableToMake> tables;
  for (int i = 0; i < 300; ++i)
    tables.push_back(table(fmt::format("CREATE TABLE `t{}` (`id` int)", i), fmt::format("t{}", i)));
  EXPECT_EQ(value(make(tables)).size(), 300U);
  EXPECT_EQ(ask("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'made'"),
            "300");
}

TEST_F(SchemaTest, views_are_made_whatever_order_they_need) {
  value(make({table("CREATE TABLE `t` (`id` int)")}));
  const auto view = [](const char* name, const char* from) {
    return ViewToMake{
        {"made", name},
        fmt::format("CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER "
                    "VIEW `{}` AS select `{}`.`id` AS `id` from `{}`",
                    name, from, from)};
  };
  const std::vector<ViewToMake> views = {view("a", "b"), view("b", "c"), view("c", "t")};
  const auto made = value(make_views(*progress_, views, {}));
  EXPECT_EQ(made.size(), 3U);
  EXPECT_EQ(ask("SELECT COUNT(*) FROM made.a"), "0");
  EXPECT_FALSE(value(make_views(*progress_, views, {})).at(0).is_new);
}

TEST_F(SchemaTest, a_view_whose_definer_is_unknown_can_still_be_asked_and_that_is_reported) {
  value(make({table("CREATE TABLE `t` (`id` int)")}));
  const std::vector<ViewToMake> views = {
      {{"made", "v"},
       "CREATE ALGORITHM=UNDEFINED DEFINER=`nobody`@`nowhere` SQL SECURITY DEFINER VIEW `v` AS "
       "select `t`.`id` AS `id` from `t`"}};
  const auto made = value(make_views(*progress_, views, {}));
  EXPECT_TRUE(made.at(0).is_new);
  EXPECT_THAT(made.at(0).changes, Contains(HasSubstr("DEFINER")));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM made.v"), "0");
}

TEST_F(SchemaTest, a_view_that_nothing_mends_is_an_error_and_the_others_are_made) {
  value(make({table("CREATE TABLE `t` (`id` int)")}));
  const std::vector<ViewToMake> views = {
      {{"made", "bad"}, "CREATE VIEW `bad` AS select 1 from `missing`"},
      {{"made", "good"}, "CREATE VIEW `good` AS select 1 from `t`"}};
  const auto made = make_views(*progress_, views, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::ddl_failed);
  EXPECT_THAT(made.error().to_line(), HasSubstr("`made`.`bad`"));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM made.good"), "0");
}

}  // namespace
}  // namespace tideway
