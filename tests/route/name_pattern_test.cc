#include "route/name_pattern.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

bool matches(std::string_view pattern, std::string_view name,
             FilterCase filter_case = FilterCase::insensitive) {
  const auto parsed = NamePattern::parse(pattern, filter_case);
  return parsed.has_value() && parsed->matches(name);
}

TEST(NamePattern, stars_stand_anywhere) {
  EXPECT_TRUE(matches("shop*", "shop"));
  EXPECT_TRUE(matches("*_log", "audit_log"));
  EXPECT_TRUE(matches("a*b*c", "a.b\nc"));
  EXPECT_FALSE(matches("shop*", "myshop"));
  EXPECT_FALSE(matches("*_log", "audit_log2"));
}

TEST(NamePattern, a_question_mark_is_one_character) {
  EXPECT_TRUE(matches("t?", "t1"));
  EXPECT_TRUE(matches("t?", "té"));
  EXPECT_FALSE(matches("t?", "t"));
  EXPECT_FALSE(matches("t?", "t12"));
}

TEST(NamePattern, classes_hold_ranges_and_negations) {
  EXPECT_TRUE(matches("t[0-9]", "t5"));
  EXPECT_FALSE(matches("t[0-9]", "t-"));
  EXPECT_TRUE(matches("t[!0-9]", "tx"));
  EXPECT_FALSE(matches("t[!0-9]", "t5"));
  EXPECT_TRUE(matches("t[^x]", "t^"));
  EXPECT_FALSE(matches("t[^x]", "ty"));
}

TEST(NamePattern, a_bracket_that_is_not_closed_stands_for_itself) {
  EXPECT_TRUE(matches("t[0", "t[0"));
  EXPECT_TRUE(matches("t[0*", "t[0abc"));
  EXPECT_FALSE(matches("t[0", "t0"));
}

TEST(NamePattern, nothing_else_is_special) {
  EXPECT_TRUE(matches("a.b+c(d)", "a.b+c(d)"));
  EXPECT_FALSE(matches("a.b", "axb"));
  EXPECT_FALSE(matches("a.b*", "axb"));
}

TEST(NamePattern, a_regular_expression_is_found_anywhere) {
  EXPECT_TRUE(matches("~op", "shop"));
  EXPECT_FALSE(matches("~^op", "shop"));
  EXPECT_TRUE(matches("~^sh.p\\d+$", "shop12"));
}

TEST(NamePattern, case_counts_only_when_asked) {
  EXPECT_TRUE(matches("Shop*", "SHOPS"));
  EXPECT_TRUE(matches("~^Shop", "SHOPS"));
  EXPECT_TRUE(matches("ÄRGER", "ärger"));
  EXPECT_FALSE(matches("Shop*", "SHOPS", FilterCase::sensitive));
  EXPECT_FALSE(matches("~^Shop", "SHOPS", FilterCase::sensitive));
  EXPECT_FALSE(matches("Shop", "shop", FilterCase::sensitive));
}

TEST(NamePattern, empty_and_broken_patterns_are_refused) {
  for (const char* text : {"", "~", "~(", "~[a"}) {
    const auto parsed = NamePattern::parse(text, FilterCase::insensitive);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::route_rule);
  }
}

}  // namespace
}  // namespace tideway
