#include "assess/target_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tideway {
namespace {

using Level = Finding::Level;

TargetFacts good_target(ServerKind kind = ServerKind::mysql) {
  TargetFacts facts;
  facts.server.kind = kind;
  facts.server.version = kind == ServerKind::tidb ? 80500 : 80015;
  facts.server.max_allowed_packet = 64U << 20U;
  facts.account = "mover@%";
  facts.variables = {{"innodb_read_only", "OFF"}, {"sql_mode", "STRICT_TRANS_TABLES"}};
  return facts;
}

const Finding* find(const Assessment& assessment, std::string_view name) {
  const auto found = std::ranges::find(assessment.findings, name, &Finding::name);
  return found == assessment.findings.end() ? nullptr : &*found;
}

Assessment judged(const TargetFacts& facts) {
  Assessment assessment;
  judge_target(facts, assessment);
  return assessment;
}

TEST(TargetRules, a_target_as_it_should_be_has_no_findings) {
  EXPECT_TRUE(judged(good_target()).findings.empty());
  EXPECT_TRUE(judged(good_target(ServerKind::tidb)).findings.empty());
}

TEST(TargetRules, a_reader_is_a_blocker_and_nothing_else_is_said_of_it) {
  auto facts = good_target();
  facts.variables["innodb_read_only"] = "ON";
  facts.no_kill = Error(ErrorCode::missing_privilege, Side::target, Retry::never, "refused");
  const auto assessment = judged(facts);
  ASSERT_EQ(assessment.findings.size(), 1U);
  EXPECT_EQ(assessment.findings[0].error, ErrorCode::connect_role);
}

TEST(TargetRules, what_could_not_be_done_keeps_its_code_and_grant) {
  auto facts = good_target();
  Evidence evidence;
  evidence.statement = "GRANT CREATE ON tideway_meta.* TO mover@'%'";
  facts.no_progress_tables =
      Error(ErrorCode::missing_privilege, Side::target, Retry::never, evidence, "refused");
  const auto assessment = judged(facts);
  ASSERT_NE(find(assessment, "progress_tables"), nullptr);
  EXPECT_EQ(find(assessment, "progress_tables")->error, ErrorCode::missing_privilege);
  EXPECT_EQ(find(assessment, "progress_tables")->mend.at(0), evidence.statement);
}

TEST(TargetRules, a_read_only_server_is_told_how_to_be_none) {
  auto facts = good_target();
  facts.no_progress_tables = Error(ErrorCode::read_only, Side::target, Retry::never, "--read-only");
  const auto assessment = judged(facts);
  ASSERT_NE(find(assessment, "read_only"), nullptr);
  EXPECT_EQ(find(assessment, "read_only")->mend.at(0),
            "SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF");
}

TEST(TargetRules, a_tidb_says_what_it_lacks) {
  auto facts = good_target(ServerKind::tidb);
  facts.has_global_kill = false;
  facts.has_new_collations = false;
  facts.variables["tidb_gc_life_time"] = "1m0s";
  facts.variables["tidb_enable_foreign_key"] = "OFF";
  const auto assessment = judged(facts);
  EXPECT_EQ(find(assessment, "global_kill")->level, Level::blocker);
  EXPECT_EQ(find(assessment, "new_collations")->level, Level::warning);
  EXPECT_EQ(find(assessment, "tidb_gc_life_time")->mend.at(0),
            "SET GLOBAL tidb_gc_life_time = '1h'");
  EXPECT_EQ(find(assessment, "tidb_enable_foreign_key")->level, Level::warning);
  facts = good_target(ServerKind::tidb);
  EXPECT_TRUE(judged(facts).findings.empty()) << "what is not known is not off";
}

TEST(TargetRules, what_differs_between_the_sides_is_told) {
  SourceFacts source;
  source.server.max_allowed_packet = 1U << 30U;
  source.variables = {{"sql_mode", "ANSI_QUOTES"}};
  Assessment assessment;
  judge_both(source, good_target(), assessment);
  EXPECT_EQ(find(assessment, "max_allowed_packet")->mend.at(0),
            "SET PERSIST max_allowed_packet = 1073741824");
  EXPECT_EQ(find(assessment, "variable")->mend.at(0), "SET GLOBAL sql_mode = 'ANSI_QUOTES'");
  source.server.max_allowed_packet = 1U << 20U;
  source.variables["sql_mode"] = "STRICT_TRANS_TABLES";
  Assessment none;
  judge_both(source, good_target(), none);
  EXPECT_TRUE(none.findings.empty());
}

}  // namespace
}  // namespace tideway
