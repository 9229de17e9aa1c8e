#include "sql/track_ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/create_table.h"
#include "sql/described.h"

// What a server makes of each statement is asked of servers, in tests/cases/test_ddl_server.py.
namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TrackDdl : public ::testing::Test {
 protected:
  TrackDdl() {
    session_.database = "d";
    session_.server_version = 80030;
    session_.server_collation = 255;
    definitions_.put(DatabaseDef{"d", "utf8mb4", "utf8mb4_0900_ai_ci"});
  }

  std::shared_ptr<const SchemaChange> run(std::string_view statement) {
    auto change = definitions_.apply(statement, session_);
    if (!change) {
      ADD_FAILURE() << statement << "\n" << change.error().to_line();
      return std::make_shared<SchemaChange>();
    }
    return *change;
  }
  std::string error_of(std::string_view statement) {
    const auto change = definitions_.apply(statement, session_);
    if (change) return "none";
    return std::string(error_page(change.error().code()).name) + " " +
           change.error().evidence().table;
  }
  std::vector<std::string> columns(const std::string& table) {
    const TablePtr found = definitions_.find({"d", table});
    std::vector<std::string> names;
    if (!found) return {"(not known)"};
    for (const Column& column : found->columns) names.push_back(column.name);
    return names;
  }
  // before -> after of each change
  static std::vector<std::string> changes(const SchemaChange& change) {
    std::vector<std::string> shown;
    for (const TableChange& each : change.tables) {
      shown.push_back((each.before ? each.before->id.name : "-") + " -> " +
                      (each.after ? each.after->id.name : "-"));
    }
    return shown;
  }

  Definitions definitions_;
  SessionContext session_;
};

TEST_F(TrackDdl, a_change_has_the_definitions_before_and_after_it) {
  EXPECT_THAT(changes(*run("CREATE TABLE t (a int)")), ElementsAre("- -> t"));
  const auto change = run("ALTER TABLE t ADD b int");
  EXPECT_EQ(change->kind, SchemaChangeKind::alter_table);
  EXPECT_EQ(change->statement, "ALTER TABLE t ADD b int");
  ASSERT_EQ(change->tables.size(), 1U);
  EXPECT_EQ(change->tables[0].before->columns.size(), 1U);
  EXPECT_EQ(change->tables[0].after->columns.size(), 2U);
  EXPECT_EQ(definitions_.find({"d", "t"}), change->tables[0].after);
}

TEST_F(TrackDdl, tables_that_change_places_have_one_change_each) {
  run("CREATE TABLE a (x int)");
  run("CREATE TABLE b (y int)");
  EXPECT_THAT(changes(*run("RENAME TABLE a TO tmp, b TO a, tmp TO b")),
              ElementsAre("a -> b", "b -> a"));
  EXPECT_THAT(columns("a"), ElementsAre("y"));
  EXPECT_THAT(columns("b"), ElementsAre("x"));
  EXPECT_THAT(columns("tmp"), ElementsAre("(not known)"));
}

TEST_F(TrackDdl, a_statement_that_fails_leaves_nothing_done) {
  run("CREATE TABLE a (x int)");
  EXPECT_EQ(error_of("RENAME TABLE a TO b, nothing TO c"), "definition_unknown `d`.`nothing`");
  EXPECT_THAT(columns("a"), ElementsAre("x"));
  EXPECT_THAT(columns("b"), ElementsAre("(not known)"));
  EXPECT_EQ(error_of("ALTER TABLE a ADD y int, DROP z"), "definition_conflict `d`.`a`");
  EXPECT_THAT(columns("a"), ElementsAre("x"));
}

TEST_F(TrackDdl, what_is_not_known_is_an_error_that_names_it) {
  EXPECT_EQ(error_of("ALTER TABLE t ADD a int"), "definition_unknown `d`.`t`");
  EXPECT_EQ(error_of("CREATE TABLE t LIKE u"), "definition_unknown `d`.`u`");
  EXPECT_EQ(error_of("CREATE TABLE t AS SELECT 1"), "definition_unknown `d`.`t`");
  EXPECT_EQ(error_of("CREATE TABLE x.t (a int)"), "definition_unknown `x`");
  EXPECT_EQ(error_of("TRUNCATE t"), "definition_unknown `d`.`t`");
  EXPECT_EQ(error_of("DROP TABLE t"), "none");
  EXPECT_EQ(error_of("FROBNICATE"), "sql_syntax ");
}

