#include "recipe/retention.h"

#include <gtest/gtest.h>

namespace tideway::recipe {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t noon = 1'700'000'000;
const Instant start{100h};

LogKept kept_for(std::optional<double> hours) {
  LogKept kept;
  kept.server_uuid = "u";
  kept.retention.way = LogRetention::Way::seconds;
  kept.retention.can_persist = true;
  kept.retention.hours = hours;
  kept.files = {{"b.000001", 100}, {"b.000002", 100}, {"b.000003", 100}};
  kept.clock_s = noon;
  return kept;
}

LogNeed needing(std::string file, std::optional<double> hours) {
  LogNeed need;
  need.from.server_uuid = "u";
  need.from.position = {std::move(file), 4};
  if (hours) need.seconds = static_cast<std::uint64_t>(*hours * 3600);
  return need;
}

TEST(RetentionGuard, a_file_that_is_still_written_is_kept_for_the_whole_time) {
  RetentionGuard guard;
  const auto verdict = guard.judge(kept_for(24), needing("b.000003", 1), start);
  EXPECT_EQ(verdict.hours_left, 24);
  EXPECT_EQ(verdict.warning, "");
}

TEST(RetentionGuard, the_age_of_a_file_is_that_since_it_was_closed) {
  RetentionGuard guard;
  auto kept = kept_for(24);
  kept.closed_s = noon - 20 * 3600;
  EXPECT_EQ(guard.judge(kept, needing("b.000002", 1), start).hours_left, 4);
}

TEST(RetentionGuard, a_file_that_is_gone_has_no_time_left_and_that_of_another_server_is_not_known) {
  RetentionGuard guard;
  EXPECT_EQ(guard.judge(kept_for(24), needing("b.000000", 1), start).hours_left, 0);
  auto need = needing("b.000001", 1);
  need.from.server_uuid = "another";
  EXPECT_FALSE(guard.judge(kept_for(24), need, start).hours_left);
}

TEST(RetentionGuard, a_log_that_is_kept_for_ever_has_no_hours_and_no_warning) {
  RetentionGuard guard;
  auto need = needing("b.000001", std::nullopt);
  need.is_endless = true;
  const auto verdict = guard.judge(kept_for(std::nullopt), need, start);
  EXPECT_FALSE(verdict.hours_left);
  EXPECT_EQ(verdict.warning, "");
}

TEST(RetentionGuard, warns_once_when_more_is_needed_than_is_kept_with_what_raises_it) {
  RetentionGuard guard;
  auto kept = kept_for(24);
  kept.closed_s = noon - 20 * 3600;
  const auto verdict = guard.judge(kept, needing("b.000002", 6), start);
  EXPECT_EQ(verdict.hours_left, 4);
  EXPECT_NE(verdict.warning.find("purges b.000002 in 4.0 hours"), std::string::npos)
      << verdict.warning;
  EXPECT_NE(verdict.warning.find("for 6.0 hours more"), std::string::npos) << verdict.warning;
  // 20 hours old, 12 for what is needed, 24 of room.
  EXPECT_NE(verdict.warning.find("SET PERSIST binlog_expire_logs_seconds = 201600"),
            std::string::npos)
      << verdict.warning;
  EXPECT_EQ(guard.judge(kept, needing("b.000002", 6), start + 1min).warning, "") << "said already";
  kept.closed_s = noon - 225 * 360;
  EXPECT_NE(guard.judge(kept, needing("b.000002", 6), start + 2min).warning, "") << "half is gone";
}

TEST(RetentionGuard, warns_anew_after_it_was_enough_for_a_while) {
  RetentionGuard guard;
  auto kept = kept_for(24);
  kept.closed_s = noon - 20 * 3600;
  EXPECT_NE(guard.judge(kept, needing("b.000002", 6), start).warning, "");
  EXPECT_EQ(guard.judge(kept, needing("b.000002", 1), start + 1min).warning, "");
  EXPECT_NE(guard.judge(kept, needing("b.000002", 6), start + 2min).warning, "");
}

TEST(RetentionGuard, a_lag_that_never_ends_is_told_before_the_last_quarter_is_over) {
  RetentionGuard guard;
  auto kept = kept_for(24);
  auto need = needing("b.000002", std::nullopt);
  need.is_endless = true;
  kept.closed_s = noon - 10 * 3600;
  EXPECT_EQ(guard.judge(kept, need, start).warning, "");
  kept.closed_s = noon - 19 * 3600;
  const auto verdict = guard.judge(kept, need, start);
  EXPECT_NE(verdict.warning.find("at this rate for ever"), std::string::npos) << verdict.warning;
}

TEST(RetentionGuard, a_retention_that_is_no_time_at_all_is_told_with_the_call_of_rds) {
  RetentionGuard guard;
  auto kept = kept_for(0);
  kept.retention.way = LogRetention::Way::rds_hours;
  const auto verdict = guard.judge(kept, needing("b.000003", std::nullopt), start);
  EXPECT_EQ(verdict.hours_left, 0);
  EXPECT_NE(verdict.warning.find("CALL mysql.rds_set_configuration('binlog retention hours', 24)"),
            std::string::npos)
      << verdict.warning;
}

TEST(RetentionGuard, a_limit_of_size_ends_when_the_log_has_grown_by_what_is_left_of_it) {
  RetentionGuard guard;
  auto kept = kept_for(std::nullopt);
  kept.retention.most_bytes = 1000;
  EXPECT_FALSE(guard.judge(kept, needing("b.000002", 1), start).hours_left) << "no rate yet";
  kept.files.back().bytes += 100;
  // 300 bytes are needed of 1000, and each hour brings 100.
  EXPECT_EQ(guard.judge(kept, needing("b.000002", 1), start + 1h).hours_left, 7);
}

TEST(RetentionGuard, what_was_raised_is_put_back_once_the_target_was_even_for_long) {
  RetentionGuard guard;
  EXPECT_EQ(guard.judge(kept_for(24), needing("b.000003", 5), start).warning, "");
  EXPECT_EQ(guard.judge(kept_for(72), needing("b.000003", 0), start + 1h).warning, "");
  EXPECT_EQ(guard.judge(kept_for(72), needing("b.000003", 2), start + 65min).warning, "");
  EXPECT_EQ(guard.judge(kept_for(72), needing("b.000003", 0), start + 66min).warning, "");
  const auto verdict = guard.judge(kept_for(72), needing("b.000003", 0), start + 77min);
  EXPECT_NE(verdict.warning.find("SET PERSIST binlog_expire_logs_seconds = 86400"),
            std::string::npos)
      << verdict.warning;
  EXPECT_EQ(guard.judge(kept_for(72), needing("b.000003", 0), start + 78min).warning, "");
  EXPECT_EQ(guard.judge(kept_for(24), needing("b.000003", 0), start + 79min).warning, "");
}

TEST(RetentionGuard, a_retention_that_nobody_raised_is_nothing_to_put_back) {
  RetentionGuard guard;
  for (int i = 0; i < 60; ++i)
    EXPECT_EQ(
        guard.judge(kept_for(24), needing("b.000003", 0), start + std::chrono::minutes(i)).warning,
        "");
}

TEST(CopyRate, is_that_since_it_was_first_asked) {
  CopyRate rate;
  Status status;
  status.rows_done = 1000;
  status.rows_total = 4000;
  EXPECT_FALSE(rate.seconds_left(status, start));
  status.rows_done = 2000;
  EXPECT_EQ(rate.seconds_left(status, start + 10s), 20U);
}

}  // namespace
}  // namespace tideway::recipe
