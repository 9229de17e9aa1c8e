#include "sql/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tideway {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

LexerOptions ansi() {
  LexerOptions options;
  options.ansi_quotes = true;
  return options;
}
LexerOptions no_backslash() {
  LexerOptions options;
  options.no_backslash_escapes = true;
  return options;
}
LexerOptions with_comments() {
  LexerOptions options;
  options.keep_comments = true;
  return options;
}
LexerOptions version(std::uint32_t version) {
  LexerOptions options;
  options.version = version;
  return options;
}

std::vector<Token> tokens(std::string_view sql, LexerOptions options = {}) {
  std::vector<Token> out;
  Lexer lexer(sql, options);
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next())
    out.push_back(token);
  return out;
}

std::vector<std::string> texts(std::string_view sql, LexerOptions options = {}) {
  std::vector<std::string> out;
  for (const Token& token : tokens(sql, options)) out.emplace_back(token.text);
  return out;
}

std::vector<TokenKind> kinds(std::string_view sql) {
  std::vector<TokenKind> out;
  for (const Token& token : tokens(sql)) out.push_back(token.kind);
  return out;
}

Token only(std::string_view sql, LexerOptions options = {}) {
  const auto all = tokens(sql, options);
  EXPECT_EQ(all.size(), 1U) << sql;
  return all.empty() ? Token{} : all[0];
}

TEST(Lexer, words_numbers_and_symbols) {
  EXPECT_THAT(texts("a=1.5e-3+b.c,(@x:=2)<=>.5->>'$'"),
              ElementsAre("a", "=", "1.5e-3", "+", "b", ".", "c", ",", "(", "@x", ":=", "2", ")",
                          "<=>", ".5", "->>", "'$'"));
  EXPECT_EQ(only("0x1F").kind, TokenKind::hex);
  EXPECT_EQ(only("X'1f'").kind, TokenKind::hex);
  EXPECT_EQ(only("0b10").kind, TokenKind::bits);
  EXPECT_EQ(only("B'10'").kind, TokenKind::bits);
  EXPECT_EQ(only("0xZZ").kind, TokenKind::word);
  EXPECT_EQ(only("1st").kind, TokenKind::word);
  EXPECT_EQ(only("5.").kind, TokenKind::number);
}

TEST(Lexer, names_may_begin_with_digits_after_a_dot) {
  EXPECT_THAT(texts("db.1t"), ElementsAre("db", ".", "1t"));
  EXPECT_THAT(texts("`d`.5e5"), ElementsAre("`d`", ".", "5e5"));
  EXPECT_THAT(kinds("db.1"), ElementsAre(TokenKind::word, TokenKind::symbol, TokenKind::word));
}

TEST(Lexer, quotes_double_and_escape) {
  EXPECT_EQ(bytes_of(only(R"('it''s \'\n\0\Z\b\r\t\\\%\_\q"')")),
            "it's '\n\0\x1A\b\r\t\\\\%\\_q\""s);
  EXPECT_EQ(bytes_of(only(R"("a""b'")")), "a\"b'");
  EXPECT_EQ(bytes_of(only(R"('a\')", no_backslash()), true), "a\\");
  EXPECT_EQ(name_of(only("`a``b\\`")), "a`b\\");
  EXPECT_EQ(only(R"("a")", ansi()).kind, TokenKind::quoted_word);
  EXPECT_EQ(name_of(only("\"a\"\"\\\"", ansi())), "a\"\\");
}

TEST(Lexer, literals_of_digits_become_bytes) {
  EXPECT_EQ(bytes_of(only("x'00ff'")), "\0\xFF"s);
  EXPECT_EQ(bytes_of(only("0xabc")), "\x0A\xBC");
  EXPECT_EQ(bytes_of(only("b'100000001'")), "\x01\x01");
  EXPECT_EQ(bytes_of(only("x''")), "");
}

TEST(Lexer, introducers_are_known_character_sets_before_a_literal) {
  EXPECT_THAT(kinds("_utf8mb4'a'"), ElementsAre(TokenKind::introducer, TokenKind::text));
  EXPECT_THAT(kinds("_binary x'00'"), ElementsAre(TokenKind::introducer, TokenKind::hex));
  EXPECT_THAT(kinds("_latin1 0xff"), ElementsAre(TokenKind::introducer, TokenKind::hex));
  EXPECT_THAT(kinds("N'a'"), ElementsAre(TokenKind::introducer, TokenKind::text));
  EXPECT_THAT(kinds("_mine'a'"), ElementsAre(TokenKind::word, TokenKind::text));
  EXPECT_THAT(kinds("_utf8mb4 + 1"),
              ElementsAre(TokenKind::word, TokenKind::symbol, TokenKind::number));
}

TEST(Lexer, variables_and_accounts) {
  EXPECT_THAT(texts("@a @@global.b @'c d' `root`@`%` @"),
              ElementsAre("@a", "@@global.b", "@'c d'", "`root`", "@`%`", "@"));
}

TEST(Lexer, comments_are_skipped_or_kept) {
  const char* const sql = "a -- x\nb # y\n/* z * / */ c --d";
  EXPECT_THAT(texts(sql), ElementsAre("a", "b", "c", "-", "-", "d"));
  EXPECT_THAT(texts(sql, with_comments()),
              ElementsAre("a", "-- x", "b", "# y", "/* z * / */", "c", "-", "-", "d"));
  EXPECT_THAT(texts("--"), IsEmpty());
  EXPECT_THAT(texts("a--\tb"), ElementsAre("a"));
}

TEST(Lexer, version_comments_count_up_to_the_version_asked_for) {
  const char* const sql = "a /*!50100 b '*/' /* c */ /*!80016 d */ e */ f";
  EXPECT_THAT(texts(sql), ElementsAre("a", "b", "'*/'", "d", "e", "f"));
  EXPECT_THAT(texts(sql, version(50700)), ElementsAre("a", "b", "'*/'", "e", "f"));
  EXPECT_THAT(texts("/*!99999 a /* b */ c */ d", version(80000)), ElementsAre("d"));
  EXPECT_THAT(texts("/*!a*/ /*M!100301 b*/ /*T![auto_rand] c */ /*T!d*/"),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(texts("/*M!999999\\- enable the sandbox mode */ a"), ElementsAre("a"));
  EXPECT_THAT(texts("/*T![x,y] c */", with_comments()), ElementsAre("/*T![x,y]", "c", "*/"));
  EXPECT_THAT(texts("a */ b"), ElementsAre("a", "*", "/", "b"));
}

TEST(Lexer, what_is_cut_off_is_broken) {
  for (const char* sql : {"'a", "\"a", "`a", "'a\\'", "'a''", "/* a", "/*", "/*!99999 a", "@'a"}) {
    EXPECT_EQ(only(sql, version(80000)).kind, TokenKind::broken) << sql;
  }
}

TEST(Lexer, every_byte_is_taken_once) {
  std::string sql;
  for (unsigned i = 0; i < 256; ++i) sql += static_cast<char>(i);
  std::size_t end = 0;
  for (const Token& token : tokens(sql, with_comments())) {
    EXPECT_GE(token.offset, end);
    EXPECT_FALSE(token.text.empty());
    end = token.end();
  }
  EXPECT_EQ(end, sql.size());
}

TEST(Lexer, places_count_lines_and_columns_from_one) {
  EXPECT_EQ(place_of("ab\ncd", 0).line, 1U);
  EXPECT_EQ(place_of("ab\ncd", 4).line, 2U);
  EXPECT_EQ(place_of("ab\ncd", 4).column, 2U);
}

}  // namespace
}  // namespace tideway
