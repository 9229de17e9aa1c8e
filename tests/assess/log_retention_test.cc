#include "assess/log_retention.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

Server server_of(std::uint32_t version, ServerKind kind = ServerKind::mysql) {
  Server server;
  server.kind = kind;
  server.version = version;
  return server;
}

TEST(LogRetention, seconds_go_before_days_on_a_server_that_has_both) {
  const auto kept = parse_log_retention(
      server_of(80015), {{"binlog_expire_logs_seconds", "7200"}, {"expire_logs_days", "0"}}, {});
  EXPECT_EQ(kept.hours, 2);
  EXPECT_EQ(kept.statement(48.0), "SET PERSIST binlog_expire_logs_seconds = 172800");
}

TEST(LogRetention, days_are_all_that_5_7_has_and_are_rounded_up) {
  const auto kept = parse_log_retention(server_of(50719), {{"expire_logs_days", "3"}}, {});
  EXPECT_EQ(kept.hours, 72);
  EXPECT_EQ(kept.statement(73.0), "SET GLOBAL expire_logs_days = 4");
}

TEST(LogRetention, zero_is_for_ever) {
  const auto kept = parse_log_retention(server_of(50719), {{"expire_logs_days", "0"}}, {});
  EXPECT_TRUE(kept.is_endless());
  EXPECT_EQ(kept.statement(std::nullopt), "SET GLOBAL expire_logs_days = 0");
  const auto off = parse_log_retention(
      server_of(80029),
      {{"binlog_expire_logs_seconds", "60"}, {"binlog_expire_logs_auto_purge", "OFF"}}, {});
  EXPECT_TRUE(off.is_endless());
}

TEST(LogRetention, on_rds_its_own_setting_counts_and_null_is_as_short_as_it_likes) {
  const Variables variables = {{"binlog_expire_logs_seconds", "2592000"}};
  const auto aurora = server_of(80028, ServerKind::aurora);
  const auto none = parse_log_retention(aurora, variables, "");
  EXPECT_EQ(none.hours, 0);
  EXPECT_FALSE(none.is_endless());
  EXPECT_EQ(none.statement(72.0), "CALL mysql.rds_set_configuration('binlog retention hours', 72)");
  EXPECT_EQ(none.statement(0.0),
            "CALL mysql.rds_set_configuration('binlog retention hours', NULL)");
  EXPECT_EQ(parse_log_retention(aurora, variables, "24").hours, 24);
}

TEST(LogRetention, a_server_that_does_not_say_is_not_known_and_not_endless) {
  const auto kept = parse_log_retention(server_of(50719), {}, {});
  EXPECT_EQ(kept.way, LogRetention::Way::unknown);
  EXPECT_FALSE(kept.is_endless());
  EXPECT_EQ(kept.statement(5.0), "");
}

TEST(LogRetention, a_limit_of_size_is_known_beside_the_age) {
  const auto kept = parse_log_retention(
      server_of(80015), {{"binlog_expire_logs_seconds", "0"}, {"binlog_space_limit", "1048576"}},
      {});
  EXPECT_EQ(kept.most_bytes, 1048576U);
}

}  // namespace
}  // namespace tideway
