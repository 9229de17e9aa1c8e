#include "base/channel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace tideway {
namespace {

const std::stop_token never;

TEST(Channel, delivers_in_order_and_ends_by_close) {
  Channel<int> channel(100);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(channel.push(i, 10, never));
  channel.close();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(channel.pop(never), i);
  EXPECT_EQ(channel.pop(never), std::nullopt);
  EXPECT_FALSE(channel.push(9, 1, never));
}

TEST(Channel, holds_no_more_bytes_than_it_may) {
  Channel<std::uint64_t> channel(100);
  std::atomic<std::uint64_t> held = 0, most = 0;
  std::jthread writer([&] {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const std::uint64_t bytes = 1 + i * 37 % 60;
      ASSERT_TRUE(channel.push(bytes, bytes, never));
      // Counted after the push, when some may be gone already: never too high.
      const std::uint64_t now = held += bytes;
      std::uint64_t seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
    }
    channel.close();
  });
  std::uint64_t count = 0;
  while (const auto bytes = channel.pop(never)) {
    held -= *bytes;
    ++count;
  }
  EXPECT_EQ(count, 2000U);
  EXPECT_LE(most, 160U);  // what is in the channel and the one item just taken out of it
}

TEST(Channel, admits_one_oversize_item_when_empty_and_only_then) {
  Channel<int> channel(100);
  EXPECT_TRUE(channel.push(1, 1'000'000, never));
  std::stop_source stop;
  std::atomic<bool> was_admitted = false;
  std::jthread second([&] { was_admitted = channel.push(2, 1, stop.get_token()); });
  stop.request_stop();
  second.join();
  EXPECT_FALSE(was_admitted);
  EXPECT_EQ(channel.pop(never), 1);
  EXPECT_TRUE(channel.push(3, 1'000'000, never));
}

TEST(Channel, a_stop_ends_both_waits) {
  Channel<int> empty(10), full(10);
  EXPECT_TRUE(full.push(1, 10, never));
  std::stop_source stop;
  std::jthread popping([&] { EXPECT_EQ(empty.pop(stop.get_token()), std::nullopt); });
  std::jthread pushing([&] { EXPECT_FALSE(full.push(2, 1, stop.get_token())); });
  stop.request_stop();
}

TEST(Channel, closing_wakes_those_who_wait) {
  Channel<int> empty(10), full(10);
  EXPECT_TRUE(full.push(1, 10, never));
  std::jthread popping([&] { EXPECT_EQ(empty.pop(never), std::nullopt); });
  std::jthread pushing([&] { EXPECT_FALSE(full.push(2, 1, never)); });
  empty.close();
  full.close();
}

TEST(Channel, every_item_arrives_once_with_many_on_both_ends) {
  Channel<std::unique_ptr<int>> channel(64);
  std::atomic<long> sum = 0;
  std::atomic<int> count = 0;
  std::vector<std::jthread> poppers;
  for (int i = 0; i < 3; ++i) {
    poppers.emplace_back([&] {
      while (const auto item = channel.pop(never)) {
        sum += **item;
        ++count;
      }
    });
  }
  {
    std::vector<std::jthread> pushers;
    for (int t = 0; t < 3; ++t) {
      pushers.emplace_back([&, t] {
        for (int i = 0; i < 1000; ++i)
          EXPECT_TRUE(channel.push(std::make_unique<int>(t * 1000 + i),
                                   1 + static_cast<std::uint64_t>(i % 50), never));
      });
    }
  }
  channel.close();
  poppers.clear();
  EXPECT_EQ(count, 3000);
  EXPECT_EQ(sum, 3000L * 2999 / 2);
}

TEST(Channel, tells_who_waited_for_whom) {
  Channel<int> channel(1);
  std::atomic<bool> has_begun = false;
  std::jthread popping([&] {
    has_begun = true;
    EXPECT_EQ(channel.pop(never), 1);
  });
  while (!has_begun) std::this_thread::yield();
  EXPECT_TRUE(channel.push(1, 1, never));
  popping.join();
  const auto waits = channel.waits();
  EXPECT_GE(waits.pop.count(), 0);
  EXPECT_LT(waits.push, std::chrono::seconds(1)) << "the pusher found room";
}

}  // namespace
}  // namespace tideway
