#include "recipe/source_impact.h"

#include <gtest/gtest.h>

namespace tideway::recipe {
namespace {

using std::chrono::milliseconds;

TEST(SourceImpact, is_read_as_it_is_written) {
  const auto both = parse_source_impact("threads-running=20,latency=5ms");
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->threads_running, 20U);
  EXPECT_EQ(both->latency, Duration(milliseconds(5)));
  EXPECT_EQ(parse_source_impact("latency=1s")->threads_running, std::nullopt);
  EXPECT_TRUE(parse_source_impact("off")->is_off());
  EXPECT_EQ(impact_text(SourceImpact{}), "off");
  EXPECT_EQ(impact_text(SourceImpact{20, std::nullopt}), "threads-running=20");
  for (const char* bad :
       {"", "20", "threads-running", "threads-running=0", "threads-running=-1",
        "threads-running=2,", "latency=0", "latency=soon", "load=3", "latency=1s,latency=2s",
        "off,latency=1s", "threads-running=99999999999"}) {
    const auto impact = parse_source_impact(bad);
    ASSERT_FALSE(impact.has_value()) << bad;
    EXPECT_EQ(impact.error().code(), ErrorCode::bad_value) << bad;
  }
}

class Throttled : public ::testing::Test {
 protected:
  std::uint32_t after(std::uint32_t threads_running, int looks = 1) {
    std::uint32_t allowed = 0;
    for (int i = 0; i < looks; ++i) allowed = throttle.next(impact, {threads_running, {}});
    return allowed;
  }
  SourceImpact impact{10, std::nullopt};
  ImpactThrottle throttle{8};
};

TEST_F(Throttled, halves_the_readers_while_the_source_has_too_much_down_to_none) {
  EXPECT_EQ(after(10), 8U) << "as much as it bears is not too much";
  EXPECT_EQ(after(11), 4U);
  EXPECT_EQ(after(11), 2U);
  EXPECT_EQ(after(11), 1U);
  EXPECT_EQ(after(11), 0U);
  EXPECT_EQ(after(11), 0U);
}

TEST_F(Throttled, gives_back_one_by_one_when_the_source_was_calm_for_a_while) {
  after(99, 4);
  EXPECT_EQ(after(2, 2), 0U);
  EXPECT_EQ(after(2), 1U);
  EXPECT_EQ(after(2, 3), 2U);
  EXPECT_EQ(after(2, 100), 8U) << "never more than there are";
}

TEST_F(Throttled, stays_as_it_is_when_the_source_is_neither_calm_nor_overloaded) {
  after(11);
  EXPECT_EQ(after(9, 50), 4U);
  after(2, 2);
  EXPECT_EQ(after(9), 4U);
  EXPECT_EQ(after(2, 2), 4U) << "calm looks count in a row";
}

TEST(ImpactThrottle, takes_the_worse_of_threads_and_latency) {
  const SourceImpact impact{10, milliseconds(4)};
  ImpactThrottle throttle(8);
  EXPECT_EQ(throttle.next(impact, {1, milliseconds(5)}), 4U);
  EXPECT_EQ(throttle.next(impact, {11, milliseconds(1)}), 2U);
  EXPECT_EQ(throttle.next(SourceImpact{10, std::nullopt}, {1, std::chrono::hours(1)}), 2U)
      << "what was not asked for does not count";
}

}  // namespace
}  // namespace tideway::recipe
