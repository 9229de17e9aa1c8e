#include "sql/schema_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SchemaStatement::Kind;

std::vector<SchemaStatement> read(std::string_view file) {
  auto statements = read_schema_file(file);
  if (!statements) {
    ADD_FAILURE() << statements.error().to_line();
    return {};
  }
  return *std::move(statements);
}

std::vector<std::string> texts(std::string_view file) {
  std::vector<std::string> out;
  for (const SchemaStatement& statement : read(file)) out.emplace_back(statement.text);
  return out;
}

TEST(SchemaFile, files_of_the_exporter) {
  const auto statements = read(
      "/*!40101 SET NAMES binary*/;\nDROP TABLE IF EXISTS `v`;\nCREATE TABLE `t;1` (\n  `a` int "
      "COMMENT 'x;\n'\n);\n"
      "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `d`.`v` AS select "
      "1;\n"
      "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n");
  std::vector<Kind> kinds;
  for (const SchemaStatement& statement : statements) kinds.push_back(statement.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::setting, Kind::drop, Kind::create_table, Kind::create_view,
                                 Kind::create_database));
  ASSERT_EQ(statements.size(), 5U);
  EXPECT_EQ(statements[2].name, (TableId{"", "t;1"}));
  EXPECT_EQ(statements[3].name, (TableId{"d", "v"}));
  EXPECT_EQ(statements[4].name, (TableId{"d", ""}));
  EXPECT_EQ(statements[2].line, 3U);
  EXPECT_EQ(statements[3].line, 7U);
}

TEST(SchemaFile, a_statement_ends_at_its_semicolon_and_not_at_a_line) {
  EXPECT_THAT(texts("\xEF\xBB\xBF a ; b\n;; -- c;\n/* ; */ `;` ';' # ;\n;"),
              ElementsAre("a", "b", "-- c;\n/* ; */ `;` ';' # ;"));
  EXPECT_THAT(texts("/*!50001 CREATE VIEW v AS select 1; */;"),
              ElementsAre("/*!50001 CREATE VIEW v AS select 1; */"));
  EXPECT_THAT(texts(""), IsEmpty());
}

TEST(SchemaFile, comments_alone_are_no_statement_to_run) {
  const auto statements = read("/* a */;\nSELECT 1;\n-- the end\n");
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0].kind, Kind::comment);
  EXPECT_EQ(statements[1].kind, Kind::other);
  EXPECT_EQ(statements[2].kind, Kind::comment);
}

TEST(SchemaFile, delimiters_may_change) {
  const auto statements = read(
      "DELIMITER ;;\nCREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a=1; SET @b=';;'; "
      "END ;;\n"
      "delimiter $$\nCREATE PROCEDURE p() BEGIN END$$\nDELIMITER ;\nCREATE TABLE t (a int);\n");
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0].kind, Kind::create_other);
  EXPECT_TRUE(statements[0].text.ends_with("END"));
  EXPECT_EQ(statements[1].text, "CREATE PROCEDURE p() BEGIN END");
  EXPECT_EQ(statements[2].kind, Kind::create_table);
}

TEST(SchemaFile, text_behind_the_last_semicolon_is_an_error_with_its_place) {
  for (const char* file : {"SELECT 1;\n  SELECT 2", "SELECT 1;\n  'a;", "SELECT 1;\n  /* a;",
                           "SELECT 1;\n  /*!50001 a;"}) {
    const auto statements = read_schema_file(file);
    ASSERT_FALSE(statements) << file;
    EXPECT_THAT(statements.error().message(),
                HasSubstr("last SQL statement missing trailing semicolon"));
    EXPECT_EQ(statements.error().evidence().position, "2:3");
  }
}

}  // namespace
}  // namespace tideway
