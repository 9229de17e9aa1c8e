#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/lexer.h"

namespace tideway {

// Walks the tokens of one statement with any look-ahead: what the parsers of this room stand on.
// The text outlives it. Errors are sql_syntax with `line:column` as evidence.position and name the
// token found.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text, LexerOptions options = {});

  const Token& peek(std::size_t ahead = 0) const;
  const Token& take();        // the current token, and moves on; stays at the end
  const Token& last() const;  // the token taken last; at least one was
  bool is_at_end() const { return peek().kind == TokenKind::end; }
  std::size_t place() const { return at_; }
  void go_back_to(std::size_t place) { at_ = place; }

  bool at(std::string_view keyword) const { return peek().is(keyword); }
  bool at(char symbol) const { return peek().is(symbol); }
  bool at_words(std::initializer_list<std::string_view> keywords) const;  // all, one after another
  bool at_one_of(std::initializer_list<std::string_view> keywords) const;
  bool accept(std::string_view keyword);
  bool accept(char symbol);
  bool accept_words(std::initializer_list<std::string_view> keywords);  // all or none

  Result<void> expect(std::string_view keyword);
  Result<void> expect(char symbol);
  Result<std::string> expect_name(std::string_view what);  // a word or quoted word
  Result<std::uint64_t> expect_number(std::string_view what);
  // At `(`: moves behind its `)`. The text from one to the other, both included.
  Result<std::string_view> skip_parentheses();

  std::string_view text_between(std::size_t from, std::size_t to) const {
    return text_.substr(from, to - from);
  }
  std::string_view text() const { return text_; }
  const LexerOptions& options() const { return options_; }
  // The bytes a text, hex or bits token of it stands for, under its options.
  std::string bytes_of(const Token& token) const {
    return tideway::bytes_of(token, options_.no_backslash_escapes);
  }
  // "expected <what>, found '…'" at the current token.
  Error unexpected(std::string_view what) const;
  Error error_at(const Token& token, std::string_view message) const;

 private:
  std::string_view text_;
  LexerOptions options_;
  std::vector<Token> tokens_;  // the last is the end
  std::size_t at_ = 0;
};

}  // namespace tideway
