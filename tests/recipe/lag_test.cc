#include "recipe/lag.h"

#include <gtest/gtest.h>

namespace tideway::recipe {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view server = "11111111-1111-1111-1111-111111111111";
constexpr std::int64_t noon_us = 1'700'000'000'000'000;
const Instant start{100h};

LogStart place(std::string file, std::uint64_t offset, std::optional<int> gtids = {}) {
  LogStart made;
  made.server_uuid = server;
  made.position = {std::move(file), offset};
  if (gtids) {
    made.gtids = GtidSet();
    for (int i = 1; i <= *gtids; ++i) made.gtids->add(server, static_cast<std::uint64_t>(i));
  }
  return made;
}

// The source's clock stands at noon when ours stands at `start`.
LogEnd end_at(Duration after, LogStart end) {
  return {start + after,
          noon_us + after / 1us,
          std::move(end),
          {{"b.000001", 1000}, {"b.000002", 500}, {"b.000003", 700}}};
}

LogProgressed at(LogStart base) {
  LogProgressed progress;
  progress.base = std::move(base);
  return progress;
}

TEST(Lag, nothing_is_known_before_anybody_has_answered) {
  LagMeter meter(1s);
  const Lag lag = meter.measure(at(place("b.000001", 4)), start);
  EXPECT_FALSE(lag.ms);
  EXPECT_FALSE(lag.bytes);
  EXPECT_FALSE(lag.transactions);
  EXPECT_EQ(lag.trend, Lag::Trend::unknown);
}

TEST(Lag, is_zero_only_as_long_as_the_word_of_the_source_is_young) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000002", 500)));
  auto progress = at(place("b.000002", 400));
  progress.read_commit_us = progress.applied_commit_us = noon_us - 30'000'000;
  EXPECT_EQ(meter.measure(progress, start).ms, 30'000U) << "nobody said that there is no more";
  progress.tail = start;
  EXPECT_EQ(meter.measure(progress, start + 900ms).ms, 0U);
  EXPECT_EQ(meter.measure(progress, start + 1500ms).ms, 1500U);
  EXPECT_EQ(meter.measure(progress, start + 60s).ms, 60'000U) << "a silent stream proves nothing";
}

TEST(Lag, is_the_age_of_the_oldest_unit_that_waits_whatever_the_tail_is) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000002", 500)));
  auto progress = at(place("b.000002", 400));
  progress.tail = start;
  progress.oldest_commit_us = noon_us - 7'000'000;
  progress.applied_commit_us = noon_us - 8'000'000;
  progress.read_commit_us = noon_us - 1'000'000;
  EXPECT_EQ(meter.measure(progress, start + 500ms).ms, 7'500U);
}

TEST(Lag, what_was_read_and_has_not_reached_the_writer_counts_as_not_applied) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000002", 500)));
  auto progress = at(place("b.000002", 400));
  progress.tail = start;
  progress.applied_commit_us = noon_us - 8'000'000;
  progress.read_commit_us = noon_us - 1'000'000;
  EXPECT_EQ(meter.measure(progress, start).ms, 8'000U);
}

TEST(Lag, a_base_behind_an_end_that_was_told_is_a_proof_too) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000002", 500)));
  EXPECT_EQ(meter.measure(at(place("b.000002", 500)), start + 300ms).ms, 0U);
  EXPECT_EQ(meter.measure(at(place("b.000002", 500)), start + 5s).ms, 5000U);
  meter.take(end_at(6s, place("b.000003", 200)));
  EXPECT_EQ(meter.measure(at(place("b.000002", 500)), start + 6s).ms, 6000U);
  EXPECT_EQ(meter.measure(at(place("b.000003", 200)), start + 7s).ms, 0U);
}

TEST(Lag, a_tail_is_not_believed_where_transactions_are_missing_for_seconds) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000002", 500, 20)));
  auto progress = at(place("b.000002", 400, 19));
  progress.tail = start + 1s;
  EXPECT_EQ(meter.measure(progress, start + 1s).ms, 0U) << "the base moves once a second";
  progress.tail = start + 5s;
  EXPECT_NE(meter.measure(progress, start + 5s).ms, 0U);
}

