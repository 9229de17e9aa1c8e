// Any bytes as SQL: tokens are in order, none is empty, what lies between them is white space once
// comments are kept, and keeping comments changes no other token.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "sql/lexer.h"

namespace {

using tideway::Lexer;
using tideway::LexerOptions;
using tideway::Token;
using tideway::TokenKind;

std::vector<Token> tokens(std::string_view sql, LexerOptions options) {
  std::vector<Token> all;
  Lexer lexer(sql, options);
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next())
    all.push_back(token);
  CHECK(lexer.offset() == sql.size());
  return all;
}

bool is_comment(const Token& token) {
  return token.kind == TokenKind::comment || token.kind == TokenKind::version_open ||
         token.kind == TokenKind::version_close;
}

void check(std::string_view sql, LexerOptions options) {
  options.keep_comments = true;
  const auto kept = tokens(sql, options);
  std::size_t at = 0;
  std::vector<Token> rest;
  for (const Token& token : kept) {
    CHECK(!token.text.empty());
    CHECK(token.offset >= at && token.text.data() == sql.data() + token.offset);
    CHECK(sql.substr(at, token.offset - at).find_first_not_of(" \t\n\v\f\r") ==
          std::string_view::npos);
    at = token.end();
    if (!is_comment(token)) rest.push_back(token);
    static_cast<void>(name_of(token));
    if (token.kind != TokenKind::broken)
      CHECK(bytes_of(token, options.no_backslash_escapes).size() <= token.text.size());
  }
  CHECK(sql.substr(at).find_first_not_of(" \t\n\v\f\r") == std::string_view::npos);
  options.keep_comments = false;
  const auto without = tokens(sql, options);
  CHECK(without.size() == rest.size());
  for (std::size_t i = 0; i < rest.size(); ++i) {
    CHECK(without[i].kind == rest[i].kind && without[i].text == rest[i].text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  for (unsigned bits = 0; bits < 8; ++bits) {
    LexerOptions options;
    options.ansi_quotes = (bits & 1U) != 0;
    options.no_backslash_escapes = (bits & 2U) != 0;
    if ((bits & 4U) != 0) options.version = 50700;
    check(sql, options);
  }
  return 0;
}
