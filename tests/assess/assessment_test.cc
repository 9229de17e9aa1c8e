#include "assess/assessment.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

Finding made(Finding::Level level, std::string name, std::string subject, std::string mend) {
  Finding finding;
  finding.level = level;
  finding.name = std::move(name);
  finding.subjects = {std::move(subject)};
  finding.sentence = "is wrong";
  finding.mend = {std::move(mend)};
  finding.error = ErrorCode::statement_in_log;
  return finding;
}

TEST(Assessment, what_is_the_same_of_two_tables_is_one_finding_with_what_mends_each) {
  Assessment assessment;
  assessment.add(made(Finding::Level::warning, "keyless", "a", "ALTER a"));
  assessment.add(made(Finding::Level::warning, "keyless", "b", "ALTER b"));
  assessment.add(made(Finding::Level::blocker, "keyless", "c", "ALTER c"));
  ASSERT_EQ(assessment.findings.size(), 2U);
  EXPECT_EQ(assessment.findings[0].subjects, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(assessment.findings[0].mend, (std::vector<std::string>{"ALTER a", "ALTER b"}));
  EXPECT_EQ(to_text(assessment.findings[0]), "a, b: is wrong");
}

TEST(Assessment, warnings_and_notes_stop_nothing) {
  Assessment assessment;
  assessment.add(made(Finding::Level::warning, "w", "a", "x"));
  assessment.add(made(Finding::Level::note, "n", "a", "x"));
  EXPECT_FALSE(assessment.is_blocked());
  EXPECT_FALSE(assessment.refusal());
}

TEST(Assessment, all_blockers_are_one_error_that_has_what_mends_each) {
  Assessment assessment;
  assessment.add(made(Finding::Level::note, "n", "a", "not this"));
  assessment.add(made(Finding::Level::blocker, "one", "binlog_format", "SET one"));
  assessment.add(made(Finding::Level::blocker, "two", "the account", "GRANT two"));
  const auto refusal = assessment.refusal();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code(), ErrorCode::statement_in_log);
  EXPECT_EQ(refusal->evidence().statement, "SET one");
  const std::string& message = refusal->message();
  for (const char* part :
       {"binlog_format: is wrong", "the account: is wrong", "SET one", "GRANT two"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(message.find("not this"), std::string::npos) << message;
}

TEST(Assessment, many_subjects_are_counted_and_the_first_named) {
  Finding finding = made(Finding::Level::note, "n", "t0", "");
  for (int i = 1; i < 25; ++i) finding.subjects.push_back("t" + std::to_string(i));
  const std::string text = to_text(finding);
  EXPECT_NE(text.find("t9 and 15 more: is wrong"), std::string::npos) << text;
}

}  // namespace
}  // namespace tideway
