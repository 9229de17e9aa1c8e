#include "sql/rewrite_ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/track_ddl.h"

// That a server makes of the rewritten statements what the source had is asked of servers, in
// tests/cases/test_ddl_server.py.
namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RewriteDdl : public ::testing::Test {
 protected:
  RewriteDdl() {
    session_.database = "d";
    session_.server_version = 80030;
    session_.server_collation = 255;
    definitions_.put(DatabaseDef{"d", "utf8mb4", "utf8mb4_0900_ai_ci"});
    to_mysql(80030);
  }

  void to_mysql(std::uint32_t version) {
    target_.traits = {};
    target_.traits.version = version;
  }
  void to_tidb() {
    target_.traits = {};
    target_.traits.kind = TargetTraits::Kind::tidb;
    target_.traits.version = 80501;
    target_.traits.charsets = {{"utf8mb4", "utf8mb4_bin"}, {"latin1", "latin1_bin"}};
    target_.traits.collations = {"utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_0900_ai_ci",
                                 "latin1_bin"};
  }
  void want_only(std::vector<std::string> names) {
    target_.is_wanted = [names = std::move(names)](const TableId& table) {
      return table.name.empty() || std::ranges::find(names, table.name) != names.end();
    };
  }
  // d.x is r.x_moved on the target.
  void route() {
    target_.renaming = [](const TableId& table) {
      if (table.database != "d") return table;
      return TableId{"r", table.name.empty() ? "" : table.name + "_moved"};
    };
  }

  std::shared_ptr<const SchemaChange> track(std::string_view statement) {
    auto change = definitions_.apply(statement, session_);
    if (!change) {
      ADD_FAILURE() << statement << "\n" << change.error().to_line();
      return std::make_shared<SchemaChange>();
    }
    return *change;
  }
  std::vector<std::string> rewritten(std::string_view statement) {
    auto statements = rewrite_ddl(*track(statement), target_);
    if (!statements) return {"error: " + statements.error().message()};
    std::vector<std::string> texts;
    changes_.clear();
    for (TargetStatement& each : *statements) {
      texts.push_back(each.text);
      for (const StatementChange& change : each.changes) changes_.push_back(to_text(change));
    }
    last_ = *std::move(statements);
    return texts;
  }
  std::vector<std::string_view> events(std::string_view statement) {
    const auto found = events_of(*track(statement));
    std::vector<std::string_view> names;
    if (!found) return {"error"};
    for (const DdlEvent event : *found) names.push_back(to_text(event));
    return names;
  }

  Definitions definitions_;
  SessionContext session_;
  DdlTarget target_;
  std::vector<std::string> changes_;
  std::vector<TargetStatement> last_;
};

TEST_F(RewriteDdl, names_are_those_of_the_target_in_full) {
  route();
  EXPECT_THAT(rewritten("CREATE TABLE t (a int primary key) CHARSET latin1"),
              ElementsAre("CREATE TABLE `r`.`t_moved` (a int primary key) CHARSET latin1"));
  EXPECT_THAT(rewritten("alter table /* x */ t add  b int,drop a"),
              ElementsAre("alter table /* x */ `r`.`t_moved` add  b int, drop a"));
  EXPECT_THAT(rewritten("ALTER TABLE t RENAME u"),
              ElementsAre("ALTER TABLE `r`.`t_moved` RENAME TO `r`.`u_moved`"));
  EXPECT_THAT(rewritten("TRUNCATE u"), ElementsAre("TRUNCATE TABLE `r`.`u_moved`"));
  EXPECT_THAT(rewritten("CREATE INDEX i ON u (b) USING BTREE"),
              ElementsAre("ALTER TABLE `r`.`u_moved` ADD INDEX `i` (b) USING BTREE"));
  EXPECT_THAT(rewritten("DROP INDEX i ON d.u"),
              ElementsAre("ALTER TABLE `r`.`u_moved` DROP INDEX `i`"));
  EXPECT_THAT(rewritten("DROP TABLE IF EXISTS u"),
              ElementsAre("DROP TABLE IF EXISTS `r`.`u_moved`"));
}

TEST_F(RewriteDdl, databases_are_made_again_without_harm_and_with_their_character_set) {
  route();
  EXPECT_THAT(rewritten("CREATE DATABASE e"),
              ElementsAre("CREATE DATABASE IF NOT EXISTS `e` CHARACTER SET utf8mb4 COLLATE "
                          "utf8mb4_0900_ai_ci"));
  EXPECT_THAT(rewritten("ALTER DATABASE CHARACTER SET utf8mb4"),
              ElementsAre("ALTER DATABASE `r` CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci"));
  EXPECT_THAT(rewritten("DROP SCHEMA d"), ElementsAre("DROP DATABASE IF EXISTS `r`"));
}

