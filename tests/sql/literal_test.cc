#include "sql/literal.h"

#include <gtest/gtest.h>

#include <string>

#include "sql/escaped_slowly.h"
#include "sql/lexer.h"

namespace tideway {
namespace {

using namespace std::string_literals;

ColumnType type_of(TypeKind kind) {
  ColumnType type;
  type.kind = kind;
  return type;
}

std::string literal(TypeKind kind, std::string_view cell) {
  std::string out;
  append_literal(out, type_of(kind), cell);
  return out;
}

std::string live_literal(TypeKind kind, std::string_view cell) {
  std::string out;
  append_live_literal(out, type_of(kind), cell);
  return out;
}

// The slow way to the same text.
std::string quoted_slowly(std::string_view text) { return "'" + escaped_slowly(text) + "'"; }

TEST(Literal, numbers_are_bare_and_keep_their_text) {
  EXPECT_EQ(literal(TypeKind::integer, "-128"), "-128");
  EXPECT_EQ(literal(TypeKind::integer, "0000000007"), "0000000007");
  EXPECT_EQ(literal(TypeKind::decimal, "3.50"), "3.50");
  EXPECT_EQ(literal(TypeKind::double_number, "1e20"), "1e20");
  EXPECT_EQ(literal(TypeKind::double_number, "-1.7976931348623157e308"), "-1.7976931348623157e308");
}

TEST(Literal, the_sign_of_a_float_zero_survives) {
  EXPECT_EQ(literal(TypeKind::float_number, "-0"), "-0e0");
  EXPECT_EQ(literal(TypeKind::double_number, "-0.00"), "-0e0");
  EXPECT_EQ(literal(TypeKind::double_number, "0"), "0");
  EXPECT_EQ(literal(TypeKind::double_number, "-0.5"), "-0.5");
  EXPECT_EQ(literal(TypeKind::decimal, "-0.00"), "-0.00");
}

TEST(Literal, text_that_is_no_number_never_becomes_syntax) {
  for (const char* text : {"", "-", ".", "1-1", "1);DROP TABLE t;--", "1e", "1e+", "0x10", "nan",
                           "1 ", "--1", "1.2.3"}) {
    EXPECT_EQ(literal(TypeKind::integer, text), quoted_slowly(text)) << text;
    EXPECT_EQ(live_literal(TypeKind::double_number, text), quoted_slowly(text)) << text;
  }
}

TEST(Literal, bytes_are_lower_case_hex_in_files) {
  EXPECT_EQ(literal(TypeKind::blob, "\x00\xFF"s), "x'00ff'");
  EXPECT_EQ(literal(TypeKind::var_binary, ""), "x''");
  EXPECT_EQ(literal(TypeKind::bit, "\x05"), "x'05'");
  std::string all, hex = "x'";
  for (unsigned i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    hex += "0123456789abcdef"[i / 16];
    hex += "0123456789abcdef"[i % 16];
  }
  EXPECT_EQ(literal(TypeKind::long_blob, all), hex + "'");
}

TEST(Literal, live_bytes_are_escaped_text_except_bit_and_geometry) {
  EXPECT_EQ(live_literal(TypeKind::blob, "a\0'\xFF"s), "_binary'a\\0\\'\xFF'");
  EXPECT_EQ(live_literal(TypeKind::fixed_binary, ""), "_binary''");
  EXPECT_EQ(live_literal(TypeKind::bit, "\x05"), "x'05'");
  EXPECT_EQ(live_literal(TypeKind::geometry, "\x01"), "x'01'");
  EXPECT_EQ(live_literal(TypeKind::text, "a"), "'a'");
}

TEST(Literal, the_number_of_a_set_is_bare_and_labels_are_quoted) {
  ColumnType type;
  type.kind = TypeKind::set;
  type.labels = {"", "8"};
  const auto live = [&type](std::string_view cell) {
    std::string out;
    append_live_literal(out, type, cell);
    return out;
  };
  EXPECT_EQ(live("+2"), "+2");
  EXPECT_EQ(live("8"), "'8'");
  EXPECT_EQ(live("+x"), "'+x'");
  type.labels = {"", "a"};
  EXPECT_EQ(live("2"), "'2'");
}

TEST(Literal, characters_are_quoted_and_escaped) {
  EXPECT_EQ(literal(TypeKind::var_char, "a\0b\nc\rd\\e'f\"g\x1Ah\ti%_"s),
            "'a\\0b\\nc\\rd\\\\e\\'f\\\"g\\Zh\ti%_'");
  EXPECT_EQ(literal(TypeKind::json, R"({"a":1})"), R"('{\"a\":1}')");
  EXPECT_EQ(literal(TypeKind::year, "2024"), "'2024'");
  EXPECT_EQ(literal(TypeKind::enumeration, "é🐬"), "'é🐬'");
}

TEST(Literal, every_byte_at_every_place_and_length_is_escaped_alike) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (const std::size_t length : {1U, 2U, 15U, 16U, 17U, 31U, 33U, 64U}) {
      for (std::size_t at = 0; at < length; ++at) {
        std::string text(length, 'x');
        text[at] = static_cast<char>(byte);
        std::string out = "before";
        append_quoted(out, text);
        ASSERT_EQ(out, "before" + quoted_slowly(text)) << byte << " at " << at << " of " << length;
      }
    }
  }
}

TEST(Literal, long_texts_are_the_same_as_short_ones) {
  std::string text;
  for (std::size_t i = 0; i < 100'000; ++i) text += static_cast<char>((i * 7919 >> 3U) & 0xFFU);
  EXPECT_EQ(literal(TypeKind::long_text, text), quoted_slowly(text));
  EXPECT_EQ(live_literal(TypeKind::long_blob, text), "_binary" + quoted_slowly(text));
  EXPECT_EQ(literal(TypeKind::long_text, std::string(50'000, '\'')),
            quoted_slowly(std::string(50'000, '\'')));
}

TEST(Literal, a_row_writer_stays_inside_the_bound) {
  for (const LiteralForm form : {LiteralForm::number, LiteralForm::approximate, LiteralForm::hex,
                                 LiteralForm::binary_text, LiteralForm::characters}) {
    for (std::size_t length = 0; length < 70; ++length) {
      const std::string text(length, '\'');
      std::string out(literal_bound(length) + 8, '#');
      const char* const end = write_literal(out.data(), form, text);
      EXPECT_LE(static_cast<std::size_t>(end - out.data()), literal_bound(length));
      EXPECT_EQ(out.substr(literal_bound(length)), "########");
    }
  }
}

TEST(Literal, plain_quoting_doubles_quotes_only) {
  std::string out;
  append_quoted_plain(out, "a'b\\c\n'");
  EXPECT_EQ(out, "'a''b\\c\n'''");
  out.clear();
  append_quoted_plain(out, "");
  EXPECT_EQ(out, "''");
}

TEST(Literal, what_is_written_reads_back) {
  std::string text;
  for (unsigned i = 0; i < 512; ++i) text += static_cast<char>(i & 0xFFU);
  for (const TypeKind kind : {TypeKind::text, TypeKind::blob}) {
    const std::string written = literal(kind, text);
    const Token token = Lexer(written).next();
    EXPECT_EQ(token.text.size(), written.size());
    EXPECT_EQ(bytes_of(token), text);
  }
}

}  // namespace
}  // namespace tideway
