#include "sql/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sql/char_class.h"
#include "sql/charset.h"

namespace tideway {

using sql_text::is_digit;
using sql_text::is_space;
using sql_text::is_word_char;
using sql_text::nibble;

namespace {

bool is_hex_digit(char c) { return nibble(c) >= 0; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

constexpr std::array<std::string_view, 16> long_symbols = {"<=>", "->>", ":=", "<=", ">=", "<>",
                                                           "!=",  "||",  "&&", "<<", ">>", "->",
                                                           "+=",  "-=",  "|=", "&="};

// Undoes the escapes and doubled quotes of what stands between two `quote`s.
std::string unescaped(std::string_view inside, char quote, bool no_backslash_escapes) {
  std::string out;
  out.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (c == quote) {
      ++i;  // the first of two
      out += c;
    } else if (c != '\\' || no_backslash_escapes || i + 1 == inside.size()) {
      out += c;
    } else {
      const char letter = inside[++i];
      switch (letter) {
        case '0':
          out += '\0';
          break;
        case 'b':
          out += '\b';
          break;
        case 'n':
          out += '\n';
          break;
        case 'r':
          out += '\r';
          break;
        case 't':
          out += '\t';
          break;
        case 'Z':
          out += '\x1A';
          break;
        case '%':
        case '_':
          out += '\\';
          [[fallthrough]];
        default:
          out += letter;
      }
    }
  }
  return out;
}

// The digits of x'…', 0x…, b'…' or 0b….
std::string_view digits_of(std::string_view literal) {
  if (literal[0] == '0') return literal.substr(2);
  return literal.substr(2, literal.size() - 3);
}

// `bits_per_digit` is 4 or 1; the first byte is filled up with zeros on its left.
std::string packed(std::string_view digits, unsigned bits_per_digit) {
  const unsigned per_byte = 8 / bits_per_digit;
  std::string out((digits.size() + per_byte - 1) / per_byte, '\0');
  std::size_t position = out.size() * per_byte - digits.size();
  for (const char digit : digits) {
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(out[position / per_byte]));
    out[position / per_byte] =
        static_cast<char>(byte << bits_per_digit | static_cast<unsigned>(nibble(digit)));
    ++position;
  }
  return out;
}

}  // namespace

bool Token::is(std::string_view keyword) const {
  return kind == TokenKind::word && std::ranges::equal(text, keyword, {}, upper);
}

Token Lexer::token(TokenKind kind, std::size_t start) const {
  return {kind, text_.substr(start, at_ - start), start};
}

Token Lexer::next() {
  Token found;
  if (skip_space_and_comments(found)) return found;
  const bool after_dot = std::exchange(after_dot_, false);
  const bool after_name = std::exchange(after_name_, false);
  if (at_ >= text_.size()) return token(TokenKind::end, at_);
  const char c = peek(), following = peek(1);
  if (c == '\'') return quoted(c, TokenKind::text);
  if (c == '"') return quoted(c, options_.ansi_quotes ? TokenKind::quoted_word : TokenKind::text);
  if (c == '`') return quoted(c, TokenKind::quoted_word);
  if (c == '@') return variable();
  if (following == '\'' && (upper(c) == 'X' || upper(c) == 'B')) {
    return prefixed_literal(upper(c) == 'X' ? TokenKind::hex : TokenKind::bits, at_);
  }
  if ((is_digit(c) && !after_dot) || (c == '.' && is_digit(following) && !after_name))
    return number_or_word();
  if (is_word_char(c)) return word();
  return symbol();
}

bool Lexer::skip_space_and_comments(Token& kept) {
  for (;;) {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ >= text_.size()) return false;
    const std::size_t before = at_;
    if (take_comment(kept)) return true;
    if (at_ == before) return false;
  }
}

