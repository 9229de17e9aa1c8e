#include "sql/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Statement>
Statement parsed(std::string_view text, std::string database = "shop") {
  SessionContext session;
  session.database = std::move(database);
  auto statement = parse_ddl(text, session);
  if (!statement) {
    ADD_FAILURE() << text << "\n" << statement.error().to_line();
    return {};
  }
  if (!std::holds_alternative<Statement>(*statement)) {
    ADD_FAILURE() << text << " is another statement";
    return {};
  }
  return std::get<Statement>(*std::move(statement));
}

std::string error_of(std::string_view text, std::string database = "shop") {
  SessionContext session;
  session.database = std::move(database);
  const auto statement = parse_ddl(text, session);
  return statement ? "parsed" : statement.error().message();
}

template <typename Action>
Action action(std::string_view text, std::size_t ordinal = 0) {
  const auto alter = parsed<AlterTable>(text);
  if (ordinal >= alter.actions.size() ||
      !std::holds_alternative<Action>(alter.actions[ordinal].does)) {
    ADD_FAILURE() << text << ": no such action";
    return {};
  }
  return std::get<Action>(alter.actions[ordinal].does);
}

// What each action's text is.
std::vector<std::string> action_texts(std::string_view text) {
  std::vector<std::string> texts;
  for (const AlterAction& each : parsed<AlterTable>(text).actions)
    texts.emplace_back(text.substr(each.begin, each.end - each.begin));
  return texts;
}

TEST(ParseDdl, a_table_without_a_database_is_in_the_sessions) {
  EXPECT_EQ(parsed<TruncateTable>("TRUNCATE t").name.id, (TableId{"shop", "t"}));
  EXPECT_EQ(parsed<TruncateTable>("TRUNCATE TABLE `a b`.`c``d`").name.id, (TableId{"a b", "c`d"}));
  EXPECT_EQ(parsed<TruncateTable>("TRUNCATE .t").name.id, (TableId{"shop", "t"}));
  EXPECT_THAT(error_of("TRUNCATE t", ""), HasSubstr("no database"));
  EXPECT_EQ(parsed<TruncateTable>("TRUNCATE x.t", "").name.id, (TableId{"x", "t"}));
}

TEST(ParseDdl, databases_have_their_character_set) {
  const auto create = parsed<CreateDatabase>(
      "CREATE DATABASE IF NOT EXISTS d DEFAULT CHARACTER SET = utf8mb4 COLLATE utf8mb4_bin "
      "/*!80016 DEFAULT ENCRYPTION='N' */");
  EXPECT_EQ(create.name, "d");
  EXPECT_TRUE(create.if_not_exists);
  EXPECT_EQ(create.charset, "utf8mb4");
  EXPECT_EQ(create.collation, "utf8mb4_bin");
  EXPECT_EQ(parsed<AlterDatabase>("ALTER SCHEMA COLLATE latin1_bin").name, "shop");
  EXPECT_EQ(parsed<AlterDatabase>("ALTER DATABASE x CHARSET latin1").name, "x");
  EXPECT_TRUE(parsed<DropDatabase>("DROP DATABASE IF EXISTS d").if_exists);
}

TEST(ParseDdl, create_table_has_its_elements_and_options) {
  const auto create = parsed<CreateTable>(
      "CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY, b varchar(3), KEY (b), "
      "FOREIGN KEY (b) REFERENCES u (x)) ENGINE=InnoDB, CHARSET latin1 COMMENT 'c' START "
      "TRANSACTION");
  EXPECT_TRUE(create.if_not_exists);
  EXPECT_TRUE(create.starts_transaction);
  ASSERT_EQ(create.elements.columns.size(), 2U);
  ASSERT_EQ(create.elements.keys.size(), 3U);
  EXPECT_TRUE(create.elements.keys[2].key.is_implicit);
  EXPECT_EQ(create.elements.foreign_keys[0].referenced, (TableId{"shop", "u"}));
  EXPECT_EQ(create.options.charset, "latin1");
  EXPECT_EQ(create.options.comment, "c");
}

TEST(ParseDdl, a_referenced_table_is_in_the_database_of_its_table) {
  const auto create =
      parsed<CreateTable>("CREATE TABLE x.t (a int, FOREIGN KEY (a) REFERENCES u (a))");
  EXPECT_EQ(create.elements.foreign_keys[0].referenced, (TableId{"x", "u"}));
}

