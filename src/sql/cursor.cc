#include "sql/cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace tideway {
namespace {

// What of a token is shown: messages stay on one screen.
constexpr std::size_t shown_bytes = 60;

std::string shown(const Token& token) {
  if (token.kind == TokenKind::end) return "the end of the statement";
  std::string text(token.text.substr(0, shown_bytes));
  if (token.text.size() > shown_bytes) text += "…";
  return (token.kind == TokenKind::broken ? "the unfinished '" : "'") + text + "'";
}

}  // namespace

TokenCursor::TokenCursor(std::string_view text, LexerOptions options)
    : text_(text), options_(options) {
  Lexer lexer(text, options);
  do {
    tokens_.push_back(lexer.next());
  } while (tokens_.back().kind != TokenKind::end);
}

const Token& TokenCursor::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& TokenCursor::take() {
  const Token& taken = tokens_[at_];
  if (at_ + 1 < tokens_.size()) ++at_;
  return taken;
}

const Token& TokenCursor::last() const {
  CHECK(at_ > 0);
  return tokens_[at_ - 1];
}

bool TokenCursor::at_words(std::initializer_list<std::string_view> keywords) const {
  std::size_t ahead = 0;
  return std::ranges::all_of(keywords,
                             [&](std::string_view keyword) { return peek(ahead++).is(keyword); });
}

bool TokenCursor::at_one_of(std::initializer_list<std::string_view> keywords) const {
  return std::ranges::any_of(keywords, [this](std::string_view keyword) { return at(keyword); });
}

bool TokenCursor::accept(std::string_view keyword) {
  if (!at(keyword)) return false;
  take();
  return true;
}

bool TokenCursor::accept(char symbol) {
  if (!at(symbol)) return false;
  take();
  return true;
}

bool TokenCursor::accept_words(std::initializer_list<std::string_view> keywords) {
  if (!at_words(keywords)) return false;
  at_ += keywords.size();
  return true;
}

Result<void> TokenCursor::expect(std::string_view keyword) {
  if (!accept(keyword)) return fail(unexpected(keyword));
  return {};
}

Result<void> TokenCursor::expect(char symbol) {
  if (!accept(symbol)) return fail(unexpected(fmt::format("'{}'", symbol)));
  return {};
}

Result<std::string> TokenCursor::expect_name(std::string_view what) {
  const TokenKind kind = peek().kind;
  if (kind != TokenKind::word && kind != TokenKind::quoted_word) return fail(unexpected(what));
  return name_of(take());
}

Result<std::uint64_t> TokenCursor::expect_number(std::string_view what) {
  const std::string_view digits = peek().text;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (peek().kind != TokenKind::number || error != std::errc() ||
      end != digits.data() + digits.size()) {
    return fail(unexpected(what));
  }
  take();
  return value;
}

Result<std::string_view> TokenCursor::skip_parentheses() {
  const Token open = peek();
  TRY(expect('('));
  for (std::size_t depth = 1; depth > 0;) {
    if (is_at_end() || peek().kind == TokenKind::broken) return fail(unexpected("')'"));
    if (at('(')) ++depth;
    if (at(')')) --depth;
    take();
  }
  return text_between(open.offset, last().end());
}

Error TokenCursor::unexpected(std::string_view what) const {
  return error_at(peek(), fmt::format("expected {}, found {}", what, shown(peek())));
}

Error TokenCursor::error_at(const Token& token, std::string_view message) const {
  const TextPlace place = place_of(text_, token.offset);
  Evidence evidence;
  evidence.position = fmt::format("{}:{}", place.line, place.column);
  return {ErrorCode::sql_syntax, Side::local, Retry::never, std::move(evidence),
          fmt::format("syntax error at line {}, column {}: {}", place.line, place.column, message)};
}

}  // namespace tideway