// Moves past one comment or version mark if one starts here. True: `kept` is it.
bool Lexer::take_comment(Token& kept) {
  const std::size_t start = at_;
  const char c = peek();
  if (c == '#' || (c == '-' && peek(1) == '-' &&
                   (at_ + 2 >= text_.size() || static_cast<unsigned char>(peek(2)) <= ' '))) {
    at_ = std::min(text_.find('\n', at_), text_.size());
  } else if (c == '*' && peek(1) == '/' && depth_ > 0) {
    --depth_;
    at_ += 2;
    kept = token(TokenKind::version_close, start);
    return options_.keep_comments;
  } else if (c == '/' && peek(1) == '*') {
    if (is_version_open()) {
      kept = open_version();
      if (kept.kind == TokenKind::broken) return true;
      return options_.keep_comments;
    }
    at_ += 2;
    skip_block_comment(false);
    if (at_ > text_.size()) {
      at_ = text_.size();
      kept = token(TokenKind::broken, start);
      return true;
    }
  } else {
    return false;
  }
  kept = token(TokenKind::comment, start);
  return options_.keep_comments;
}

bool Lexer::is_version_open() const {
  return peek(2) == '!' || ((peek(2) == 'M' || peek(2) == 'T') && peek(3) == '!');
}

Token Lexer::open_version() {
  const std::size_t start = at_;
  const bool is_tidb = peek(2) == 'T', is_plain = peek(2) == '!';
  at_ += is_plain ? 3 : 4;
  std::uint32_t version = 0;
  // Five digits, or six; a seventh belongs to what follows.
  for (int i = 0; i < 6 && is_digit(peek()); ++i)
    version = version * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
  if (is_tidb && peek() == '[') {
    // Features' names are short; without a bound many unclosed lists would take quadratic time.
    const std::size_t close = text_.substr(at_, 256).find(']');
    if (close != std::string_view::npos) at_ += close + 1;
  }
  // MariaDB's clients open every dump with /*M!999999\- enable the sandbox mode */, for no server.
  const bool is_for_nobody = !is_plain && !is_tidb && version >= 990'000;
  if (is_for_nobody || (is_plain && version > options_.version)) {
    skip_block_comment(true);
    if (at_ <= text_.size()) return token(TokenKind::comment, start);
    at_ = text_.size();
    return token(TokenKind::broken, start);
  }
  ++depth_;
  return token(TokenKind::version_open, start);
}

// From inside a comment to behind its end, or past the end of the text when it has none. A version
// comment that does not count may hold plain comments, as in the server; a plain one holds nothing.
void Lexer::skip_block_comment(bool nests) {
  std::size_t close = text_.find("*/", at_);
  std::size_t from = at_;
  while (nests && close != std::string_view::npos) {
    if (text_.substr(from, close - from).find("/*") == std::string_view::npos) break;
    from = close + 2;
    close = text_.find("*/", from);
  }
  at_ = close == std::string_view::npos ? text_.size() + 1 : close + 2;
}

Token Lexer::quoted(char quote, TokenKind kind) {
  const std::size_t start = at_++;
  const bool has_escapes = kind == TokenKind::text && !options_.no_backslash_escapes;
  const std::array<char, 2> stops = {quote, '\\'};
  const std::string_view ends(stops.data(), has_escapes ? 2 : 1);
  for (;;) {
    at_ = text_.find_first_of(ends, at_);
    if (at_ == std::string_view::npos || (text_[at_] == '\\' && at_ + 1 >= text_.size())) {
      at_ = text_.size();
      return token(TokenKind::broken, start);
    }
    if (text_[at_] == '\\' || peek(1) == quote) {
      at_ += 2;
      continue;
    }
    ++at_;
    after_name_ = kind == TokenKind::quoted_word;
    return token(kind, start);
  }
}

// x'…' and b'…'; a word when what is between the quotes are no digits.
Token Lexer::prefixed_literal(TokenKind kind, std::size_t start) {
  const bool is_bits = kind == TokenKind::bits;
  std::size_t at = at_ + 2;
  while (at < text_.size() &&
         (is_bits ? text_[at] == '0' || text_[at] == '1' : is_hex_digit(text_[at])))
    ++at;
  const bool is_whole = at < text_.size() && text_[at] == '\'' && (is_bits || (at - at_) % 2 == 0);
  if (!is_whole) return word();
  at_ = at + 1;
  return token(kind, start);
}

