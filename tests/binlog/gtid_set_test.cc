#include "binlog/gtid_set.h"

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

TEST(gtid_set, holds_the_greatest_number_of_a_server) {
  GtidSet set = parsed(of(a, ":9223372036854775805"));
  set.add(a, GtidSet::last_number);
  set.add(a, 1);
  EXPECT_EQ(set.to_text(), of(a, ":1:9223372036854775805-9223372036854775806"));
  EXPECT_TRUE(set.contains(a, GtidSet::last_number));
  EXPECT_FALSE(GtidSet::parse(of(a, ":9223372036854775807")));
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// One range of `uuid`, as every MySQL since 5.6 writes it: what a log of 8.0 begins with.
TEST(gtid_set, has_the_binary_form_of_the_servers) {
  const std::string expected = bytes({1, 0, 0, 0, 0, 0, 0, 0}) + std::string(16, 0x11) +
                               bytes({1, 0, 0, 0, 0, 0, 0, 0}) + bytes({2, 0, 0, 0, 0, 0, 0, 0}) +
                               bytes({8, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(parsed(of(a, ":2-7")).encode(), expected);
  EXPECT_EQ(GtidSet::decode(expected)->to_text(), of(a, ":2-7"));
  EXPECT_EQ(GtidSet().encode(), std::string(8, 0));
  EXPECT_TRUE(GtidSet::decode(std::string(8, 0))->is_empty());
}

TEST(gtid_set, has_the_form_with_tags_only_where_there_are_some) {
  const GtidSet set = parsed(of(a, ":1:blue:5"));
  const std::string one = bytes({1, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(set.encode(), bytes({1, 2, 0, 0, 0, 0, 0, 1}) + std::string(16, 0x11) + bytes({0}) +
                              one + one + bytes({2, 0, 0, 0, 0, 0, 0, 0}) + std::string(16, 0x11) +
                              bytes({8}) + "blue" + one + bytes({5, 0, 0, 0, 0, 0, 0, 0}) +
                              bytes({6, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(gtid_set, reads_back_the_binary_form_it_writes_and_no_part_of_it) {
  for (const std::string& text :
       {std::string(), of(a, ":1-3:7"), of(a, ":1,") + of(b, ":5-9:11:13-14"),
        of(a, ":1:blue:2:red:3-9,") + of(b, ":x_1:4")}) {
    const GtidSet set = parsed(text);
    const std::string encoded = set.encode();
    ASSERT_TRUE(GtidSet::decode(encoded)) << text;
    EXPECT_EQ(*GtidSet::decode(encoded), set);
    for (std::size_t length = 0; length < encoded.size(); ++length)
      EXPECT_FALSE(GtidSet::decode(encoded.substr(0, length))) << text << " cut at " << length;
    EXPECT_FALSE(GtidSet::decode(encoded + "x"));
  }
}

}  // namespace
}  // namespace tideway
