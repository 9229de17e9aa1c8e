#include "snapshot/gtid_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tideway {
namespace {

constexpr std::string_view a = "11111111-1111-1111-1111-111111111111";
constexpr std::string_view b = "22222222-2222-2222-2222-222222222222";

GtidSet parsed(const std::string& text) {
  auto set = GtidSet::parse(text);
  EXPECT_TRUE(set) << text;
  return set ? *set : GtidSet();
}
std::string of(std::string_view source, std::string_view rest) {
  return std::string(source) + std::string(rest);
}

TEST(gtid_set, reads_what_a_server_prints_and_writes_it_sorted_and_merged) {
  EXPECT_EQ(parsed("").to_text(), "");
  EXPECT_EQ(parsed(of(b, ":1-5:7,\n") + of(a, ":3-4:1-2")).to_text(),
            of(a, ":1-4,") + of(b, ":1-5:7"));
  EXPECT_EQ(parsed("  " + of(a, ":1,") + of(a, ":2")).to_text(), of(a, ":1-2"));
  EXPECT_EQ(parsed("AAAAAAAA-1111-1111-1111-11111111111F:1").to_text(),
            "aaaaaaaa-1111-1111-1111-11111111111f:1");
}

TEST(gtid_set, keeps_tagged_sources_apart) {
  const GtidSet set = parsed(of(a, ":1-3:blue:1-2:7:red:5"));
  EXPECT_TRUE(set.contains(a, 3));
  EXPECT_TRUE(set.contains(of(a, ":blue"), 7));
  EXPECT_TRUE(set.contains(of(a, ":red"), 5));
  EXPECT_FALSE(set.contains(a, 7));
  EXPECT_EQ(parsed(set.to_text()), set);
}

TEST(gtid_set, refuses_what_is_no_set) {
  for (const char* text :
       {"1-5", "x:1", "11111111-1111-1111-1111-11111111111:1",
        "11111111-1111-1111-1111-111111111111:0", "11111111-1111-1111-1111-111111111111:1-x",
        "11111111-1111-1111-1111-111111111111:18446744073709551616"})
    EXPECT_FALSE(GtidSet::parse(text)) << text;
}

TEST(gtid_set, reads_owned_sets_without_their_owners) {
  auto owned = GtidSet::parse_owned(of(a, ":4#25:5#33,\n") + of(b, ":1#4"));
  ASSERT_TRUE(owned);
  EXPECT_EQ(owned->to_text(), of(a, ":4-5,") + of(b, ":1"));
  EXPECT_TRUE(GtidSet::parse_owned("")->is_empty());
}

TEST(gtid_set, contains_and_minus_agree_with_sets_of_numbers) {
  std::mt19937 random(7);
  std::uniform_int_distribution<std::uint64_t> number(1, 60);
  for (int round = 0; round < 300; ++round) {
    GtidSet left, right;
    std::set<std::uint64_t> left_numbers, right_numbers;
    for (int i = 0; i < 25; ++i) {
      const std::uint64_t l = number(random), r = number(random);
      left.add(a, l);
      left_numbers.insert(l);
      if (round % 3 == 0 && i > 3) continue;
      right.add(a, r);
      right_numbers.insert(r);
    }
    const GtidSet difference = left.minus(right);
    GtidSet both = left;
    both.add(right);
    std::uint64_t in_difference = 0;
    for (std::uint64_t n = 1; n <= 61; ++n) {
      ASSERT_EQ(left.contains(a, n), left_numbers.contains(n));
      const bool expected = left_numbers.contains(n) && !right_numbers.contains(n);
      ASSERT_EQ(difference.contains(a, n), expected);
      ASSERT_EQ(both.contains(a, n), left_numbers.contains(n) || right_numbers.contains(n));
      in_difference += expected ? 1 : 0;
    }
    ASSERT_EQ(difference.size(), in_difference);
    ASSERT_EQ(left.size(), left_numbers.size());
    ASSERT_EQ(right.contains(left), in_difference == 0);
    ASSERT_EQ(parsed(left.to_text()), left);
  }
}

TEST(gtid_set, holds_the_greatest_number) {
  GtidSet set = parsed(of(a, ":18446744073709551614"));
  set.add(a, UINT64_MAX);
  set.add(a, 1);
  EXPECT_EQ(set.to_text(), of(a, ":1:18446744073709551614-18446744073709551615"));
  EXPECT_TRUE(set.contains(a, UINT64_MAX));
}

}  // namespace
}  // namespace tideway