TEST(ParseDdl, create_table_like_and_select_are_told) {
  EXPECT_EQ(parsed<CreateTable>("CREATE TABLE t LIKE x.u").like->id, (TableId{"x", "u"}));
  EXPECT_EQ(parsed<CreateTable>("CREATE TABLE t (LIKE u)").like->id, (TableId{"shop", "u"}));
  for (const std::string_view text :
       {"CREATE TABLE t SELECT 1", "CREATE TABLE t AS SELECT 1", "CREATE TABLE t (SELECT 1)",
        "CREATE TABLE t (a int) ENGINE=InnoDB IGNORE SELECT 1 a",
        "CREATE TABLE t (a int) PARTITION BY HASH (a) PARTITIONS 4 SELECT 1 a",
        "CREATE TABLE t WITH c AS (SELECT 1) SELECT * FROM c"}) {
    EXPECT_TRUE(parsed<CreateTable>(text).select_begin.has_value()) << text;
  }
  EXPECT_FALSE(parsed<CreateTable>("CREATE TABLE t (a int)").select_begin.has_value());
}

TEST(ParseDdl, every_action_of_alter_table_is_its_own) {
  const std::string_view text =
      "ALTER TABLE t ADD COLUMN a int NOT NULL FIRST, ADD (b int, KEY k (b)), DROP c, "
      "CHANGE d e int AFTER b, MODIFY f text, ALTER g SET DEFAULT 1, ADD UNIQUE u (a), DROP KEY "
      "k2, "
      "DROP PRIMARY KEY, RENAME INDEX i TO j, DROP FOREIGN KEY x, RENAME COLUMN m TO n, "
      "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, ENGINE=InnoDB ROW_FORMAT=DYNAMIC, "
      "ALGORITHM=INPLACE, LOCK NONE, RENAME AS y.z";
  EXPECT_THAT(action_texts(text),
              ElementsAre("ADD COLUMN a int NOT NULL FIRST", "ADD (b int, KEY k (b))", "DROP c",
                          "CHANGE d e int AFTER b", "MODIFY f text", "ALTER g SET DEFAULT 1",
                          "ADD UNIQUE u (a)", "DROP KEY k2", "DROP PRIMARY KEY",
                          "RENAME INDEX i TO j", "DROP FOREIGN KEY x", "RENAME COLUMN m TO n",
                          "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "ENGINE=InnoDB",
                          "ROW_FORMAT=DYNAMIC", "ALGORITHM=INPLACE", "LOCK NONE", "RENAME AS y.z"));
  EXPECT_EQ(action<AddElements>(text, 0).place.at, ColumnPlace::At::first);
  EXPECT_EQ(action<AddElements>(text, 1).elements.keys.size(), 1U);
  EXPECT_EQ(action<ChangeColumn>(text, 3).place.after, "b");
  EXPECT_EQ(action<AlterColumn>(text, 5).default_text, "1");
  EXPECT_EQ(action<DropKey>(text, 8).name, "PRIMARY");
  EXPECT_EQ(action<RenameTo>(text, 17).to.id, (TableId{"y", "z"}));
}

TEST(ParseDdl, partitions_are_changed_by_actions_of_their_own) {
  using Verb = ChangePartitions::Verb;
  const auto verb = [](std::string_view text) { return action<ChangePartitions>(text).verb; };
  EXPECT_EQ(verb("ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (3))"), Verb::add);
  EXPECT_EQ(verb("ALTER TABLE t ADD PARTITION PARTITIONS 3"), Verb::add);
  EXPECT_EQ(verb("ALTER TABLE t DROP PARTITION p, q"), Verb::drop);
  EXPECT_EQ(verb("ALTER TABLE t TRUNCATE PARTITION ALL"), Verb::truncate);
  EXPECT_EQ(verb("ALTER TABLE t COALESCE PARTITION 2"), Verb::coalesce);
  EXPECT_EQ(verb("ALTER TABLE t REORGANIZE PARTITION p INTO (PARTITION q VALUES IN (1))"),
            Verb::reorganize);
  EXPECT_EQ(verb("ALTER TABLE t PARTITION BY HASH (a) PARTITIONS 4"), Verb::split_by);
  EXPECT_EQ(verb("ALTER TABLE t REMOVE PARTITIONING"), Verb::remove);
  EXPECT_EQ(verb("ALTER TABLE t DISCARD PARTITION ALL TABLESPACE"), Verb::look_after);
  const auto exchange = action<ChangePartitions>(
      "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE x.u WITHOUT VALIDATION");
  EXPECT_EQ(exchange.exchanged_with->id, (TableId{"x", "u"}));
  EXPECT_THAT(action<ChangePartitions>("ALTER TABLE t DROP PARTITION p, q").names,
              ElementsAre("p", "q"));
  EXPECT_THAT(action_texts("ALTER TABLE t ADD c int PARTITION BY KEY (c)"),
              ElementsAre("ADD c int", "PARTITION BY KEY (c)"));
}

