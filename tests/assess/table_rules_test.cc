#include "assess/table_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sql/create_table.h"

namespace tideway {
namespace {

using Level = Finding::Level;

TablePtr defined(const std::string& text) {
  auto def = std::make_shared<TableDef>(parse_create_table(text, "shop").value());
  def->create_text = text;
  return def;
}

// A source with these tables, each going where it was.
struct World {
  ObjectList objects;
  std::vector<UnreadableTable> unreadable;
  std::vector<TableToMake> tables;
  SourceFacts source;
  TargetFacts target;
  Purpose purpose;

  explicit World(const std::vector<std::string>& texts) {
    source.server.version = 80015;
    target.server.version = 80015;
    for (const std::string& text : texts) {
      ListedTable listed;
      listed.def = defined(text);
      TableToMake made;
      made.source = listed.def;
      made.target = listed.id();
      objects.tables.push_back(listed);
      tables.push_back(made);
    }
  }
  Assessment judged(bool with_target = true) const {
    Assessment assessment;
    judge_objects(
        {objects, unreadable, with_target ? std::span(tables) : std::span<const TableToMake>()},
        source, with_target ? &target : nullptr, purpose, assessment);
    return assessment;
  }
};

const Finding* find(const Assessment& assessment, std::string_view name) {
  const auto found = std::ranges::find(assessment.findings, name, &Finding::name);
  return found == assessment.findings.end() ? nullptr : &*found;
}

const std::string keyed = "CREATE TABLE `a` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB";

TEST(TableRules, a_table_with_a_key_has_no_findings) {
  EXPECT_TRUE(World({keyed}).judged().findings.empty());
}

TEST(TableRules, a_table_without_a_key_that_tells_its_rows_apart_is_a_warning) {
  const World world({keyed, "CREATE TABLE `k` (`v` int) ENGINE=InnoDB",
                     "CREATE TABLE `n` (`v` int, UNIQUE KEY `v` (`v`)) ENGINE=InnoDB"});
  const auto assessment = world.judged();
  const Finding* found = find(assessment, "keyless");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->subjects, (std::vector<std::string>{"`shop`.`k`", "`shop`.`n`"}));
  EXPECT_EQ(found->mend.at(0),
            "ALTER TABLE `shop`.`k` ADD COLUMN row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT "
            "PRIMARY KEY");
}

TEST(TableRules, the_column_that_is_added_is_invisible_where_the_source_can_do_that) {
  World world({"CREATE TABLE `k` (`v` int) ENGINE=InnoDB"});
  world.source.server.version = 80023;
  const auto assessment = world.judged();
  EXPECT_NE(find(assessment, "keyless")->mend.at(0).find("INVISIBLE PRIMARY KEY"),
            std::string::npos);
}

TEST(TableRules, an_engine_without_transactions_is_a_warning) {
  World world({keyed});
  world.objects.tables[0].is_transactional = false;
  const auto assessment = world.judged();
  EXPECT_EQ(find(assessment, "engine")->mend.at(0), "ALTER TABLE `shop`.`a` ENGINE = InnoDB");
}

TEST(TableRules, a_table_that_may_not_be_read_is_a_blocker_with_its_grant) {
  World world({keyed});
  Evidence evidence;
  evidence.statement = "GRANT SELECT ON `shop`.`a` TO mover@'%'";
  world.unreadable.push_back(
      {{"shop", "a"},
       Error(ErrorCode::missing_privilege, Side::source, Retry::never, evidence, "denied")});
  const auto assessment = world.judged();
  EXPECT_EQ(find(assessment, "select")->level, Level::blocker);
  EXPECT_EQ(assessment.refusal()->evidence().statement, evidence.statement);
}

TEST(TableRules, a_database_that_the_log_leaves_out_stops_who_follows) {
  World world({keyed});
  world.objects.databases.push_back({"shop", "", "", ""});
  world.source.log = LogStatus{};
  world.source.log->without_databases = {"shop"};
  EXPECT_EQ(find(world.judged(), "binlog_do_db")->level, Level::blocker);
  world.purpose.follows = false;
  EXPECT_EQ(find(world.judged(), "binlog_do_db")->level, Level::warning);
}

TEST(TableRules, a_parent_that_is_not_taken_and_cascades_is_a_warning) {
  World world({keyed});
  world.objects.cascades.children[{"shop", "parent"}] = {{"shop", "a"}};
  EXPECT_EQ(find(world.judged(), "cascade_outside")->level, Level::warning);
}

TEST(TableRules, names_that_the_target_takes_for_one_are_a_blocker) {
  World world({keyed, "CREATE TABLE `A` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"});
  EXPECT_FALSE(world.judged().is_blocked());
  world.target.server.lower_case_table_names = 1;
  const auto assessment = world.judged();
  ASSERT_NE(find(assessment, "impossible"), nullptr);
  EXPECT_EQ(find(assessment, "impossible")->error, ErrorCode::impossible_on_target);
}

TEST(TableRules, what_the_target_cannot_have_is_a_blocker_unless_it_has_a_table_there) {
  World world(
      {"CREATE TABLE `g` (`id` int NOT NULL, `p` point NOT NULL, PRIMARY KEY (`id`)) "
       "ENGINE=InnoDB"});
  world.target.server.kind = ServerKind::tidb;
  world.target.traits.kind = TargetTraits::Kind::tidb;
  world.target.traits.version = world.target.server.version = 80500;
  EXPECT_EQ(find(world.judged(), "impossible")->level, Level::blocker);
  world.target.tables.insert({"shop", "g"});
  EXPECT_EQ(find(world.judged(), "impossible")->level, Level::note);
  EXPECT_FALSE(world.judged(false).is_blocked()) << "no target was named";
}

TEST(TableRules, a_target_that_wants_primary_keys_refuses_tables_without) {
  World world({"CREATE TABLE `k` (`v` int) ENGINE=InnoDB"});
  world.target.variables["sql_require_primary_key"] = "ON";
  const auto assessment = world.judged();
  EXPECT_EQ(find(assessment, "sql_require_primary_key")->level, Level::blocker);
  EXPECT_EQ(find(assessment, "sql_require_primary_key")->mend.at(0),
            "SET PERSIST sql_require_primary_key = OFF");
}

TEST(TableRules, what_is_not_carried_over_is_named) {
  World world({keyed});
  world.objects.not_carried.triggers = {{"shop", "t"}};
  world.objects.not_carried.accounts = {"'app'@'%'"};
  std::vector<std::string> named;
  for (const Finding& finding : world.judged().findings)
    if (finding.name == "not_carried")
      named.insert(named.end(), finding.subjects.begin(), finding.subjects.end());
  EXPECT_EQ(named, (std::vector<std::string>{"`shop`.`t`", "'app'@'%'"}));
}

TEST(TableRules, triggers_of_tables_that_will_be_filled_are_a_warning) {
  World world({keyed});
  world.target.tables = {{"shop", "a"}};
  world.target.triggered = {{"shop", "a"}, {"other", "b"}};
  const auto assessment = world.judged();
  EXPECT_EQ(find(assessment, "trigger")->subjects, std::vector<std::string>{"`shop`.`a`"});
}

}  // namespace
}  // namespace tideway
