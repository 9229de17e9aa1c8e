#include "route/decimal.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

Decimal of(std::string_view text) { return Decimal::parse(text).value(); }

TEST(Decimal, text_reads_back_as_itself) {
  for (const char* text : {"0", "-1", "12345678901234567890.123456789", "0.001",
                           "-99999999999999999999999999999999999.5", "0.00", "100"})
    EXPECT_EQ(of(text).to_text(), text);
  EXPECT_EQ(of("+1.").to_text(), "1");
  EXPECT_EQ(of("-.5").to_text(), "-0.5");
  EXPECT_EQ(of("-0").to_text(), "0");
}

TEST(Decimal, other_text_is_no_number) {
  for (const char* text : {"", "-", ".", "1.2.3", "1e5", " 1", "0x1", "--1"})
    EXPECT_FALSE(Decimal::parse(text)) << text;
  EXPECT_FALSE(Decimal::parse(std::string(200, '9')));
}

TEST(Decimal, compares_whatever_the_scale) {
  EXPECT_EQ(of("1.50").compare(of("1.5")), 0);
  EXPECT_LT(of("-2").compare(of("-1.999999999999999999999999")), 0);
  EXPECT_GT(of("18446744073709551616").compare(Decimal::of(UINT64_MAX, false)), 0);
  EXPECT_EQ(of("-0.0").compare(of("0")), 0);
}

TEST(Decimal, calculates_exactly) {
  EXPECT_EQ(of("0.1").plus(of("0.2"))->to_text(), "0.3");
  EXPECT_EQ(of("1").plus(of("-1.25"))->to_text(), "-0.25");
  EXPECT_EQ(of("99999999999999999999").times(of("-99999999999999999999"))->to_text(),
            "-9999999999999999999800000000000000000001");
  EXPECT_EQ(of("-7.5").remainder(of("2"))->to_text(), "-1.5");
  EXPECT_EQ(of("1").over(of("3"), 4)->to_text(), "0.333333333");
  EXPECT_EQ(of("10").over(of("-4"), 4)->to_text(), "-2.500000000");
  EXPECT_EQ(of("123456789012345678901234567890").over(of("987654321"), 4)->to_text(),
            "124999998873437499901.582031239");
}

TEST(Decimal, rounds_away_from_zero_or_cuts) {
  EXPECT_EQ(of("2.345").with_scale(2, Decimal::Cut::half_up).to_text(), "2.35");
  EXPECT_EQ(of("-2.5").with_scale(0, Decimal::Cut::half_up).to_text(), "-3");
  EXPECT_EQ(of("-2.9").with_scale(0, Decimal::Cut::toward_zero).to_text(), "-2");
  EXPECT_EQ(of("2.3").with_scale(5, Decimal::Cut::half_up).to_text(), "2.3");
}

}  // namespace
}  // namespace tideway
