#include "sql/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/create_table.h"
#include "testing/fixture.h"

namespace tideway {
namespace {

using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TargetTraits mysql(std::uint32_t version) {
  TargetTraits target;
  target.version = version;
  target.charsets = {
      {"latin1", "latin1_swedish_ci"}, {"gbk", "gbk_chinese_ci"}, {"binary", "binary"}};
  target.collations = {"latin1_swedish_ci",
                       "latin1_german1_ci",
                       "latin1_bin",
                       "gbk_chinese_ci",
                       "binary",
                       "utf8mb4_unicode_520_ci",
                       "utf8mb4_unicode_ci",
                       "utf8mb4_general_ci",
                       "utf8mb4_bin"};
  if (version >= 80000) {
    target.charsets["utf8mb4"] = "utf8mb4_0900_ai_ci";
    target.collations.insert({"utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs"});
  } else {
    target.charsets["utf8mb4"] = "utf8mb4_general_ci";
  }
  if (version >= 80030) {
    target.charsets["utf8mb3"] = "utf8mb3_general_ci";
    target.collations.insert({"utf8mb3_general_ci", "utf8mb3_bin"});
  } else {
    target.charsets["utf8"] = "utf8_general_ci";
    target.collations.insert({"utf8_general_ci", "utf8_bin"});
  }
  return target;
}

TargetTraits mariadb() {
  TargetTraits target = mysql(50700);
  target.kind = TargetTraits::Kind::mariadb;
  target.version = 101100;
  return target;
}

TargetTraits tidb() {
  TargetTraits target;
  target.kind = TargetTraits::Kind::tidb;
  target.version = 80501;
  target.charsets = {{"ascii", "ascii_bin"},   {"binary", "binary"}, {"gbk", "gbk_chinese_ci"},
                     {"latin1", "latin1_bin"}, {"utf8", "utf8_bin"}, {"utf8mb4", "utf8mb4_bin"}};
  target.collations = {"ascii_bin",
                       "binary",
                       "gbk_bin",
                       "gbk_chinese_ci",
                       "latin1_bin",
                       "utf8_bin",
                       "utf8_general_ci",
                       "utf8_unicode_ci",
                       "utf8mb4_bin",
                       "utf8mb4_general_ci",
                       "utf8mb4_unicode_ci",
                       "utf8mb4_0900_ai_ci",
                       "utf8mb4_0900_bin"};
  return target;
}

struct Shown {
  std::string text;
  std::vector<std::string> changes;
};

Shown shown(const Result<Rewritten>& rewritten) {
  if (!rewritten) {
    ADD_FAILURE() << rewritten.error().to_line();
    return {};
  }
  Shown out{rewritten->text, {}};
  for (const StatementChange& change : rewritten->changes) out.changes.push_back(to_text(change));
  return out;
}

Shown table(std::string_view sql, const TargetTraits& target) {
  return shown(rewrite_create_table(sql, {"d", "t"}, target));
}

// A table of one column and these options.
std::string options(std::string_view text, const TargetTraits& target) {
  const std::string out = table("CREATE TABLE t (a int) " + std::string(text), target).text;
  const std::string begin = "CREATE TABLE IF NOT EXISTS `d`.`t` (a int)";
  EXPECT_THAT(out, StartsWith(begin));
  return out.substr(std::min(begin.size(), out.size()));
}

std::string element(std::string_view text, const TargetTraits& target) {
  const std::string out =
      table("CREATE TABLE t (a int, " + std::string(text) + ", z int)", target).text;
  const std::string begin = "CREATE TABLE IF NOT EXISTS `d`.`t` (a int, ", end = "z int)";
  EXPECT_THAT(out, AllOf(StartsWith(begin), ::testing::EndsWith(end)));
  return out.substr(begin.size(), out.size() - begin.size() - end.size());
}

TEST(Rewrite, the_name_is_forced_and_the_rest_is_kept_to_the_byte) {
  const std::string sql = testing::read_fixture("ddl/mysql80_all_types.sql");
  const Shown same = shown(rewrite_create_table(sql, {"my`d", "t.x"}, mysql(80030)));
  EXPECT_THAT(same.changes, IsEmpty());
  EXPECT_EQ(same.text, "CREATE TABLE IF NOT EXISTS `my``d`.`t.x` " + sql.substr(sql.find('(')));
  EXPECT_THAT(table("create table if not exists `x` . y(a int) ;", mysql(80030)).text,
              "create table IF NOT EXISTS `d`.`t`(a int)");
}

TEST(Rewrite, or_replace_and_temporary_go) {
  const Shown out = table("CREATE OR REPLACE TEMPORARY TABLE t (a int)", mysql(80030));
  EXPECT_EQ(out.text, "CREATE TABLE IF NOT EXISTS `d`.`t` (a int)");
  EXPECT_THAT(out.changes, ElementsAre(HasSubstr("TEMPORARY")));
}

TEST(Rewrite, engines_become_innodb_because_rows_and_progress_commit_together) {
  EXPECT_EQ(
      options("ENGINE=MyISAM ROW_FORMAT=FIXED KEY_BLOCK_SIZE=4 AUTO_INCREMENT=7", mysql(50700)),
      " ENGINE=InnoDB AUTO_INCREMENT=7");
  TargetTraits keeping = mysql(50700);
  keeping.keeps_engines = true;
  EXPECT_EQ(options("ENGINE=MyISAM ROW_FORMAT=FIXED", keeping), " ENGINE=MyISAM ROW_FORMAT=FIXED");
  EXPECT_EQ(options("ENGINE=Aria TRANSACTIONAL=1 PAGE_CHECKSUM=1", keeping), " ENGINE=InnoDB");
  EXPECT_THAT(table("CREATE TABLE t (a int) ENGINE=MyISAM", tidb()).changes,
              ElementsAre("ENGINE=MyISAM became InnoDB: TiDB has one engine and calls it InnoDB"));
  EXPECT_EQ(options("ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8", mysql(80030)),
            " ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8");
}

TEST(Rewrite, options_that_name_places_of_the_source_go) {
  EXPECT_EQ(
      options("ENGINE=InnoDB DATA DIRECTORY='/x' COMMENT='DATA DIRECTORY=''y'''", mysql(80030)),
      " ENGINE=InnoDB COMMENT='DATA DIRECTORY=''y'''");
  EXPECT_EQ(options("/*!50100 TABLESPACE `ts` */ ENGINE=InnoDB", mysql(80030)), " ENGINE=InnoDB");
  EXPECT_EQ(options("ENGINE=MRG_MyISAM INSERT_METHOD=LAST UNION=(`a`,`b`)", mysql(80030)),
            " ENGINE=InnoDB");
}

TEST(Rewrite, version_comments_follow_the_target) {
  const std::string sql = "b int DEFAULT NULL /*!80023 INVISIBLE */";
  EXPECT_EQ(element(sql, mysql(80023)), sql + ", ");
  EXPECT_EQ(element(sql, mysql(80015)), "b int DEFAULT NULL, ");
  EXPECT_EQ(element(sql, tidb()), "b int DEFAULT NULL, ");
  EXPECT_EQ(element(sql, mariadb()), "b int DEFAULT NULL  INVISIBLE , ");
  EXPECT_THAT(
      table("CREATE TABLE t (`a` int /*!80023 INVISIBLE */, b int)", mysql(80015)).changes,
      ElementsAre(
          "`a`: INVISIBLE left out: MySQL has it from 8.0.23 on, the target is MySQL 8.0.15"));
  EXPECT_THAT(table("CREATE TABLE t (a int /*!80023 INVISIBLE */, b int)", tidb()).changes,
              ElementsAre(HasSubstr(
                  "column `a`: INVISIBLE left out: TiDB 8.5.1 has no invisible columns")));
  EXPECT_EQ(element("b text /*M!100301 COMPRESSED*/", mysql(80030)), "b text, ");
  EXPECT_EQ(element("b text /*!100301 COMPRESSED*/", mysql(80030)), "b text, ");
  EXPECT_EQ(element("b text /*!100301 COMPRESSED*/", mariadb()), "b text /*!100301 COMPRESSED*/, ");
}

TEST(Rewrite, what_only_tidb_has_stays_there) {
  const std::string sql = testing::read_fixture("ddl/tidb.sql");
  const Shown kept = table(sql, tidb());
  EXPECT_THAT(kept.text, HasSubstr("AUTO_RANDOM(5, 54)"));
  EXPECT_THAT(kept.changes, ElementsAre(HasSubstr("TTL_ENABLE='ON' became 'OFF'")));
  EXPECT_THAT(kept.text, HasSubstr("/*T![ttl] TTL_ENABLE='OFF' */"));
  const Shown left = table(sql, mysql(80030));
  EXPECT_THAT(left.text, Not(HasSubstr("/*T")));
  EXPECT_THAT(left.changes,
              Contains(HasSubstr("`id`: AUTO_RANDOM(5, 54) left out: only TiDB has it")));
  EXPECT_THAT(left.changes, Contains(HasSubstr("key `vi` left out")));
  EXPECT_TRUE(parse_create_table(left.text, "d"));
}

TEST(Rewrite, what_only_mariadb_has_stays_there) {
  const std::string sql = testing::read_fixture("ddl/mariadb.sql");
  TargetTraits keeping = mariadb();
  keeping.keeps_engines = true;
  keeping.collations.clear();
  EXPECT_THAT(table(sql, keeping).changes, IsEmpty());
  const Shown left = table(sql, mysql(80030));
  const auto parsed = parse_create_table(left.text, "d");
  ASSERT_TRUE(parsed) << parsed.error().to_line() << left.text;
  std::vector<std::string> names;
  for (const Column& column : parsed->columns)
    names.push_back(column.name + " " + column.type.text);
  EXPECT_THAT(names, ElementsAre("id int(11)", "u char(36)", "ip varchar(39)", "j longtext",
                                 "v varchar(10)", "c text", "g int(11)", "p int(11)", "dt datetime",
                                 "w int(11)", "from date", "to date"));
  EXPECT_THAT(left.text, AllOf(Not(HasSubstr("PERIOD")), Not(HasSubstr("VERSIONING")),
                               Not(HasSubstr("OVERLAPS")), Not(HasSubstr("PERSISTENT")),
                               Not(HasSubstr("nextval")), Not(HasSubstr("IGNORED"))));
  EXPECT_THAT(left.text, HasSubstr("DEFAULT (uuid())"));
  EXPECT_THAT(left.text, HasSubstr("DEFAULT (concat('a',')'))"));
  EXPECT_THAT(left.text, HasSubstr("DEFAULT current_timestamp() ON UPDATE"));
  EXPECT_EQ(parsed->partition_text, "");
}

TEST(Rewrite, keys_that_the_target_cannot_have_go_with_a_reason) {
  const std::string sql = testing::read_fixture("ddl/mysql80_new_syntax.sql");
  const Shown old = table(sql, mysql(50719));
  EXPECT_THAT(old.changes,
              Contains("key `f` left out: MySQL 5.7.19 has no indexes on expressions"));
  EXPECT_THAT(old.changes, Contains(HasSubstr("key `mv` left out")));
  EXPECT_THAT(table(sql, mysql(80015)).changes,
              Contains("key `mv` left out: MySQL 8.0.15 has no indexes on the values of an array"));
  EXPECT_THAT(old.changes, Contains(HasSubstr("CHECK `chk_1` has no effect")));
  EXPECT_THAT(old.changes, Contains(HasSubstr("column `b`: DEFAULT (concat")));
  const auto parsed = parse_create_table(old.text, "d");
  ASSERT_TRUE(parsed) << parsed.error().to_line();
  EXPECT_EQ(parsed->keys.size(), 4U);
  const Shown wide = table(sql, tidb());
  EXPECT_THAT(wide.changes, Contains("key `ft` left out: TiDB has no FULLTEXT indexes"));
  EXPECT_THAT(wide.text, HasSubstr("KEY `f`"));
  TargetTraits picky = tidb();
  picky.refuses_index_expressions = true;
  EXPECT_THAT(table(sql, picky).changes, Contains(HasSubstr("key `f` left out: TiDB takes few")));
  EXPECT_THAT(table(sql, picky).text, Not(HasSubstr("KEY `f`")));
  const Shown parts = table(testing::read_fixture("ddl/mysql80_partitions.sql"), tidb());
  EXPECT_THAT(parts.changes, Contains("SUBPARTITION BY left out: TiDB has no subpartitions"));
  EXPECT_THAT(parts.text, Not(HasSubstr("SUBPARTITION")));
  EXPECT_THAT(table(testing::read_fixture("ddl/mysql80_all_types.sql"), tidb()).changes,
              Contains("key `sp` left out: TiDB has no SPATIAL indexes"));
}

TEST(Rewrite, types_that_the_target_lacks_become_others) {
  EXPECT_EQ(element("b geomcollection", mysql(50719)), "b geometrycollection, ");
  EXPECT_EQ(element("b geomcollection", mysql(80030)), "b geomcollection, ");
  EXPECT_EQ(element("b vector(3) NOT NULL", mysql(80030)), "b longtext NOT NULL, ");
  EXPECT_EQ(element("b vector(3) NOT NULL", mysql(90000)), "b vector(3) NOT NULL, ");
  EXPECT_EQ(element("b inet6", tidb()), "b varchar(39), ");
  EXPECT_EQ(element("b inet6", mariadb()), "b inet6, ");
}

TEST(Rewrite, a_type_that_the_target_has_in_no_form_is_said_to_be_impossible) {
  const std::string sql =
      "CREATE TABLE t (a int, g geometry, `point` int, p point NOT NULL, KEY (`point`))";
  const auto rewritten = rewrite_create_table(sql, {"d", "t"}, tidb());
  ASSERT_TRUE(rewritten) << rewritten.error().to_line();
  const StatementChange first{"column `g` is geometry", "TiDB has no spatial types", true};
  const StatementChange second{"column `p` is point", "TiDB has no spatial types", true};
  EXPECT_THAT(rewritten->changes, ElementsAre(first, second));
  EXPECT_THAT(table(sql, mysql(80030)).changes, IsEmpty());
}

TEST(Rewrite, elements_go_with_their_comma) {
  EXPECT_EQ(table("CREATE TABLE t (FULLTEXT KEY a (b), b text)", tidb()).text,
            "CREATE TABLE IF NOT EXISTS `d`.`t` (b text)");
  EXPECT_EQ(table("CREATE TABLE t (b text, FULLTEXT KEY a (b), SPATIAL KEY (c))", tidb()).text,
            "CREATE TABLE IF NOT EXISTS `d`.`t` (b text)");
  EXPECT_EQ(
      table("CREATE TABLE t (b text,\n  FULLTEXT KEY a (b),\n  c int,\n  FULLTEXT (b)\n)", tidb())
          .text,
      "CREATE TABLE IF NOT EXISTS `d`.`t` (b text,\n  c int\n)");
}

TEST(Rewrite, invisible_keys_are_called_ignored_in_mariadb) {
  EXPECT_EQ(element("KEY k (a) /*!80000 INVISIBLE */", mariadb()), "KEY k (a)  IGNORED , ");
  EXPECT_EQ(element("KEY k (a) IGNORED", mysql(80030)), "KEY k (a) INVISIBLE, ");
  EXPECT_EQ(element("CONSTRAINT c CHECK (a > 0) /*!80016 NOT ENFORCED */", mariadb()), "");
}

TEST(Rewrite, collations_that_the_target_lacks_become_the_nearest_it_has) {
  EXPECT_EQ(options("DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci", mysql(50719)),
            " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci");
  EXPECT_EQ(options("DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_as_cs", mysql(50719)),
            " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin");
  EXPECT_EQ(options("DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_ai_ci", mysql(80030)),
            " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci");
  EXPECT_EQ(options("DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci", tidb()),
            " DEFAULT CHARSET=latin1 COLLATE=latin1_bin");
  EXPECT_EQ(options("DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_as_cs", tidb()),
            " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin")
      << "neither pads: 'a' and 'a ' are two keys";
  EXPECT_EQ(options("DEFAULT CHARSET=cp1251 COLLATE=cp1251_general_ci", tidb()),
            " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci");
  EXPECT_EQ(options("CHARSET=cp1251 COLLATE cp1251_bin", tidb()),
            " CHARSET=utf8mb4 COLLATE utf8mb4_bin");
  EXPECT_THAT(
      table("CREATE TABLE t (a int) CHARSET=latin1 COLLATE=latin1_swedish_ci", tidb()).changes,
      ElementsAre("table: latin1_swedish_ci became latin1_bin: the target does not have "
                  "latin1_swedish_ci; comparisons now "
                  "tell upper from lower case"));
  EXPECT_EQ(options("DEFAULT CHARSET=utf8 COLLATE=utf8_bin", mysql(80030)),
            " DEFAULT CHARSET=utf8 COLLATE=utf8mb3_bin");
}

TEST(Rewrite, a_default_collation_of_the_source_is_written_out_where_the_target_has_another) {
  EXPECT_EQ(options("DEFAULT CHARSET=utf8mb4", mysql(50719)), " DEFAULT CHARSET=utf8mb4");
  EXPECT_EQ(options("DEFAULT CHARSET=utf8mb4", mysql(80030)),
            " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci");
  EXPECT_EQ(options("DEFAULT CHARSET=latin1", tidb()),
            " DEFAULT CHARSET=latin1 COLLATE=latin1_bin");
  EXPECT_EQ(options("DEFAULT CHARSET=utf8", mysql(80030)), " DEFAULT CHARSET=utf8");
  EXPECT_THAT(table("CREATE TABLE t (a int) DEFAULT CHARSET=utf8mb4", mysql(80030)).changes,
              IsEmpty());
  EXPECT_EQ(element("b varchar(3) CHARACTER SET utf8mb4 NOT NULL", tidb()),
            "b varchar(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL, ");
  EXPECT_EQ(element("b varchar(3) CHARACTER SET binary", tidb()),
            "b varchar(3) CHARACTER SET binary, ");
  EXPECT_EQ(element("b varchar(3)", tidb()), "b varchar(3), ");
}

TEST(Rewrite, without_lists_no_collation_is_touched) {
  TargetTraits target = tidb();
  target.collations.clear();
  EXPECT_EQ(options("DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci", target),
            " DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci");
}

TEST(Rewrite, referenced_tables_follow_the_renaming) {
  const Renaming renaming = [](const TableId& id) {
    return id.database == "shop" ? TableId{"d", id.name + "_2"} : id;
  };
  const char* const sql =
      "CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES `p` (x), CONSTRAINT f FOREIGN KEY (a) "
      "REFERENCES o.p (x))";
  EXPECT_EQ(shown(rewrite_create_table(sql, {"d", "t"}, mysql(80030), "shop", renaming)).text,
            "CREATE TABLE IF NOT EXISTS `d`.`t` (a int, FOREIGN KEY (a) REFERENCES `p_2` (x), "
            "CONSTRAINT f FOREIGN KEY (a) REFERENCES "
            "`o`.`p` (x))");
  EXPECT_THAT(table(sql, mysql(80030)).text, HasSubstr("REFERENCES `p` (x)"));
}

TEST(Rewrite, databases) {
  const auto database = [](std::string_view sql, const TargetTraits& target) {
    return shown(rewrite_create_database(sql, "x`y", target));
  };
  const char* const sql =
      "CREATE DATABASE `a` /*!40100 DEFAULT CHARACTER SET latin1 */ /*!80016 DEFAULT "
      "ENCRYPTION='N' */";
  EXPECT_EQ(database(sql, mysql(80030)).text,
            "CREATE DATABASE IF NOT EXISTS `x``y` /*!40100 DEFAULT CHARACTER SET latin1 */ "
            "/*!80016 DEFAULT ENCRYPTION='N' */");
  EXPECT_EQ(database(sql, mysql(50719)).text,
            "CREATE DATABASE IF NOT EXISTS `x``y` /*!40100 DEFAULT CHARACTER SET latin1 */");
  const Shown wide = database(sql, tidb());
  EXPECT_EQ(wide.text,
            "CREATE DATABASE IF NOT EXISTS `x``y` /*!40100 DEFAULT CHARACTER SET latin1 COLLATE "
            "latin1_bin */");
  EXPECT_EQ(wide.changes.size(), 2U);
  EXPECT_EQ(database("create schema if not exists a", tidb()).text,
            "create schema IF NOT EXISTS `x``y`");
  EXPECT_FALSE(rewrite_create_database("CREATE TABLE t (a int)", "x", tidb()));
}

TEST(Rewrite, views) {
  const std::string sql =
      "CREATE OR REPLACE ALGORITHM=UNDEFINED DEFINER=`ro``ot`@`%` SQL SECURITY DEFINER VIEW "
      "`a`.`v` (`x`) AS select "
      "`t`.`c` COLLATE utf8mb4_0900_ai_ci AS `VIEW` from `a`.`t`";
  const Shown kept = shown(rewrite_create_view(sql, {"d", "w"}, mysql(80030), Definer::keep));
  EXPECT_THAT(kept.changes, IsEmpty());
  EXPECT_EQ(kept.text,
            "CREATE ALGORITHM=UNDEFINED DEFINER=`ro``ot`@`%` SQL SECURITY DEFINER VIEW `d`.`w` "
            "(`x`) AS select "
            "`t`.`c` COLLATE utf8mb4_0900_ai_ci AS `VIEW` from `a`.`t`");
  const Shown dropped = shown(rewrite_create_view(sql, {"d", "w"}, mysql(50719), Definer::drop));
  EXPECT_EQ(dropped.text,
            "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `d`.`w` (`x`) AS select "
            "`t`.`c` COLLATE utf8mb4_unicode_520_ci AS `VIEW` from `a`.`t`");
  EXPECT_EQ(dropped.changes.size(), 2U);
  EXPECT_EQ(shown(rewrite_create_view("/*!50001 CREATE */ /*!50013 DEFINER=CURRENT_USER() */ "
                                      "/*!50001 VIEW v AS select 1 */;",
                                      {"d", "w"}, mysql(80030), Definer::drop))
                .text,
            "/*!50001 CREATE */ /*!50001 VIEW `d`.`w` AS select 1 */");
  EXPECT_FALSE(
      rewrite_create_view("CREATE TABLE t (a int)", {"d", "w"}, mysql(80030), Definer::keep));
}

// What was rewritten is still a table of the same columns, but for those that only the source can
// have.
TEST(Rewrite, every_fixture_stays_readable_for_every_target) {
  for (const char* name :
       {"mysql80_all_types.sql", "mysql80_new_syntax.sql", "mysql80_partitions.sql", "mysql57.sql",
        "mysql56_partitions.sql", "mariadb.sql", "tidb.sql", "hostile_names.sql", "by_hand.sql"}) {
    const std::string sql = testing::read_fixture("ddl/"s + name);
    for (const TargetTraits& target :
         {mysql(50719), mysql(80015), mysql(80030), mariadb(), tidb()}) {
      const Shown out = table(sql, target);
      const auto before = parse_create_table(sql, "d"), after = parse_create_table(out.text, "d");
      ASSERT_TRUE(after) << name << after.error().to_line() << "\n" << out.text;
      EXPECT_EQ(after->id, (TableId{"d", "t"}));
      EXPECT_EQ(stored_columns(*after).size(), stored_columns(*before).size()) << name;
      const Shown again = table(out.text, target);
      EXPECT_EQ(again.text, out.text) << "what was rewritten once needs no more";
    }
  }
}

TEST(Rewrite, what_is_no_such_statement_is_an_error) {
  for (const char* sql : {"", "SELECT 1", "CREATE TABLE t LIKE u", "CREATE TABLE t (a int",
                          "CREATE TABLE (a int)", "CREATE TABLE t"}) {
    EXPECT_FALSE(rewrite_create_table(sql, {"d", "t"}, tidb())) << sql;
  }
}

}  // namespace
}  // namespace tideway
