#include "model/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace tideway {
namespace {

std::string printed(std::string_view document) {
  std::string out = "before ";
  append_mysql_json(out, document);
  EXPECT_EQ(out.substr(0, 7), "before ");
  return out.substr(7);
}

std::string real(double value) {
  std::string out;
  append_mysql_double(out, value);
  return out;
}

TEST(MysqlJson, members_stand_by_the_length_of_their_names_and_then_by_their_bytes) {
  EXPECT_EQ(printed(R"({"a": 1, "aa": 2, "b": 3, "": 4, "ü": 5, "ab": {"z": 1, "yy": 2, "c": 3}})"),
            R"({"": 4, "a": 1, "b": 3, "aa": 2, "ab": {"c": 3, "z": 1, "yy": 2}, "ü": 5})");
}

TEST(MysqlJson, what_mysql_printed_stays_to_the_byte) {
  for (const std::string_view document :
       {R"({})", R"([])", R"(null)", R"(true)", R"("")",
        R"([1, [2, [3, {"a": [6, {"b": null}]}]]])", R"("\"\\/\b\f\n\r\t\u0000\u001f")",
        R"(18446744073709551615)", R"(-9223372036854775808)", R"(1.7976931348623157e308)",
        R"(5e-324)", R"(0.30000000000000004)", R"(-0.0)", R"(1.0)", R"(1e20)", R"(1.5)",
        R"({"a\"b": 7, "😀": 8, "ü 中": "é"})"}) {
    EXPECT_EQ(printed(document), document);
  }
}

TEST(MysqlJson, spaces_and_escapes_that_mysql_does_not_print_go) {
  EXPECT_EQ(printed(" { \"b\" :1,\"a\":[ 1 ,2 ]\n} "), R"({"a": [1, 2], "b": 1})");
  EXPECT_EQ(printed(R"("\u00e9\u4e2d\ud83d\ude00\/\u003c")"), R"("é中😀/<")");
}

TEST(MysqlJson, reals_are_printed_as_mysql_prints_a_double) {
  EXPECT_EQ(printed("100000000000000000000.0"), "1e20");
  EXPECT_EQ(printed("1E-7"), "0.0000001");
  EXPECT_EQ(printed("[1e14, 1e15, 2.50]"), "[100000000000000.0, 1e15, 2.5]");
}

// It must equal nothing, and must not be lost either.
TEST(MysqlJson, what_is_no_document_stays_as_it_is) {
  for (const std::string_view text :
       {"", "{", "[1,]", "{\"a\" 1}", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\\u0041\"", "1.5.2",
        "nul", "[] []", "1e999", "{1: 2}", ",", "--1.0"}) {
    EXPECT_EQ(printed(text), text);
  }
  const std::string deep(5000, '[');
  EXPECT_EQ(printed(deep), deep);
}

TEST(MysqlDouble, has_an_exponent_only_beyond_fifteen_digits) {
  EXPECT_EQ(real(0), "0");
  EXPECT_EQ(real(-0.0), "-0");
  EXPECT_EQ(real(1e14), "100000000000000");
  EXPECT_EQ(real(999999999999999.9), "999999999999999.9");
  EXPECT_EQ(real(1e15), "1e15");
  EXPECT_EQ(real(-1.5e20), "-1.5e20");
  EXPECT_EQ(real(4503599627370495.5), "4503599627370495.5");
  EXPECT_EQ(real(4503599627370496), "4.503599627370496e15");
  EXPECT_EQ(real(1e-15), "0.000000000000001");
  EXPECT_EQ(real(1e-16), "1e-16");
  EXPECT_EQ(real(0.000012345), "0.000012345");
  EXPECT_EQ(real(std::numeric_limits<double>::max()), "1.7976931348623157e308");
  EXPECT_EQ(real(std::numeric_limits<double>::denorm_min()), "5e-324");
}

}  // namespace
}  // namespace tideway