TEST_F(TrackDdl, what_does_not_fit_the_definition_is_a_conflict) {
  run("CREATE TABLE t (a int, KEY k (a))");
  for (const std::string_view statement :
       {"CREATE TABLE t (b int)", "ALTER TABLE t DROP b", "ALTER TABLE t ADD A int",
        "ALTER TABLE t DROP KEY x", "ALTER TABLE t ADD KEY K (a)", "ALTER TABLE t ADD KEY (z)",
        "ALTER TABLE t DROP a", "ALTER TABLE t RENAME COLUMN b TO c",
        "ALTER TABLE t RENAME KEY x TO y", "ALTER TABLE t ADD b int AFTER z",
        "ALTER TABLE t DROP FOREIGN KEY f"}) {
    EXPECT_EQ(error_of(statement), "definition_conflict `d`.`t`") << statement;
  }
}

TEST_F(TrackDdl, if_exists_and_if_not_exists_leave_things_undone) {
  run("CREATE TABLE t (a int)");
  EXPECT_THAT(changes(*run("CREATE TABLE IF NOT EXISTS t (b int)")), ElementsAre());
  EXPECT_THAT(columns("t"), ElementsAre("a"));
  EXPECT_THAT(changes(*run("DROP TABLE IF EXISTS nothing, t")), ElementsAre("t -> -"));
  EXPECT_THAT(changes(*run("CREATE DATABASE IF NOT EXISTS d CHARSET latin1")), ElementsAre());
  EXPECT_EQ(definitions_.find_database("d")->charset, "utf8mb4");
}

TEST_F(TrackDdl, dropping_a_database_names_all_its_tables) {
  run("CREATE TABLE a (x int)");
  run("CREATE TABLE b (x int)");
  const auto change = run("DROP DATABASE d");
  EXPECT_THAT(changes(*change), ElementsAre("a -> -", "b -> -"));
  EXPECT_EQ(change->database, "d");
  EXPECT_EQ(definitions_.find_database("d"), nullptr);
  EXPECT_TRUE(definitions_.tables().empty());
}

TEST_F(TrackDdl, foreign_keys_follow_the_table_they_name) {
  run("CREATE TABLE p (id int PRIMARY KEY)");
  run("CREATE TABLE c (a int, FOREIGN KEY (a) REFERENCES p (id))");
  const auto change = run("RENAME TABLE p TO q");
  EXPECT_THAT(changes(*change), ElementsAre("p -> q", "c -> c"));
  run("ALTER TABLE q CHANGE id ident int");
  const ForeignKey key = definitions_.find({"d", "c"})->foreign_keys[0];
  EXPECT_EQ(key.referenced, (TableId{"d", "q"}));
  EXPECT_THAT(key.referenced_columns, ElementsAre("ident"));
  EXPECT_THAT(run("ALTER TABLE c ADD b int")->referenced, ElementsAre(TableId{"d", "q"}));
}

TEST_F(TrackDdl, names_are_folded_as_the_server_folds_them) {
  definitions_ = Definitions(NameFolding::lower);
  definitions_.put(DatabaseDef{"d", "latin1", "latin1_swedish_ci"});
  run("CREATE TABLE D.Tab (a int)");
  EXPECT_EQ(definitions_.find({"d", "TAB"})->id, (TableId{"d", "tab"}));
  definitions_ = Definitions(NameFolding::compare_lower);
  definitions_.put(DatabaseDef{"d", "latin1", "latin1_swedish_ci"});
  run("CREATE TABLE Tab (a int)");
  EXPECT_EQ(definitions_.find({"d", "tAB"})->id, (TableId{"d", "Tab"}));
  run("ALTER TABLE tab ADD b int");
  EXPECT_EQ(definitions_.find({"d", "tAB"})->columns.size(), 2U);
}

TEST_F(TrackDdl, a_database_without_a_character_set_has_the_servers) {
  session_.server_collation = 8;
  run("CREATE DATABASE e");
  EXPECT_EQ(definitions_.find_database("e")->collation, "latin1_swedish_ci");
  session_.server_collation = 0;
  EXPECT_EQ(error_of("CREATE DATABASE f"), "definition_unknown `f`");
}