TEST_F(RewriteDdl, default_collations_of_the_source_are_told) {
  EXPECT_THAT(rewritten("CREATE TABLE t (a varchar(3) CHARSET utf8mb4, b int)"),
              ElementsAre("CREATE TABLE `d`.`t` (a varchar(3) CHARSET utf8mb4 COLLATE "
                          "utf8mb4_0900_ai_ci, b int) DEFAULT CHARACTER SET utf8mb4 COLLATE "
                          "utf8mb4_0900_ai_ci"));
  EXPECT_THAT(rewritten("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4, ALGORITHM=COPY"),
              ElementsAre("ALTER TABLE `d`.`t` CONVERT TO CHARACTER SET utf8mb4 COLLATE "
                          "utf8mb4_0900_ai_ci"));
  EXPECT_THAT(rewritten("ALTER TABLE t CONVERT TO CHARACTER SET binary"),
              ElementsAre("ALTER TABLE `d`.`t` CONVERT TO CHARACTER SET binary"));
}

TEST_F(RewriteDdl, names_of_foreign_keys_are_told_where_the_target_gives_others) {
  track("CREATE TABLE p (id int PRIMARY KEY)");
  const auto texts = [this] {
    definitions_.forget({"d", "t"});
    auto all =
        rewritten("CREATE TABLE t (b int, FOREIGN KEY (b) REFERENCES p (id)) CHARSET latin1");
    const auto alter = rewritten(
        "ALTER TABLE t ADD c int, ADD FOREIGN KEY (c) REFERENCES p (id), ADD CONSTRAINT n FOREIGN "
        "KEY (b) REFERENCES p (id)");
    all.insert(all.end(), alter.begin(), alter.end());
    return all;
  };
  EXPECT_THAT(texts(),
              ElementsAre("CREATE TABLE `d`.`t` (b int, FOREIGN KEY (b) REFERENCES p (id)) CHARSET "
                          "latin1",
                          "ALTER TABLE `d`.`t` ADD c int, ADD FOREIGN KEY (c) REFERENCES p (id), "
                          "ADD CONSTRAINT n FOREIGN KEY (b) REFERENCES p (id)"));
  to_tidb();
  EXPECT_THAT(texts(),
              ElementsAre("CREATE TABLE `d`.`t` (b int, KEY `b` (`b`), CONSTRAINT `t_ibfk_1` "
                          "FOREIGN KEY (b) REFERENCES p (id)) CHARSET latin1 COLLATE latin1_bin",
                          "ALTER TABLE `d`.`t` ADD c int, ADD KEY `c` (`c`), ADD CONSTRAINT "
                          "`t_ibfk_2` FOREIGN KEY (c) REFERENCES p (id), ADD CONSTRAINT n FOREIGN "
                          "KEY (b) REFERENCES p (id)"));
}

TEST_F(RewriteDdl, a_key_that_stands_back_for_another_is_dropped_by_name) {
  track("CREATE TABLE p (id int PRIMARY KEY)");
  track(
      "CREATE TABLE t (a int, b int, c int, FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) "
      "REFERENCES p (id))");
  EXPECT_THAT(rewritten("ALTER TABLE t ADD KEY k (a, c)"),
              ElementsAre("ALTER TABLE `d`.`t` DROP KEY `a`, ADD KEY k (a, c)"));
  EXPECT_THAT(rewritten("CREATE INDEX b ON t (b)"),
              ElementsAre("ALTER TABLE `d`.`t` DROP KEY `b`, ADD INDEX `b` (b)"));
}

TEST_F(RewriteDdl, tables_that_are_not_wanted_are_left_out) {
  for (const std::string_view name : {"a", "b", "c"})
    track("CREATE TABLE " + std::string(name) + " (x int)");
  want_only({"a", "b"});
  EXPECT_THAT(rewritten("ALTER TABLE c ADD y int"), IsEmpty());
  EXPECT_THAT(rewritten("TRUNCATE c"), IsEmpty());
  EXPECT_THAT(rewritten("CREATE TABLE z (x int)"), IsEmpty());
  EXPECT_THAT(rewritten("RENAME TABLE a TO tmp, b TO a, tmp TO b"),
              ElementsAre("RENAME TABLE `d`.`a` TO `d`.`tmp`, `d`.`b` TO `d`.`a`, `d`.`tmp` TO "
                          "`d`.`b`"));
  EXPECT_THAT(rewritten("DROP TABLE a, c, b"), ElementsAre("DROP TABLE `d`.`a`, `d`.`b`"));
}