TEST(Lag, bytes_are_those_of_all_files_between_base_and_end) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000003", 700)));
  EXPECT_EQ(meter.measure(at(place("b.000001", 900)), start).bytes, 100U + 500U + 700U);
  EXPECT_EQ(meter.measure(at(place("b.000003", 690)), start).bytes, 10U);
  EXPECT_EQ(meter.measure(at(place("b.000003", 700)), start).bytes, 0U);
}

TEST(Lag, bytes_are_not_known_of_a_purged_file_and_of_another_server) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000003", 700)));
  EXPECT_FALSE(meter.measure(at(place("b.000000", 900)), start).bytes);
  auto other = place("b.000001", 900);
  other.server_uuid = "another";
  EXPECT_FALSE(meter.measure(at(other), start).bytes);
}

TEST(Lag, transactions_are_counted_by_gtid_and_estimated_without) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000003", 700, 20)));
  const Lag counted = meter.measure(at(place("b.000003", 100, 15)), start);
  EXPECT_EQ(counted.transactions, 5U);
  EXPECT_FALSE(counted.are_transactions_estimated);

  LagMeter without(1s);
  without.take(end_at(0s, place("b.000003", 700)));
  auto progress = at(place("b.000003", 100));
  EXPECT_FALSE(without.measure(progress, start).transactions) << "none was read yet";
  progress.units = 10;
  progress.bytes = 1000;
  const Lag estimated = without.measure(progress, start);
  EXPECT_EQ(estimated.transactions, 6U);
  EXPECT_TRUE(estimated.are_transactions_estimated);
}

TEST(Lag, an_old_answer_says_nothing_of_now) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000003", 700, 20)));
  const Lag lag = meter.measure(at(place("b.000003", 100, 15)), start + 11s);
  EXPECT_FALSE(lag.bytes);
  EXPECT_FALSE(lag.transactions);
}

// One second after another: where the end is and where the base.
Lag after_seconds(LagMeter& meter, int seconds, std::uint64_t end_step, std::uint64_t base_step) {
  Lag lag;
  for (int i = 0; i <= seconds; ++i) {
    const Duration after = std::chrono::seconds(i);
    const auto step = static_cast<std::uint64_t>(i);
    meter.take(end_at(after, place("b.000003", 1'000'000 + end_step * step)));
    auto progress = at(place("b.000003", 1000 + base_step * step));
    progress.applied_commit_us = progress.read_commit_us = noon_us - 100'000'000;
    lag = meter.measure(progress, start + after);
  }
  return lag;
}

TEST(Lag, says_how_long_still_when_it_shrinks) {
  LagMeter meter(1s);
  const Lag lag = after_seconds(meter, 10, 1000, 10'000);
  EXPECT_EQ(lag.trend, Lag::Trend::shrinking);
  // 999 000 bytes less 9 000 in each of ten seconds, at that rate.
  EXPECT_EQ(lag.left_s, 909'000U / 9'000U);
}

TEST(Lag, says_that_it_never_ends_when_it_does_not_shrink) {
  for (const std::uint64_t base_step : {500U, 1000U}) {
    LagMeter meter(1s);
    const Lag lag = after_seconds(meter, 10, 1000, base_step);
    EXPECT_EQ(lag.trend, Lag::Trend::not_shrinking);
    EXPECT_FALSE(lag.left_s);
  }
}

TEST(Lag, says_nothing_of_a_trend_before_it_has_watched) {
  LagMeter meter(1s);
  EXPECT_EQ(after_seconds(meter, 3, 1000, 10'000).trend, Lag::Trend::unknown);
}

TEST(Lag, grows_while_the_source_does_not_answer) {
  LagMeter meter(1s);
  meter.take(end_at(0s, place("b.000002", 500)));
  auto progress = at(place("b.000002", 500));
  progress.tail = start;
  Lag lag;
  for (int i = 0; i < 40; ++i) lag = meter.measure(progress, start + std::chrono::seconds(i));
  EXPECT_EQ(lag.ms, 39'000U);
  EXPECT_EQ(lag.trend, Lag::Trend::not_shrinking);
}

}  // namespace
}  // namespace tideway::recipe
