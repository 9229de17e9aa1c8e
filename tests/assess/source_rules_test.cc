#include "assess/source_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tideway {
namespace {

using Level = Finding::Level;

// One of which there is nothing to say.
SourceFacts good_source() {
  SourceFacts facts;
  facts.server.version = 80015;
  facts.server.binlog_on = facts.server.gtid_on = true;
  facts.account = "mover@%";
  facts.variables = {
      {"binlog_format", "ROW"},     {"binlog_row_image", "FULL"}, {"binlog_row_value_options", ""},
      {"binlog_checksum", "CRC32"}, {"server_id", "7"},           {"sync_binlog", "1"}};
  facts.log = LogStatus{};
  facts.retention.way = LogRetention::Way::seconds;
  facts.retention.hours = 720;
  facts.retention.can_persist = true;
  return facts;
}

Assessment judged(const SourceFacts& facts, const Purpose& purpose = {}) {
  Assessment assessment;
  judge_source(facts, purpose, assessment);
  return assessment;
}

const Finding* find(const Assessment& assessment, std::string_view name) {
  const auto found = std::ranges::find(assessment.findings, name, &Finding::name);
  return found == assessment.findings.end() ? nullptr : &*found;
}

TEST(SourceRules, a_source_as_it_should_be_has_no_findings) {
  EXPECT_TRUE(judged(good_source()).findings.empty());
}

struct Setting {
  std::string variable, value;
  Level level;
  std::string mend;
};
class SourceRulesSettings : public testing::TestWithParam<Setting> {};

TEST_P(SourceRulesSettings,
       a_setting_that_does_not_serve_is_told_with_the_statement_that_mends_it) {
  auto facts = good_source();
  facts.variables[GetParam().variable] = GetParam().value;
  const auto assessment = judged(facts);
  ASSERT_EQ(assessment.findings.size(), 1U);
  EXPECT_EQ(assessment.findings[0].name, GetParam().variable);
  EXPECT_EQ(assessment.findings[0].level, GetParam().level);
  EXPECT_EQ(assessment.findings[0].mend, std::vector<std::string>{GetParam().mend});
}

INSTANTIATE_TEST_SUITE_P(
    all, SourceRulesSettings,
    testing::Values(
        Setting{"binlog_format", "STATEMENT", Level::blocker, "SET PERSIST binlog_format = 'ROW'"},
        Setting{"binlog_format", "MIXED", Level::blocker, "SET PERSIST binlog_format = 'ROW'"},
        Setting{"binlog_row_value_options", "PARTIAL_JSON", Level::blocker,
                "SET PERSIST binlog_row_value_options = ''"},
        Setting{"binlog_transaction_compression", "ON", Level::blocker,
                "SET PERSIST binlog_transaction_compression = OFF"},
        Setting{"server_id", "0", Level::blocker, "SET PERSIST server_id = 1"},
        Setting{"binlog_row_image", "MINIMAL", Level::warning,
                "SET PERSIST binlog_row_image = 'FULL'"},
        Setting{"binlog_checksum", "NONE", Level::note, "SET PERSIST binlog_checksum = 'CRC32'"},
        Setting{"sync_binlog", "0", Level::note, "SET PERSIST sync_binlog = 1"}));

TEST(SourceRules, an_old_server_sets_globally_and_aurora_in_its_parameter_group) {
  auto facts = good_source();
  facts.variables["binlog_format"] = "STATEMENT";
  facts.server.version = 50719;
  EXPECT_EQ(find(judged(facts), "binlog_format")->mend.at(0), "SET GLOBAL binlog_format = 'ROW'");
  facts.server.kind = ServerKind::aurora;
  EXPECT_EQ(find(judged(facts), "binlog_format")->mend.at(0),
            "in the parameter group of the DB cluster: binlog_format = ROW");
}

TEST(SourceRules, a_log_that_is_off_stops_following_and_only_warns_a_copy) {
  auto facts = good_source();
  facts.server.binlog_on = false;
  EXPECT_EQ(find(judged(facts), "log_bin")->level, Level::blocker);
  EXPECT_EQ(find(judged(facts, {true, false}), "log_bin")->level, Level::warning);
}

TEST(SourceRules, what_the_account_could_not_do_is_told_with_the_grant) {
  auto facts = good_source();
  Evidence evidence;
  evidence.statement = "GRANT REPLICATION SLAVE ON *.* TO mover@'%'";
  facts.no_log_events =
      Error(ErrorCode::missing_privilege, Side::source, Retry::never, evidence, "refused");
  const auto assessment = judged(facts);
  const Finding* found = find(assessment, "replication_slave");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->level, Level::blocker);
  EXPECT_EQ(found->subjects, std::vector<std::string>{"mover@%"});
  EXPECT_EQ(found->mend, std::vector<std::string>{evidence.statement});
  EXPECT_EQ(judged(facts, {true, false}).count(Level::blocker), 0U) << "a copy is unproven then";
}

TEST(SourceRules, a_short_retention_is_a_warning_with_what_raises_it) {
  auto facts = good_source();
  facts.retention.hours = 2;
  const auto assessment = judged(facts);
  ASSERT_NE(find(assessment, "retention"), nullptr);
  EXPECT_EQ(find(assessment, "retention")->mend.at(0),
            "SET PERSIST binlog_expire_logs_seconds = 259200");
  facts.retention.hours.reset();
  EXPECT_EQ(find(judged(facts), "retention"), nullptr) << "for ever is long enough";
}

TEST(SourceRules, each_prepared_branch_and_long_transaction_has_what_ends_it) {
  auto facts = good_source();
  facts.branches = {"X'61',X'',1", "X'62',X'',1"};
  facts.long_transactions = {{17, 3000}, {18, 70}};
  const auto assessment = judged(facts);
  EXPECT_EQ(find(assessment, "prepared")->mend,
            (std::vector<std::string>{"XA ROLLBACK X'61',X'',1", "XA ROLLBACK X'62',X'',1"}));
  EXPECT_EQ(find(assessment, "long_transaction")->mend,
            (std::vector<std::string>{"KILL 17", "KILL 18"}));
  EXPECT_FALSE(assessment.is_blocked());
}

TEST(SourceRules, a_tidb_has_no_log_to_follow) {
  auto facts = good_source();
  facts.server.kind = ServerKind::tidb;
  EXPECT_TRUE(judged(facts).is_blocked());
  EXPECT_FALSE(judged(facts, {true, false}).is_blocked());
}

}  // namespace
}  // namespace tideway
