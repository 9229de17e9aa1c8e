#include "base/memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace tideway {
namespace {

const std::stop_token never;

// Waits until something another thread does has happened; fails the test when it never does.
template <typename Condition>
void eventually(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return;
    static_cast<void>(real_clock().wait(std::chrono::milliseconds(1), never));
  }
  FAIL() << "it never happened";
}

TEST(MemoryArbiter, counts_what_is_borrowed_and_gets_it_back) {
  MemoryArbiter arbiter(100);
  {
    const auto a = arbiter.borrow(60, never);
    auto b = arbiter.borrow(40, never);
    EXPECT_EQ(arbiter.used_bytes(), 100U);
    b->shrink_to(10);
    EXPECT_EQ(arbiter.used_bytes(), 70U);
    b->shrink_to(50);  // never grows
    EXPECT_EQ(b->bytes(), 10U);
  }
  EXPECT_EQ(arbiter.used_bytes(), 0U);
  EXPECT_EQ(arbiter.peak_bytes(), 100U);
}

TEST(MemoryArbiter, a_moved_loan_is_returned_once) {
  MemoryArbiter arbiter(100);
  {
    auto first = *arbiter.borrow(30, never);
    Loan second = std::move(first);
    EXPECT_EQ(arbiter.used_bytes(), 30U);
    second = *arbiter.borrow(50, never);
    EXPECT_EQ(arbiter.used_bytes(), 50U);
    second = Loan();
    EXPECT_EQ(arbiter.used_bytes(), 0U);
  }
  EXPECT_EQ(arbiter.used_bytes(), 0U);
}

TEST(MemoryArbiter, more_than_everything_is_refused_at_once) {
  MemoryArbiter arbiter(100);
  EXPECT_FALSE(arbiter.borrow(101, never).has_value());
  EXPECT_TRUE(arbiter.borrow(100, never).has_value());
}

TEST(MemoryArbiter, a_stop_ends_the_wait_and_leaves_the_others_their_turn) {
  MemoryArbiter arbiter(100);
  auto all = arbiter.borrow(100, never);
  std::stop_source stop;
  std::atomic<bool> refused = false, served = false;
  std::jthread first([&] { refused = !arbiter.borrow(100, stop.get_token()).has_value(); });
  std::jthread second([&] { served = arbiter.borrow(10, never).has_value(); });
  stop.request_stop();
  first.join();
  EXPECT_TRUE(refused);
  all.reset();
  second.join();
  EXPECT_TRUE(served);
}

TEST(MemoryArbiter, a_large_request_is_not_starved_by_small_ones) {
  MemoryArbiter arbiter(100);
  std::atomic<bool> over = false;
  std::vector<std::jthread> small;
  for (int i = 0; i < 4; ++i) {
    small.emplace_back([&] {
      while (!over) {
        const auto loan = arbiter.borrow(20, never);
        ASSERT_TRUE(loan.has_value());
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(arbiter.borrow(100, never).has_value());
  over = true;
}

TEST(MemoryArbiter, requests_are_served_in_the_order_they_came) {
  MemoryArbiter arbiter(100);
  auto most = arbiter.borrow(90, never);
  std::atomic<bool> large_served = false, small_served = false;
  std::jthread large([&] {
    const auto loan = arbiter.borrow(95, never);
    EXPECT_FALSE(small_served) << "it came later and would have fitted all the time";
    large_served = true;
  });
  eventually([&] { return arbiter.waiting() == 1; });
  std::jthread small([&] {
    const auto loan = arbiter.borrow(10, never);
    EXPECT_TRUE(large_served);
    small_served = true;
  });
  eventually([&] { return arbiter.waiting() == 2; });
  most.reset();
  large.join();
  small.join();
  EXPECT_EQ(arbiter.waiting(), 0U);
}

TEST(MemoryArbiter, one_row_at_a_time_may_be_larger_than_a_block) {
  MemoryArbiter arbiter(1000);
  std::atomic<int> holders = 0, most = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      for (int row = 0; row < 20; ++row) {
        auto block = *arbiter.borrow(50, never);
        const auto turn = arbiter.take_oversize_turn(never);
        ASSERT_TRUE(turn.has_value());
        most = std::max(most.load(), ++holders);
        // Everybody else holds 50 and waits for the turn: 8 * 50 + 500 fits.
        EXPECT_TRUE(arbiter.grow(block, 500, *turn, never));
        EXPECT_EQ(block.bytes(), 550U);
        --holders;
      }
    });
  }
  readers.clear();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(arbiter.used_bytes(), 0U);
}

TEST(MemoryArbiter, growing_past_everything_leaves_the_loan_as_it_was) {
  MemoryArbiter arbiter(100);
  auto loan = *arbiter.borrow(10, never);
  const auto turn = *arbiter.take_oversize_turn(never);
  EXPECT_FALSE(arbiter.grow(loan, 91, turn, never));
  EXPECT_EQ(loan.bytes(), 10U);
  EXPECT_TRUE(arbiter.grow(loan, 90, turn, never));
  EXPECT_EQ(arbiter.used_bytes(), 100U);
}

TEST(MemoryArbiter, a_loan_of_nobody_can_be_grown) {
  MemoryArbiter arbiter(100);
  Loan loan;
  const auto turn = *arbiter.take_oversize_turn(never);
  EXPECT_TRUE(arbiter.grow(loan, 40, turn, never));
  EXPECT_EQ(arbiter.used_bytes(), 40U);
}

TEST(MemoryArbiter, a_stop_ends_the_wait_for_the_turn) {
  MemoryArbiter arbiter(100);
  const auto turn = arbiter.take_oversize_turn(never);
  std::stop_source stop;
  std::jthread waiting(
      [&] { EXPECT_FALSE(arbiter.take_oversize_turn(stop.get_token()).has_value()); });
  stop.request_stop();
}

}  // namespace
}  // namespace tideway
