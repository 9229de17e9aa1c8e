#include "model/unit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "model/intervals.h"

namespace tideway {
namespace {

std::set<std::uint64_t> numbers(const Intervals& intervals) {
  std::set<std::uint64_t> all;
  for (const auto& [first, last] : intervals.ranges())
    for (std::uint64_t i = first; i <= last; ++i) all.insert(i);
  return all;
}

TEST(Intervals, hold_the_same_numbers_as_a_set_of_numbers_would) {
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same every time
  for (int round = 0; round < 200; ++round) {
    Intervals intervals;
    std::set<std::uint64_t> expected;
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t first = 1 + random() % 60, last = first + random() % 6;
      const bool adds = random() % 3 != 0;
      if (adds) {
        intervals.add({first, last});
      } else {
        intervals.remove({first, last});
      }
      for (std::uint64_t i = first; i <= last; ++i)
        if (adds)
          expected.insert(i);
        else
          expected.erase(i);
      ASSERT_EQ(numbers(intervals), expected);
      ASSERT_EQ(intervals.size(), expected.size());
      const std::uint64_t from = 1 + random() % 60, to = from + random() % 4;
      bool all = true;
      for (std::uint64_t i = from; i <= to; ++i) all = all && expected.contains(i);
      ASSERT_EQ(intervals.contains({from, to}), all);
    }
    // Normal form: one way to hold a set.
    const auto& ranges = intervals.ranges();
    for (std::size_t i = 1; i < ranges.size(); ++i)
      ASSERT_GT(ranges[i].first, ranges[i - 1].last + 1);
  }
}

TEST(Intervals, reach_to_the_greatest_number) {
  Intervals intervals;
  intervals.add({UINT64_MAX - 1, UINT64_MAX});
  intervals.add({5, UINT64_MAX});
  EXPECT_EQ(intervals.ranges(), (std::vector<Intervals::Range>{{5, UINT64_MAX}}));
}

constexpr const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

TEST(UnitSet, is_read_back_from_its_text) {
  OriginNames names;
  UnitSet set;
  set.add({names.ordinal(uuid), 1, 5});
  set.add({names.ordinal(uuid), 7, 7});
  set.add({names.ordinal(std::string(uuid) + ":tag_1"), 3, 3});
  set.add({names.ordinal("odd,na:me%.000001"), 158, 3012});
  const std::string text = set.to_text(names);
  EXPECT_EQ(text,
            std::string(uuid) + ":1-5:7," + uuid + ":tag_1:3,odd%2Cna%3Ame%25.000001:158-3012");
  const auto read = UnitSet::parse(text, names);
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_EQ(*read, set);
  OriginNames others;  // ordinals are of one process only
  const auto elsewhere = UnitSet::parse(text, others);
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(elsewhere->to_text(others), text);
}

TEST(UnitSet, makes_one_range_of_neighbours_in_a_file) {
  OriginNames names;
  const std::uint32_t file = names.ordinal("binlog.000003");
  UnitSet set;
  set.add({file, 158, 300});
  set.add({file, 401, 500});
  set.add({file, 301, 400});
  EXPECT_EQ(set.to_text(names), "binlog.000003:158-500");
  EXPECT_TRUE(set.contains(UnitId{file, 301, 400}));
  EXPECT_FALSE(set.contains(UnitId{file, 401, 501}));
}

TEST(UnitSet, forgets_what_is_behind_the_base) {
  OriginNames names;
  UnitSet done = *UnitSet::parse("binlog.000001:5-90,binlog.000002:5-10:21-30", names);
  done.remove(*UnitSet::parse("binlog.000001:1-90,binlog.000002:1-25", names));
  EXPECT_EQ(done.to_text(names), "binlog.000002:26-30");
}

TEST(UnitSet, refuses_text_that_is_no_set) {
  OriginNames names;
  for (const char* text : {":", "a", "a:", "a:0", "a:5-3", "a:1-", "a:x", "a:1x", "%4:1", "a:1::2"})
    EXPECT_FALSE(UnitSet::parse(text, names)) << text;
  EXPECT_TRUE(UnitSet::parse("", names)->is_empty());
}

}  // namespace
}  // namespace tideway
