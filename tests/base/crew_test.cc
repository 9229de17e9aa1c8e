#include "base/crew.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>

#include "base/clock.h"

namespace tideway {
namespace {

Error failure(const std::string& text) {
  return {ErrorCode::internal, Side::local, Retry::never, text};
}

Result<void> until_stopped(const std::stop_token& stop) {
  EXPECT_FALSE(real_clock().wait(std::chrono::seconds(60), stop));
  return {};
}

TEST(Crew, joins_without_error_when_all_is_well) {
  Crew crew(std::stop_token{});
  std::atomic<int> done = 0;
  for (int i = 0; i < 8; ++i) {
    crew.start("worker", [&](const std::stop_token&) -> Result<void> {
      ++done;
      return {};
    });
  }
  EXPECT_TRUE(crew.join().has_value());
  EXPECT_EQ(done, 8);
}

TEST(Crew, the_first_error_stops_the_others_and_is_the_result) {
  Crew crew(std::stop_token{});
  crew.start("idle", until_stopped);
  crew.start("late", [](const std::stop_token& stop) -> Result<void> {
    TRY(until_stopped(stop));
    return fail(failure("caused by the stop"));
  });
  crew.start("first",
             [](const std::stop_token&) -> Result<void> { return fail(failure("the cause")); });
  const auto result = crew.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "the cause");
}

TEST(Crew, stops_with_its_parent_and_never_stops_it) {
  std::stop_source parent;
  {
    Crew crew(parent.get_token());
    crew.start("failing",
               [](const std::stop_token&) -> Result<void> { return fail(failure("x")); });
    EXPECT_FALSE(crew.join().has_value());
    EXPECT_FALSE(parent.stop_requested());
  }
  Crew crew(parent.get_token());
  crew.start("idle", until_stopped);
  parent.request_stop();
  EXPECT_TRUE(crew.join().has_value()) << "being stopped is not an error";
}

TEST(Crew, a_parent_that_was_stopped_already_stops_it_from_the_start) {
  std::stop_source parent;
  parent.request_stop();
  Crew crew(parent.get_token());
  crew.start("idle", until_stopped);
  EXPECT_TRUE(crew.join().has_value());
}

TEST(Crew, its_end_stops_and_joins) {
  std::atomic<bool> ended = false;
  {
    Crew crew(std::stop_token{});
    crew.start("idle", [&](const std::stop_token& stop) -> Result<void> {
      TRY(until_stopped(stop));
      ended = true;
      return {};
    });
  }
  EXPECT_TRUE(ended);
}

TEST(Crew, threads_have_names_a_person_can_find) {
  Crew crew(std::stop_token{});
  std::string name;
  crew.start("a name that is longer than fifteen", [&](const std::stop_token&) -> Result<void> {
    std::array<char, 32> text{};
    EXPECT_EQ(pthread_getname_np(pthread_self(), text.data(), text.size()), 0);
    name = text.data();
    return {};
  });
  EXPECT_TRUE(crew.join().has_value());
  EXPECT_EQ(name, "a name that is ");
}

TEST(Clock, a_stop_ends_a_wait_and_time_ends_another) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(real_clock().wait(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(real_clock().wait(std::chrono::milliseconds(1), std::stop_token{}));
}

TEST(Backoff, doubles_up_to_its_most_and_spreads_by_a_quarter) {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(100), milliseconds(400));
  for (const int expected : {100, 200, 400, 400, 400}) {
    const Duration wait = backoff.next();
    EXPECT_GE(wait, milliseconds(expected * 3 / 4));
    EXPECT_LE(wait, milliseconds(expected * 5 / 4));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(125));
}

}  // namespace
}  // namespace tideway