TEST_F(RewriteDdl, a_rename_across_the_filter_is_refused_by_name) {
  track("CREATE TABLE a (x int)");
  track("CREATE TABLE c (x int)");
  want_only({"a", "b"});
  EXPECT_THAT(rewritten("RENAME TABLE c TO b"),
              ElementsAre(HasSubstr("`d`.`b` cannot be followed")));
  EXPECT_THAT(rewritten("RENAME TABLE a TO x"),
              ElementsAre(HasSubstr("`d`.`a` cannot be followed")));
  EXPECT_THAT(rewritten("ALTER TABLE b RENAME TO y"),
              ElementsAre(HasSubstr("`d`.`b` cannot be followed")));
}

TEST_F(RewriteDdl, several_tables_become_statements_of_their_own_when_asked) {
  track("CREATE TABLE a (x int)");
  track("CREATE TABLE b (x int)");
  target_.splits_tables = true;
  target_.tag = "tideway:job:7";
  EXPECT_THAT(rewritten("RENAME TABLE a TO t, b TO a, t TO b"),
              ElementsAre("/* tideway:job:7 */ RENAME TABLE `d`.`a` TO `d`.`t`",
                          "/* tideway:job:7 */ RENAME TABLE `d`.`b` TO `d`.`a`",
                          "/* tideway:job:7 */ RENAME TABLE `d`.`t` TO `d`.`b`"));
  EXPECT_THAT(last_[0].tables, ElementsAre(TableId{"d", "a"}, TableId{"d", "t"}));
  EXPECT_THAT(rewritten("DROP TABLE a, b"), ElementsAre("/* tideway:job:7 */ DROP TABLE `d`.`a`",
                                                        "/* tideway:job:7 */ DROP TABLE `d`.`b`"));
}

TEST_F(RewriteDdl, a_table_like_another_is_written_out) {
  track("CREATE TABLE hidden (a int NOT NULL, b varchar(3), KEY k (b), PRIMARY KEY (a))");
  want_only({"t"});
  const auto texts = rewritten("CREATE TABLE t LIKE hidden");
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_THAT(texts[0], HasSubstr("CREATE TABLE `d`.`t` (\n  `a` int NOT NULL,"));
  EXPECT_THAT(texts[0], HasSubstr("KEY `k` (`b`)"));
}

TEST_F(RewriteDdl, a_statement_that_did_nothing_does_nothing) {
  track("CREATE TABLE t (a int)");
  EXPECT_THAT(rewritten("CREATE TABLE IF NOT EXISTS t (b int)"), IsEmpty());
  EXPECT_THAT(rewritten("ALTER TABLE t"), IsEmpty());
  EXPECT_THAT(rewritten("ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE"), IsEmpty());
}

TEST_F(RewriteDdl, the_options_of_a_binlog_go) {
  EXPECT_THAT(rewritten("CREATE TABLE `t` (`a` int DEFAULT NULL) CHARSET=latin1 START TRANSACTION"),
              ElementsAre("CREATE TABLE `d`.`t` (`a` int DEFAULT NULL) CHARSET=latin1"));
}

TEST_F(RewriteDdl, what_tidb_refuses_goes_and_is_reported) {
  to_tidb();
  track("CREATE TABLE t (a int, b text, FULLTEXT KEY f (b))");
  EXPECT_THAT(rewritten("ALTER TABLE t ADD FULLTEXT g (b), ADD c int, ENGINE=MyISAM, ORDER BY a"),
              ElementsAre("ALTER TABLE `d`.`t` ADD c int, ENGINE=InnoDB"));
  EXPECT_THAT(changes_, ElementsAre(HasSubstr("FULLTEXT"), HasSubstr("ENGINE=MyISAM"),
                                    HasSubstr("ORDER BY a left out")));
  EXPECT_THAT(rewritten("ALTER TABLE t DROP KEY f"), IsEmpty());
  EXPECT_THAT(rewritten("CREATE FULLTEXT INDEX h ON t (b)"), IsEmpty());
  EXPECT_THAT(
      rewritten("ALTER TABLE t ADD (d varchar(3) CHARSET latin1, FULLTEXT (b))"),
      ElementsAre("ALTER TABLE `d`.`t` ADD (d varchar(3) CHARSET latin1 COLLATE latin1_bin)"));
  EXPECT_THAT(rewritten("ALTER TABLE t REBUILD PARTITION ALL"), IsEmpty());
  EXPECT_THAT(rewritten("ALTER TABLE t FORCE"), IsEmpty());
}

TEST_F(RewriteDdl, an_older_mysql_gets_words_it_knows) {
  to_mysql(50744);
  track("CREATE TABLE t (a int NOT NULL, b varchar(5) CHARSET latin1, KEY k (a))");
  EXPECT_THAT(rewritten("ALTER TABLE t RENAME COLUMN a TO c, ALTER INDEX k INVISIBLE"),
              ElementsAre("ALTER TABLE `d`.`t` CHANGE `a` `c` int NOT NULL"));
  EXPECT_THAT(changes_, ElementsAre(HasSubstr("uses every index")));
  EXPECT_THAT(rewritten("ALTER TABLE t ADD d int INVISIBLE"),
              ElementsAre("ALTER TABLE `d`.`t` ADD d int"));
}