TEST_F(TrackDdl, checks_are_kept_by_servers_that_keep_them) {
  run("CREATE TABLE t (a int CHECK (a > 0), CONSTRAINT c CHECK (a < 9), CONSTRAINT CHECK (a <> "
      "5))");
  EXPECT_THAT(definitions_.find({"d", "t"})->checks,
              ElementsAre("CONSTRAINT `t_chk_1` CHECK (a > 0)", "CONSTRAINT c CHECK (a < 9)",
                          "CONSTRAINT `t_chk_2` CHECK (a <> 5)"));
  run("ALTER TABLE t DROP CHECK c, ALTER CHECK t_chk_1 NOT ENFORCED");
  EXPECT_THAT(definitions_.find({"d", "t"})->checks,
              ElementsAre("CONSTRAINT `t_chk_1` CHECK (a > 0) NOT ENFORCED",
                          "CONSTRAINT `t_chk_2` CHECK (a <> 5)"));
  session_.server_version = 50719;
  run("CREATE TABLE old (a int CHECK (a > 0))");
  EXPECT_THAT(definitions_.find({"d", "old"})->checks, ElementsAre());
}

TEST_F(TrackDdl, partitions_are_added_dropped_and_counted) {
  const auto text = [this] { return definitions_.find({"d", "t"})->partition_text; };
  run("CREATE TABLE t (a int) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1), "
      "PARTITION q VALUES LESS THAN (5))");
  run("ALTER TABLE t ADD PARTITION (PARTITION r VALUES LESS THAN (9))");
  run("ALTER TABLE t DROP PARTITION P");
  run("ALTER TABLE t REORGANIZE PARTITION q INTO (PARTITION s VALUES LESS THAN (3), PARTITION t "
      "VALUES LESS THAN (5))");
  EXPECT_EQ(text(),
            "PARTITION BY RANGE (a) (PARTITION s VALUES LESS THAN (3),\n PARTITION t VALUES LESS "
            "THAN (5),\n PARTITION r VALUES LESS THAN (9))");
  run("ALTER TABLE t PARTITION BY HASH (a) PARTITIONS 3");
  run("ALTER TABLE t ADD PARTITION PARTITIONS 2");
  EXPECT_EQ(text(), "PARTITION BY HASH (a) PARTITIONS 5");
  run("ALTER TABLE t COALESCE PARTITION 1");
  EXPECT_EQ(text(), "PARTITION BY HASH (a) PARTITIONS 4");
  run("ALTER TABLE t REMOVE PARTITIONING");
  EXPECT_EQ(text(), "");
}

TEST_F(TrackDdl, the_text_of_a_definition_reads_as_the_definition) {
  run("CREATE TABLE p (id int PRIMARY KEY)");
  run("CREATE TABLE t (a int unsigned AUTO_INCREMENT, b varchar(20) COLLATE latin1_bin NOT NULL "
      "DEFAULT 'x''y' COMMENT 'it''s', c int AS (a + 1) STORED INVISIBLE, d timestamp NULL, "
      "e enum('a\\\\b','c''d'), f decimal(10,2) unsigned zerofill, g bit(3) DEFAULT b'101', "
      "PRIMARY KEY (a), UNIQUE KEY `we``ird` (b(3) DESC, c), KEY ((a + 2)) INVISIBLE COMMENT 'k', "
      "FULLTEXT KEY (b) WITH PARSER ngram, h int, CONSTRAINT fk FOREIGN KEY (h) REFERENCES p (id) "
      "ON DELETE SET NULL, CHECK (a > 0)) ENGINE=InnoDB COMMENT='t\\n' PARTITION BY HASH (a)");
  const TablePtr table = definitions_.find({"d", "t"});
  const auto again = parse_create_table(table->create_text, "d");
  ASSERT_TRUE(again.has_value()) << again.error().to_line() << table->create_text;
  EXPECT_EQ(testing::described(*again), testing::described(*table));
  EXPECT_EQ(again->comment, "t\n");
  EXPECT_EQ(again->columns[1].default_text, "'x''y'");
  EXPECT_EQ(again->columns[1].attributes, "COMMENT 'it''s'");
  EXPECT_EQ(again->columns[4].type.labels, table->columns[4].type.labels);
  EXPECT_EQ(again->checks, table->checks);
}

}  // namespace
}  // namespace tideway
