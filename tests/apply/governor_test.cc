#include "apply/governor.h"

#include <gtest/gtest.h>

#include <thread>

namespace tideway {
namespace {

using std::chrono::seconds;

class HandClock : public Clock {
 public:
  Instant now() const override { return now_; }
  bool wait(Duration duration, const std::stop_token&) const override {
    now_ += duration;
    return true;
  }

 private:
  mutable Instant now_{};
};

class GovernorTest : public ::testing::Test {
 protected:
  HandClock clock_;
  Governor governor_{{.writers = 4, .batch_bytes = 1 << 20, .batch_bytes_least = 16 << 10}, clock_};
};

TEST_F(GovernorTest, is_silent_while_the_target_takes_everything) {
  EXPECT_EQ(governor_.take({})->batch_bytes(), 1U << 20U);
  EXPECT_EQ(governor_.to_text(), "");
}

TEST_F(GovernorTest, halves_batches_and_writers_when_the_target_is_busy_but_once_a_second) {
  for (int i = 0; i < 4; ++i) governor_.was_busy();  // four writers hear it at once
  EXPECT_EQ(governor_.to_text(), "target busy: 2 of 4 writers, batch 512.0 KiB");
  EXPECT_EQ(governor_.pressure().times_busy, 4U);
  clock_.wait(seconds(1), {});
  governor_.was_busy();
  EXPECT_EQ(governor_.to_text(), "target busy: 1 of 4 writers, batch 256.0 KiB");
}

TEST_F(GovernorTest, never_goes_below_one_writer_and_the_least_batch) {
  for (int i = 0; i < 100; ++i) {
    governor_.was_busy();
    clock_.wait(seconds(1), {});
  }
  EXPECT_EQ(governor_.pressure().writers_allowed, 1U);
  EXPECT_EQ(governor_.take({})->batch_bytes(), 16U << 10U);
}

TEST_F(GovernorTest, comes_back_step_by_step_and_all_the_way) {
  for (int i = 0; i < 3; ++i) {
    governor_.was_busy();
    clock_.wait(seconds(1), {});
  }
  std::uint64_t last = 0;
  for (int i = 0; i < 100 && governor_.pressure().is_reduced; ++i) {
    governor_.went_well();
    const auto pressure = governor_.pressure();
    EXPECT_GE(pressure.batch_bytes * pressure.writers_allowed, last);
    last = pressure.batch_bytes * pressure.writers_allowed;
    clock_.wait(seconds(5), {});
  }
  EXPECT_EQ(governor_.to_text(), "");
  EXPECT_EQ(governor_.pressure().writers_allowed, 4U);
}

TEST_F(GovernorTest, a_writer_too_many_waits_for_its_turn) {
  for (int i = 0; i < 3; ++i) {
    governor_.was_busy();
    clock_.wait(seconds(1), {});
  }
  std::optional<Governor::Turn> turn = governor_.take({});
  std::atomic<bool> has_turn = false;
  std::jthread other([&](const std::stop_token& stop) {
    const auto mine = governor_.take(stop);
    has_turn = mine.has_value();
  });
  EXPECT_FALSE(has_turn);
  turn.reset();
  other.join();
  EXPECT_TRUE(has_turn);
}

TEST_F(GovernorTest, waiting_for_a_turn_ends_with_a_stop) {
  for (int i = 0; i < 3; ++i) {
    governor_.was_busy();
    clock_.wait(seconds(1), {});
  }
  const auto turn = governor_.take({});
  std::stop_source stop;
  std::jthread other([&] { EXPECT_FALSE(governor_.take(stop.get_token())); });
  stop.request_stop();
}

TEST_F(GovernorTest, says_when_the_target_has_no_space) {
  governor_.begin_waiting_for_space();
  governor_.begin_waiting_for_space();
  governor_.end_waiting_for_space();
  EXPECT_EQ(governor_.to_text(), "waiting for space on the target");
  governor_.end_waiting_for_space();
  EXPECT_EQ(governor_.to_text(), "");
}

}  // namespace
}  // namespace tideway