TEST(ParseDdl, create_and_drop_index_are_actions_on_their_table) {
  const auto create = parsed<AlterTable>(
      "CREATE UNIQUE INDEX i USING BTREE ON x.t (a(3), b DESC) COMMENT 'c' ALGORITHM=INPLACE");
  EXPECT_EQ(create.form, AlterTable::Form::create_index);
  EXPECT_EQ(create.name.id, (TableId{"x", "t"}));
  ASSERT_EQ(create.actions.size(), 2U);
  const auto& key = std::get<AddElements>(create.actions[0].does).elements.keys[0];
  EXPECT_EQ(key.key.name, "i");
  EXPECT_EQ(key.parts[0].part.prefix_length, 3U);
  EXPECT_TRUE(key.parts[1].part.is_descending);
  EXPECT_EQ(action<DropKey>("DROP INDEX `PRIMARY` ON t").name, "PRIMARY");
}

TEST(ParseDdl, renames_and_drops_of_several_tables_keep_their_order) {
  const auto rename = parsed<RenameTables>("RENAME TABLE a TO b, x.c TO `d`");
  ASSERT_EQ(rename.pairs.size(), 2U);
  EXPECT_EQ(rename.pairs[1].from.id, (TableId{"x", "c"}));
  EXPECT_EQ(rename.pairs[1].to.id, (TableId{"shop", "d"}));
  const auto drop = parsed<DropTables>("DROP TABLE IF EXISTS a, `x`.`b` /* generated by server */");
  EXPECT_TRUE(drop.if_exists);
  ASSERT_EQ(drop.names.size(), 2U);
  EXPECT_EQ(drop.names[1].id, (TableId{"x", "b"}));
}

TEST(ParseDdl, views_are_named) {
  const auto create = parsed<ChangeView>(
      "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1");
  EXPECT_EQ(create.names[0].id, (TableId{"shop", "v"}));
  EXPECT_EQ(parsed<ChangeView>("ALTER VIEW v (a) AS SELECT 1").verb, ChangeView::Verb::alter);
  EXPECT_EQ(parsed<ChangeView>("DROP VIEW IF EXISTS v, w").names.size(), 2U);
}

TEST(ParseDdl, quotes_are_read_under_the_sessions_sql_mode) {
  SessionContext session;
  session.database = "d";
  session.sql_mode = 0x4 | 0x100000;  // ANSI_QUOTES, NO_BACKSLASH_ESCAPES
  const auto statement = parse_ddl(R"(CREATE TABLE "t" ("a" enum('x\','y')))", session);
  ASSERT_TRUE(statement.has_value()) << statement.error().to_line();
  const auto& create = std::get<CreateTable>(*statement);
  EXPECT_EQ(create.name.id.name, "t");
  EXPECT_THAT(create.elements.columns[0].column.type.labels, ElementsAre("x\\", "y"));
}

TEST(ParseDdl, what_is_not_understood_is_an_error_with_its_place) {
  EXPECT_THAT(error_of("ALTER TABLE t FROBNICATE"), HasSubstr("an action of ALTER TABLE"));
  EXPECT_THAT(error_of("ALTER TABLE t ADD a int, "), HasSubstr("an action"));
  EXPECT_THAT(error_of("DROP TABLE a b"), HasSubstr("end of the statement"));
  EXPECT_THAT(error_of("CREATE TABLE t"), HasSubstr("columns"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int) x"), HasSubstr("table option"));
  EXPECT_THAT(error_of("CREATE SEQUENCE s"), HasSubstr("VIEW"));
  EXPECT_THAT(error_of("INSERT INTO t VALUES (1)"), HasSubstr("TRUNCATE"));
}

}  // namespace
}  // namespace tideway
