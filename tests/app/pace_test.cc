#include "app/pace.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

using std::chrono::seconds;

constexpr Instant start{};

Status copying(std::uint64_t rows, std::uint64_t rows_total = 0) {
  Status status;
  status.phase = "copying rows";
  status.rows_done = rows;
  status.rows_total = rows_total;
  return status;
}

TEST(Pace, a_steady_rate_is_its_own_mean) {
  Pace pace(start);
  Figures figures;
  for (int i = 0; i <= 60; ++i)
    figures = pace.next(copying(static_cast<std::uint64_t>(i) * 1000, 100'000), start + seconds(i));
  EXPECT_NEAR(figures.rows_per_s, 1000, 1);
  ASSERT_TRUE(figures.share.has_value());
  EXPECT_NEAR(*figures.share, 0.6, 1e-9);
  ASSERT_TRUE(figures.least_left && figures.most_left);
  EXPECT_NEAR(std::chrono::duration<double>(*figures.least_left).count(), 40, 0.5);
  EXPECT_NEAR(std::chrono::duration<double>(*figures.most_left).count(), 40, 0.5);
}

TEST(Pace, tables_that_are_read_are_not_done_until_their_rows_are_written) {
  Pace pace(start);
  Status status = copying(6, 50'000);
  status.tables_done = status.tables_total = 4;
  EXPECT_LT(*pace.next(status, start).share, 0.01);
  status.rows_done = 50'000;
  EXPECT_EQ(pace.next(status, start + seconds(1)).share, 1);
}

TEST(Pace, a_young_rate_is_not_drawn_towards_zero) {
  Pace pace(start);
  pace.next(copying(0), start);
  EXPECT_NEAR(pace.next(copying(500), start + std::chrono::milliseconds(500)).rows_per_s, 1000, 1);
}

TEST(Pace, a_rate_that_changed_makes_the_time_to_go_a_range) {
  Pace pace(start);
  Figures figures;
  std::uint64_t rows = 0;
  for (int i = 0; i <= 120; ++i)
    figures = pace.next(copying(rows += i < 100 ? 1000 : 100, 1'000'000), start + seconds(i));
  ASSERT_TRUE(figures.least_left && figures.most_left);
  EXPECT_GT(*figures.most_left, 4 * *figures.least_left);
}

TEST(Pace, a_paused_job_never_looks_running) {
  Pace pace(start);
  Figures figures;
  for (int i = 0; i <= 30; ++i)
    figures = pace.next(copying(static_cast<std::uint64_t>(i) * 1000, 100'000), start + seconds(i));
  ASSERT_GT(figures.rows_per_s, 0);
  Status status = copying(30'500, 100'000);
  status.is_paused = true;
  status.limit = "target busy";
  figures = pace.next(status, start + seconds(31));
  EXPECT_EQ(figures.rows_per_s, 0);
  EXPECT_EQ(figures.bytes_per_s, 0);
  EXPECT_FALSE(figures.least_left || figures.most_left);
  EXPECT_EQ(figures.limited_by, "");
  EXPECT_EQ(figures.status.rows_done, 30'500U) << "what was read before is still written";
  EXPECT_TRUE(figures.status.is_paused);
}

TEST(Pace, nothing_moves_backwards_when_rows_are_read_again) {
  Pace pace(start);
  pace.next(copying(0, 1000), start);
  const auto before = pace.next(copying(600, 1000), start + seconds(1));
  const auto after = pace.next(copying(300, 2000), start + seconds(2));
  EXPECT_EQ(after.status.rows_done, 600U);
  EXPECT_EQ(after.share, before.share);
  EXPECT_GE(after.rows_per_s, 0);
  EXPECT_EQ(pace.next(copying(700, 2000), start + seconds(3)).status.rows_done, 700U);
}

TEST(Pace, what_an_earlier_start_did_counts_as_done_but_not_as_speed) {
  Pace pace(start);
  pace.next(copying(1'000'000, 2'000'000), start);
  const auto figures = pace.next(copying(1'000'100, 2'000'000), start + seconds(10));
  EXPECT_NEAR(figures.rows_per_s, 10, 0.1);
  EXPECT_NEAR(*figures.share, 0.5, 0.001);
}

TEST(Pace, an_estimate_that_was_too_low_never_says_all_is_done) {
  Pace pace(start);
  auto status = copying(5000, 1000);
  status.tables_total = 2;
  status.tables_done = 1;
  const auto figures = pace.next(status, start);
  EXPECT_LT(*figures.share, 1);
  status.tables_done = 2;
  EXPECT_EQ(*pace.next(status, start + seconds(1)).share, 1);
}

TEST(Pace, of_two_estimates_the_one_that_promises_less_is_believed) {
  Pace pace(start);
  auto status = copying(250, 1000);
  status.bytes_done = 900;
  status.bytes_total = 1000;
  EXPECT_NEAR(*pace.next(status, start).share, 0.25, 1e-9);
  status.rows_done = 950;
  EXPECT_NEAR(*pace.next(status, start + seconds(1)).share, 0.9, 1e-9);
}

TEST(Pace, a_phase_without_totals_goes_by_its_tables) {
  Pace pace(start);
  auto status = copying(250);
  status.tables_done = 1;
  status.tables_total = 4;
  EXPECT_NEAR(*pace.next(status, start).share, 0.25, 1e-9);
  EXPECT_FALSE(pace.next(status, start + seconds(10)).least_left.has_value());
}

TEST(Pace, a_new_phase_begins_at_its_own_figures) {
  Pace pace(start);
  pace.next(copying(1000, 1000), start);
  auto verifying = copying(10, 1000);
  verifying.phase = "verifying";
  const auto figures = pace.next(verifying, start + seconds(1));
  EXPECT_EQ(figures.status.rows_done, 10U);
  EXPECT_NEAR(*figures.share, 0.01, 1e-9);
  EXPECT_EQ(figures.phase_elapsed, seconds(0));
  EXPECT_EQ(figures.elapsed, seconds(1));
}

TEST(Pace, no_time_to_go_without_a_rate) {
  Pace pace(start);
  pace.next(copying(0, 1000), start);
  EXPECT_FALSE(pace.next(copying(0, 1000), start + seconds(30)).least_left.has_value());
}

TEST(Pace, who_is_waited_for_limits) {
  const auto limit = [](std::uint64_t reader_ns, std::uint64_t writer_ns) {
    Pace pace(start);
    Figures figures;
    for (std::uint64_t i = 0; i <= 20; ++i) {
      auto status = copying(i);
      status.readers = status.writers = 4;
      status.reader_wait_ns = i * reader_ns;
      status.writer_wait_ns = i * writer_ns;
      figures = pace.next(status, start + seconds(i));
    }
    return figures.limited_by;
  };
  EXPECT_EQ(limit(3'000'000'000, 100'000'000), "writing (readers wait 75 %)");
  EXPECT_EQ(limit(0, 4'000'000'000), "reading (writers wait 100 %)");
  EXPECT_EQ(limit(100'000'000, 0), "");
  EXPECT_EQ(limit(2'000'000'000, 2'000'000'000), "");
}

TEST(Pace, what_a_room_knows_of_its_limit_comes_first) {
  Pace pace(start);
  auto status = copying(1);
  status.limit = "target busy: 2 of 4 writers";
  EXPECT_EQ(pace.next(status, start).limited_by, "target busy: 2 of 4 writers");
}

}  // namespace
}  // namespace tideway
