#include "app/status_block.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

Figures half_way() {
  Figures figures;
  figures.status.step = 2;
  figures.status.steps = 3;
  figures.status.phase = "copying rows";
  figures.status.rows_done = 1'234'567;
  figures.status.rows_total = 2'469'134;
  figures.status.bytes_done = 851'000'000;
  figures.status.bytes_total = 1'702'000'000;
  figures.status.tables_done = 3;
  figures.status.tables_total = 12;
  figures.status.memory_used = 100U << 20U;
  figures.status.memory_total = 512U << 20U;
  figures.share = 0.5;
  figures.rows_per_s = 12345.6;
  figures.bytes_per_s = 64'000'000;
  figures.least_left = std::chrono::seconds(95);
  figures.most_left = std::chrono::seconds(200);
  figures.limited_by = "writing (readers wait 63 %)";
  figures.elapsed = std::chrono::seconds(83);
  return figures;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

TEST(StatusBlock, says_everything_there_is_to_say) {
  const auto text = joined(status_block(half_way(), "copy", "t is large", {100, false, false}));
  EXPECT_EQ(
      text,
      "copy: [2/3] copying rows   1m23s\n"
      "#########################-------------------------  50.0 %   1m-3m to go\n"
      "1 234 567 of ~2 469 134 rows   12 345 rows/s   811.6 MiB of ~1.6 GiB   61.0 MiB/s\n"
      "3 of 12 tables   memory 100.0 MiB of 512.0 MiB   limited by writing (readers wait 63 %)\n"
      "warning: t is large\n");
}

TEST(StatusBlock, no_line_is_wider_than_the_terminal_however_narrow) {
  auto figures = half_way();
  figures.status.waiting_for = "space: need 12.0 GiB, have 3.1 GiB";
  for (std::size_t columns = 1; columns <= 120; ++columns) {
    for (const bool unicode : {false, true}) {
      for (const auto& line : status_block(figures, "copy", "a warning — with a long text",
                                           {columns, false, unicode})) {
        EXPECT_LE(columns_of(line), columns) << line;
      }
    }
  }
}

TEST(StatusBlock, has_no_escape_sequence_without_colour_and_resets_with_it) {
  EXPECT_EQ(joined(status_block(half_way(), "copy", "w", {80, false, true})).find('\x1b'),
            std::string::npos);
  for (const auto& line : status_block(half_way(), "copy", "w", {80, true, true})) {
    if (line.find('\x1b') != std::string::npos) {
      EXPECT_TRUE(line.ends_with("\x1b[0m")) << line;
    }
  }
}

TEST(StatusBlock, a_servers_text_cannot_steer_the_terminal) {
  const auto text =
      joined(status_block(half_way(), "copy", "bad\x1b[2J\nname\r", {80, false, true}));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("warning: bad [2J name"), std::string::npos) << text;
}

TEST(StatusBlock, leaves_out_what_is_not_known) {
  Figures figures;
  figures.status.phase = "connecting";
  EXPECT_EQ(joined(status_block(figures, "copy", "", {80, false, true})),
            "copy: connecting   0.0s\n");
}

TEST(StatusLine, is_the_same_on_one_line) {
  EXPECT_EQ(status_line(half_way()),
            "[2/3] copying rows: 50.0 %, 1 234 567 of ~2 469 134 rows, 12 345 rows/s, 811.6 MiB of "
            "~1.6 GiB, 61.0 MiB/s, "
            "3 of 12 tables, 1m to 3m to go, limited by writing (readers wait 63 %)");
}

Figures behind() {
  Figures figures;
  figures.status.phase = "following the log";
  figures.status.lag = Lag{12'340, 5U << 20U, 1234, false, Lag::Trend::shrinking, 700};
  figures.status.retention_hours_left = 23.5;
  return figures;
}

TEST(StatusBlock, says_how_far_behind_and_how_long_still) {
  EXPECT_EQ(joined(status_block(behind(), "migrate", "", {100, false, false})),
            "migrate: following the log   0.0s\n"
            "12.3 s behind   5.0 MiB of log   1 234 transactions   even in 11m   "
            "source keeps its log 23h30m\n");
  EXPECT_EQ(status_line(behind()),
            "following the log: 12.3 s behind, 5.0 MiB of log, 1 234 transactions, even in 11m, "
            "source keeps its log 23h30m");
}

TEST(StatusBlock, says_that_a_lag_which_does_not_shrink_never_ends) {
  auto figures = behind();
  figures.status.lag->trend = Lag::Trend::not_shrinking;
  figures.status.lag->are_transactions_estimated = true;
  const std::string line = status_line(figures);
  EXPECT_NE(line.find("~1 234 transactions, never even at this rate"), std::string::npos) << line;
}

TEST(StatusBlock, says_what_was_compared_beside_the_log_and_how_far_a_cutover_is) {
  Figures figures;
  figures.status.phase = "following the log";
  EXPECT_EQ(status_line(figures).find("equal"), std::string::npos) << "nothing was compared yet";
  figures.status.verified_as_of = "2026-03-01T12:00:00Z";
  figures.status.tables_equal = 40;
  figures.status.tables_open = 1;
  EXPECT_EQ(status_line(figures),
            "following the log: 40 of 41 tables equal as of 2026-03-01T12:00:00Z");
  figures.status.tables_different = 2;
  figures.status.cutover = "comparing both sides";
  EXPECT_EQ(joined(status_block(figures, "migrate", "", {100, false, false})),
            "migrate: following the log   0.0s\n"
            "40 of 43 tables equal as of 2026-03-01T12:00:00Z, 2 different\n"
            "cutover: comparing both sides\n");
}

TEST(StatusBlock, a_lag_that_is_not_known_is_no_number) {
  auto figures = behind();
  figures.status.lag = Lag{};
  figures.status.retention_hours_left.reset();
  EXPECT_EQ(status_line(figures), "following the log: how far behind is not known");
}

TEST(StatusLine, a_paused_job_says_so_first) {
  Figures figures = half_way();
  EXPECT_EQ(status_line(figures).find("paused"), std::string::npos);
  figures.status.is_paused = true;
  EXPECT_NE(status_line(figures).find("] paused by the operator, "), std::string::npos);
  EXPECT_NE(status_block(figures, "copy", "", {80, false, false}).front().find("paused by"),
            std::string::npos);
}

TEST(StatusLine, never_rounds_up_to_all) {
  auto figures = half_way();
  figures.share = 0.9999;
  EXPECT_NE(status_line(figures).find("99.9 %"), std::string::npos);
}

TEST(RoughDuration, is_as_exact_as_an_estimate_may_look) {
  EXPECT_EQ(rough_duration(std::chrono::seconds(59)), "59s");
  EXPECT_EQ(rough_duration(std::chrono::seconds(61)), "1m");
  EXPECT_EQ(rough_duration(std::chrono::minutes(200)), "3h20m");
  EXPECT_EQ(rough_duration(std::chrono::hours(52)), "2d4h");
  EXPECT_EQ(rough_duration(-std::chrono::seconds(5)), "0s");
}

TEST(CutTo, counts_characters_and_not_bytes) {
  EXPECT_EQ(cut_to("日本語", 3, true), "日本語");
  EXPECT_EQ(cut_to("日本語", 2, true), "日…");
  EXPECT_EQ(cut_to("abc", 2, false), "a~");
  EXPECT_EQ(cut_to("abc", 0, true), "");
}

}  // namespace
}  // namespace tideway
