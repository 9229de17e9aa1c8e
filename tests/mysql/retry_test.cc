#include "mysql/retry.h"

#include <gtest/gtest.h>

#include <vector>

namespace tideway {
namespace {

// Nobody waits in a test: pauses are written down.
class PausedClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  bool wait(Duration duration, const std::stop_token& stop) const override {
    pauses.push_back(duration);
    return !stop.stop_requested();
  }
  mutable std::vector<Duration> pauses;
};

Result<int> failure(Retry retry) {
  return fail(Error(ErrorCode::transient, Side::target, retry, "again"));
}

TEST(RetryTransient, tries_until_it_succeeds_with_growing_pauses) {
  const PausedClock clock;
  int calls = 0;
  const auto answer = retry_transient(clock, {}, 5, [&] {
    return ++calls < 4 ? failure(Retry::same_session) : Result<int>(calls);
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, 4);
  ASSERT_EQ(clock.pauses.size(), 3U);
  EXPECT_LT(clock.pauses[0] * 2, clock.pauses[2]);
}

TEST(RetryTransient, gives_up_after_the_last_attempt) {
  const PausedClock clock;
  int calls = 0;
  EXPECT_FALSE(retry_transient(clock, {}, 3, [&] {
    ++calls;
    return failure(Retry::same_session);
  }));
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(clock.pauses.size(), 2U);
}

TEST(RetryTransient, tries_nothing_again_that_another_session_or_an_operator_must_mend) {
  const PausedClock clock;
  for (const Retry retry : {Retry::never, Retry::new_session, Retry::after_operator}) {
    int calls = 0;
    EXPECT_FALSE(retry_transient(clock, {}, 3, [&] {
      ++calls;
      return failure(retry);
    }));
    EXPECT_EQ(calls, 1);
  }
}

TEST(RetryTransient, ends_with_the_error_when_stopped) {
  const PausedClock clock;
  std::stop_source source;
  int calls = 0;
  const auto answer = retry_transient(clock, source.get_token(), 9, [&] {
    if (++calls == 2) source.request_stop();
    return failure(Retry::same_session);
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::transient);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace tideway
