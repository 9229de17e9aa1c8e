#include "flow/status.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace tideway {
namespace {

TEST(StatusBoard, asks_the_sample_while_it_is_up_and_keeps_its_last_answer) {
  StatusBoard board;
  board.begin(1, 2, "copying");
  std::uint64_t rows = 1;
  {
    const auto showing = board.show([&rows] {
      Status status;
      status.rows_done = rows;
      return status;
    });
    EXPECT_EQ(board.status().rows_done, 1U);
    rows = 2;
    EXPECT_EQ(board.status().rows_done, 2U);
    rows = 3;
  }
  rows = 4;
  EXPECT_EQ(board.status().rows_done, 3U);
}

TEST(StatusBoard, a_sample_that_names_no_phase_is_about_the_one_that_began_last) {
  StatusBoard board;
  board.begin(1, 3, "copying");
  {
    const auto showing = board.show([] { return Status(); });
    EXPECT_EQ(board.status().phase, "copying");
    board.begin(2, 3, "verifying");
    EXPECT_EQ(board.status().phase, "verifying");
    EXPECT_EQ(board.status().step, 2U);
  }
  const auto named = board.show([] {
    Status status;
    status.phase = "own";
    return status;
  });
  EXPECT_EQ(board.status().phase, "own");
  EXPECT_EQ(board.status().step, 2U);
}

TEST(StatusBoard, a_sample_taken_down_is_never_asked_again) {
  StatusBoard board;
  std::atomic<bool> over = false;
  std::jthread screen([&] {
    while (!over) static_cast<void>(board.status());
  });
  for (int i = 0; i < 1000; ++i) {
    auto rows = std::make_unique<std::uint64_t>(7);
    {
      const auto showing = board.show([&rows] {
        Status status;
        status.rows_done =
            *rows;  // a fault, or a sanitizer's report, if asked after the reset below
        return status;
      });
    }
    rows.reset();
  }
  over = true;
  screen.join();
  EXPECT_EQ(board.status().rows_done, 7U);
}

TEST(StatusBoard, a_later_sample_stays_up_when_the_earlier_one_is_taken_down) {
  const auto rows = [](std::uint64_t count) {
    return [count] {
      Status status;
      status.rows_done = count;
      return status;
    };
  };
  StatusBoard board;
  auto earlier = std::make_unique<StatusBoard::Showing>(board.show(rows(1)));
  const auto later = board.show(rows(2));
  earlier.reset();
  EXPECT_EQ(board.status().rows_done, 2U);
}

TEST(StatusBoard, tells_under_which_name_the_job_is_found) {
  StatusBoard board;
  board.name_job("nobody wants to know");
  std::string name;
  board.when_named([&](const std::string& given) {
    name = given;
    board.warn("no socket");  // who is told may speak
  });
  board.name_job("copy-1");
  EXPECT_EQ(name, "copy-1");
  EXPECT_EQ(board.warnings().size(), 1U);
}

TEST(StatusBoard, keeps_every_warning) {
  StatusBoard board;
  board.warn("one");
  board.warn("two");
  EXPECT_EQ(board.warnings(), (std::vector<std::string>{"one", "two"}));
}

TEST(Status, adds_a_meter_to_what_earlier_starts_have_done) {
  Meter meter;
  meter.rows_written = 5;
  meter.bytes_written = 50;
  meter.readers = 2;
  Status status;
  status.rows_done = 100;
  add_meter(status, meter);
  EXPECT_EQ(status.rows_done, 105U);
  EXPECT_EQ(status.bytes_done, 50U);
  EXPECT_EQ(status.readers, 2U);
  MemoryArbiter arbiter(10);
  const auto loan = arbiter.borrow(4, {});
  add_memory(status, arbiter);
  EXPECT_EQ(status.memory_used, 4U);
  EXPECT_EQ(status.memory_total, 10U);
}

TEST(StatusBoard, hours_that_the_source_keeps_its_log_are_shown_in_every_phase) {
  StatusBoard board;
  EXPECT_FALSE(board.status().retention_hours_left);
  board.keep_retention(12.5);
  const auto showing = board.show([] { return Status{}; });
  EXPECT_EQ(board.status().retention_hours_left, 12.5);
  board.keep_retention(std::nullopt);
  EXPECT_FALSE(board.status().retention_hours_left);
}

}  // namespace
}  // namespace tideway
