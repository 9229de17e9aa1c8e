#include "mysql/session_setup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace tideway {
namespace {

std::optional<std::string> literal_of(const std::vector<Setting>& settings, std::string_view name) {
  const auto found = std::ranges::find(settings, name, &Setting::name);
  if (found == settings.end()) return std::nullopt;
  return found->literal;
}

TEST(SessionSettings, include_only_variables_that_the_server_has) {
  Server mysql;
  EXPECT_EQ(literal_of(settings_for(mysql, {}, {}), "max_execution_time"), std::nullopt);
  EXPECT_EQ(
      literal_of(settings_for(mysql, {{"max_execution_time", "5"}}, {}), "max_execution_time"),
      "0");
}

TEST(SessionSettings, of_tidb_are_pessimistic_and_leave_what_it_lacks) {
  Server tidb;
  tidb.kind = ServerKind::tidb;
  const auto settings =
      settings_for(tidb, {{"tidb_txn_mode", ""}, {"allow_auto_random_explicit_insert", "0"}}, {});
  EXPECT_EQ(literal_of(settings, "tidb_txn_mode"), "'pessimistic'");
  EXPECT_EQ(literal_of(settings, "allow_auto_random_explicit_insert"), "1");
  EXPECT_EQ(literal_of(settings, "sql_quote_show_create"), std::nullopt);
  // Older ones refuse to check foreign keys: asking for it would fail the session for nothing.
  EXPECT_EQ(literal_of(settings, "foreign_key_checks"), std::nullopt);
  EXPECT_EQ(literal_of(settings_for(tidb, {}, {.foreign_key_checks = false}), "foreign_key_checks"),
            "0");
}

TEST(SessionSettings, are_compared_as_the_server_means_them) {
  EXPECT_TRUE(is_as_expected({"sql_mode", "", "A,B"}, "B,a"));
  EXPECT_FALSE(is_as_expected({"sql_mode", "", "A,B"}, "A,B,C"));
  EXPECT_FALSE(is_as_expected({"sql_mode", "", "A,B"}, "A"));
  EXPECT_TRUE(is_as_expected({"autocommit", "", "1"}, "ON"));
  EXPECT_TRUE(is_as_expected({"sql_safe_updates", "", "0"}, "OFF"));
  EXPECT_FALSE(is_as_expected({"autocommit", "", "1"}, "0"));
  EXPECT_TRUE(is_as_expected({"max_statement_time", "", "0"}, "0.000000"));
  EXPECT_FALSE(is_as_expected({"time_zone", "", "+00:00"}, "SYSTEM"));
}

}  // namespace
}  // namespace tideway