Token Lexer::number_or_word() {
  const std::size_t start = at_;
  const char radix = peek(1);
  if (peek() == '0' && (radix == 'x' || radix == 'b')) {
    const auto is_wanted = [radix](char c) {
      return radix == 'x' ? is_hex_digit(c) : c == '0' || c == '1';
    };
    std::size_t at = at_ + 2;
    while (at < text_.size() && is_wanted(text_[at])) ++at;
    if (at > at_ + 2 && (at >= text_.size() || !is_word_char(text_[at]))) {
      at_ = at;
      return token(radix == 'x' ? TokenKind::hex : TokenKind::bits, start);
    }
  }
  while (is_digit(peek())) ++at_;
  const bool has_point = peek() == '.';
  if (has_point) {
    ++at_;
    while (is_digit(peek())) ++at_;
  }
  if (upper(peek()) == 'E') {
    const std::size_t sign = peek(1) == '-' || peek(1) == '+' ? 2 : 1;
    if (is_digit(peek(sign))) {
      at_ += sign;
      while (is_digit(peek())) ++at_;
      return token(TokenKind::number, start);
    }
  }
  if (!has_point && at_ < text_.size() && is_word_char(text_[at_])) {  // 1st is a name
    at_ = start;
    return word();
  }
  return token(TokenKind::number, start);
}

Token Lexer::word() {
  const std::size_t start = at_;
  while (at_ < text_.size() && is_word_char(text_[at_])) ++at_;
  const Token found = token(TokenKind::word, start);
  const bool is_national = found.text.size() == 1 && upper(found.text[0]) == 'N' && peek() == '\'';
  if (is_national ||
      (found.text[0] == '_' && introduces_literal() && is_charset(found.text.substr(1)))) {
    return {TokenKind::introducer, found.text, start};
  }
  after_name_ = true;
  return found;
}

bool Lexer::introduces_literal() const {
  std::size_t at = at_;
  while (at < text_.size() && is_space(text_[at])) ++at;
  const auto here = [&](std::size_t ahead) {
    return at + ahead < text_.size() ? text_[at + ahead] : '\0';
  };
  if (here(0) == '\'' || (here(0) == '"' && !options_.ansi_quotes)) return true;
  if (here(1) == '\'' && (upper(here(0)) == 'X' || upper(here(0)) == 'B')) return true;
  return here(0) == '0' && (here(1) == 'x' || here(1) == 'b');
}

Token Lexer::variable() {
  const std::size_t start = at_++;
  if (peek() == '@') ++at_;
  const char c = peek();
  if (c == '\'' || c == '"' || c == '`') {
    const Token name = quoted(c, c == '`' ? TokenKind::quoted_word : TokenKind::text);
    return token(name.kind == TokenKind::broken ? TokenKind::broken : TokenKind::variable, start);
  }
  while (at_ < text_.size() && (is_word_char(text_[at_]) || text_[at_] == '.')) ++at_;
  after_name_ = true;
  return token(TokenKind::variable, start);
}

Token Lexer::symbol() {
  const std::size_t start = at_;
  const std::string_view rest = text_.substr(at_);
  const auto* const found = std::ranges::find_if(
      long_symbols, [rest](std::string_view symbol) { return rest.starts_with(symbol); });
  at_ += found == long_symbols.end() ? 1 : found->size();
  after_dot_ = text_[start] == '.';
  return token(TokenKind::symbol, start);
}

std::string name_of(const Token& token) {
  if (token.kind != TokenKind::quoted_word) return std::string(token.text);
  return unescaped(token.text.substr(1, token.text.size() - 2), token.text[0], true);
}

std::string bytes_of(const Token& token, bool no_backslash_escapes) {
  switch (token.kind) {
    case TokenKind::text:
      return unescaped(token.text.substr(1, token.text.size() - 2), token.text[0],
                       no_backslash_escapes);
    case TokenKind::hex:
      return packed(digits_of(token.text), 4);
    case TokenKind::bits:
      return packed(digits_of(token.text), 1);
    default:
      return std::string(token.text);
  }
}

TextPlace place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto lines = std::ranges::count(before, '\n');
  return {static_cast<std::size_t>(lines) + 1, before.size() - line_start + 1};
}

}  // namespace tideway