TEST_F(RewriteDdl, rows_that_no_log_has_are_refused_by_name) {
  track("CREATE TABLE t (a int) PARTITION BY HASH (a)");
  track("CREATE TABLE u (a int)");
  for (const std::string_view statement :
       {"ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE u", "ALTER TABLE t DISCARD TABLESPACE",
        "ALTER TABLE t IMPORT PARTITION ALL TABLESPACE"}) {
    EXPECT_THAT(rewritten(statement), ElementsAre(HasSubstr("`d`.`t` cannot be followed")))
        << statement;
  }
}

TEST_F(RewriteDdl, quotes_of_other_modes_are_written_in_the_usual_way) {
  session_.sql_mode = 0x4 | 0x100000 | 0x2;
  EXPECT_THAT(rewritten(R"(CREATE TABLE "t" ("a" enum('x\')) CHARSET latin1)"),
              ElementsAre(R"(CREATE TABLE `d`.`t` (`a` enum('x\\')) CHARSET latin1)"));
  EXPECT_EQ(last_[0].sql_mode, 0x2U);
}

TEST_F(RewriteDdl, version_comments_that_the_source_did_not_run_go) {
  session_.server_version = 50719;
  EXPECT_THAT(
      rewritten("CREATE TABLE t (a int /*!80023 INVISIBLE */, b int /*!50000 NOT NULL */) "
                "CHARSET latin1"),
      ElementsAre("CREATE TABLE `d`.`t` (a int, b int /*!50000 NOT NULL */) CHARSET latin1"));
}

TEST_F(RewriteDdl, views_are_made_under_their_name_on_the_target) {
  route();
  EXPECT_THAT(rewritten("CREATE OR REPLACE VIEW v AS SELECT 1"),
              ElementsAre("CREATE OR REPLACE VIEW `r`.`v_moved` AS SELECT 1"));
  EXPECT_EQ(last_[0].database, "r");
  EXPECT_THAT(rewritten("DROP VIEW v, w"),
              ElementsAre("DROP VIEW IF EXISTS `r`.`v_moved`, `r`.`w_moved`"));
  to_tidb();
  EXPECT_THAT(rewritten("ALTER VIEW v AS SELECT 2"),
              ElementsAre("CREATE OR REPLACE VIEW `r`.`v_moved` AS SELECT 2"));
}

TEST_F(RewriteDdl, each_action_has_its_event) {
  EXPECT_THAT(events("CREATE TABLE t (a int AUTO_INCREMENT PRIMARY KEY, b varchar(9), c "
                     "decimal(10,3), d int, e int, UNIQUE KEY u (b), KEY k (d))"),
              ElementsAre("create table"));
  EXPECT_THAT(
      events("ALTER TABLE t ADD x int UNIQUE, DROP e, ADD KEY i (d), DROP KEY u, DROP KEY k"),
      ElementsAre("add column", "drop column", "create index", "drop unique key", "drop index"));
  EXPECT_THAT(events("ALTER TABLE t MODIFY b varchar(5), MODIFY c decimal(9,2), MODIFY d bigint"),
              ElementsAre("value range decrease", "precision decrease", "modify column"));
  EXPECT_THAT(events("ALTER TABLE t CHANGE d dd bigint FIRST, MODIFY a int"),
              ElementsAre("rename column", "modify columns order", "remove auto increment"));
  EXPECT_THAT(
      events("ALTER TABLE t MODIFY b varchar(5) CHARSET latin1, COMMENT 'x', ENGINE=InnoDB"),
      ElementsAre("modify charset", "modify table comment", "modify storage engine"));
  EXPECT_THAT(events("ALTER TABLE t ALTER dd SET DEFAULT 1, DROP PRIMARY KEY, ALGORITHM=COPY"),
              ElementsAre("set default value", "drop primary key"));
  EXPECT_THAT(events("ALTER TABLE t RENAME u"), ElementsAre("rename table"));
  EXPECT_THAT(events("CREATE INDEX k9 ON u (a)"), ElementsAre("create index"));
  EXPECT_THAT(events("DROP INDEX k9 ON u"), ElementsAre("drop index"));
  EXPECT_THAT(events("TRUNCATE u"), ElementsAre("truncate table"));
  EXPECT_THAT(events("ALTER TABLE u PARTITION BY HASH (a)"),
              ElementsAre("alter table partitioning"));
  EXPECT_THAT(events("ALTER TABLE u LOCK=NONE"), ElementsAre("alter table"));
  EXPECT_THAT(events("DROP DATABASE d"), ElementsAre("drop database"));
}

}  // namespace
}  // namespace tideway
