#include "apply/key_form.h"

#include <gtest/gtest.h>

#include <optional>

namespace tideway {
namespace {

std::optional<std::string> form_of(KeyForm form, std::string_view text, std::uint32_t prefix = 0) {
  std::string out;
  if (!append_key_value(out, form, prefix, text)) return std::nullopt;
  return out;
}

TEST(KeyForm, numbers_are_equal_however_they_are_written) {
  for (const auto& [one, two] :
       {std::pair("1.50", "1.5"), std::pair("007", "7"), std::pair("-0", "0"),
        std::pair("-0.00", "0"), std::pair("10.0", "10"), std::pair("-012", "-12")})
    EXPECT_EQ(form_of(KeyForm::number, one), form_of(KeyForm::number, two)) << one;
  for (const auto& [one, two] :
       {std::pair("1", "-1"), std::pair("10", "1"), std::pair("1.5", "15"), std::pair("0", "1")})
    EXPECT_NE(form_of(KeyForm::number, one), form_of(KeyForm::number, two)) << one;
}

TEST(KeyForm, blanks_at_the_end_and_the_case_of_letters_do_not_count_where_they_do_not) {
  EXPECT_EQ(form_of(KeyForm::text, "a "), form_of(KeyForm::text, "a"));
  EXPECT_NE(form_of(KeyForm::text, "a"), form_of(KeyForm::text, "A"));
  EXPECT_EQ(form_of(KeyForm::folded, "aB@c.d "), form_of(KeyForm::folded, "Ab@C.D"));
  EXPECT_NE(form_of(KeyForm::folded, "a"), form_of(KeyForm::folded, "b"));
  EXPECT_EQ(form_of(KeyForm::bytes, std::string_view("a\0\0", 3)), form_of(KeyForm::bytes, "a"));
  EXPECT_NE(form_of(KeyForm::bytes, "a "), form_of(KeyForm::bytes, "a"));
  EXPECT_EQ(form_of(KeyForm::bits, std::string_view("\0\1", 2)), form_of(KeyForm::bits, "\1"));
}

TEST(KeyForm, a_value_that_may_equal_another_one_says_so) {
  EXPECT_FALSE(form_of(KeyForm::folded, "\xC3\xA9"));
  EXPECT_FALSE(form_of(KeyForm::folded, "a\tb"));
  EXPECT_FALSE(form_of(KeyForm::folded, "\x7F"));
  EXPECT_FALSE(form_of(KeyForm::opaque, "a"));
}

TEST(KeyForm, a_prefix_is_counted_in_characters_or_bytes) {
  EXPECT_EQ(form_of(KeyForm::text,
                    "\xC3\xA9"
                    "ab",
                    2),
            form_of(KeyForm::text,
                    "\xC3\xA9"
                    "ac",
                    2));
  EXPECT_NE(form_of(KeyForm::text,
                    "\xC3\xA9"
                    "ab",
                    3),
            form_of(KeyForm::text,
                    "\xC3\xA9"
                    "ac",
                    3));
  EXPECT_EQ(form_of(KeyForm::bytes, "abc", 2), form_of(KeyForm::bytes, "abd", 2));
  EXPECT_EQ(form_of(KeyForm::folded, "ABc", 2), form_of(KeyForm::folded, "abd", 2));
}

TEST(KeyForm, collations_that_know_languages_are_left_alone) {
  for (const char* plain : {"utf8mb4_general_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci",
                            "latin1_swedish_ci", "utf8_general_ci", "utf8mb3_general_ci"})
    EXPECT_TRUE(folds_ascii_only(plain)) << plain;
  for (const char* other : {"utf8mb4_danish_ci", "utf8mb4_hu_0900_ai_ci", "latin1_german2_ci",
                            "utf8mb4_ja_0900_as_cs", "cp1251_general_ci", "", "utf8mb4"})
    EXPECT_FALSE(folds_ascii_only(other)) << other;
}

}  // namespace
}  // namespace tideway
