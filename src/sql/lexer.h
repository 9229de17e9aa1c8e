#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tideway {

enum class TokenKind : std::uint8_t {
  end,
  word,         // CREATE, t1, 5a: unquoted; keywords are not told from names
  quoted_word,  // `a``b`, and "a" with ansi_quotes
  text,         // 'it''s', "…"
  introducer,   // _utf8mb4, N before a text, x'', b'', 0x; only names of character sets
  number,       // 1, 1.5, .5, 1e-3; a sign is a symbol
  hex,          // x'00ff', 0x00ff
  bits,         // b'01', 0b01
  variable,     // @a, @@global, @'a', @`a`, @ alone
  symbol,   // one operator or punctuation mark: ( ) , ; . = := <=> <> -> ->> and so on; any byte
            // that is nothing else
  comment,  // only with keep_comments
  version_open,   // /*! /*!80016 /*M!100100 /*T! /*T![feature]; only with keep_comments
  version_close,  // */ that ends one; only with keep_comments
  broken,         // a quote or comment that the end of the text cuts off: all that is left of it
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;   // as written, quotes included; a view into the lexer's text
  std::size_t offset = 0;  // of its first byte

  bool is(char symbol) const {
    return kind == TokenKind::symbol && text.size() == 1 && text[0] == symbol;
  }
  bool is(std::string_view keyword) const;  // an unquoted word, any case; `keyword` in upper case
  std::size_t end() const { return offset + text.size(); }
};

struct LexerOptions {
  bool ansi_quotes = false;           // "a" is a name
  bool no_backslash_escapes = false;  // \ in a text is a character
  bool keep_comments = false;  // comments and the marks of version comments are tokens of their own
  // What lies in /*!NNNNN … */ is lexed when NNNNN is at most this, and is a comment otherwise.
  // /*M! and /*T! always are.
  std::uint32_t version = 999'999;
};

// Splits SQL text of MySQL, MariaDB and TiDB into tokens. The text outlives the lexer and its
// tokens. Any bytes are taken: what is not SQL comes out as symbols, and every byte is in exactly
// one token or is white space or a comment. Linear in the text; copying a lexer saves its place.
// One thread.
class Lexer {
 public:
  explicit Lexer(std::string_view text, LexerOptions options = {})
      : text_(text), options_(options) {}

  Token next();
  std::size_t offset() const { return at_; }
  // How many version comments are open here.
  unsigned version_depth() const { return depth_; }
  const LexerOptions& options() const { return options_; }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool skip_space_and_comments(Token& kept);
  bool take_comment(Token& kept);
  bool is_version_open() const;
  Token open_version();
  void skip_block_comment(bool nests);
  Token token(TokenKind kind, std::size_t start) const;
  Token quoted(char quote, TokenKind kind);
  Token prefixed_literal(TokenKind kind, std::size_t start);
  Token number_or_word();
  Token word();
  Token variable();
  Token symbol();
  bool introduces_literal() const;

  std::string_view text_;
  LexerOptions options_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  bool after_dot_ = false, after_name_ = false;
};

// --- what tokens mean ---

// The name a word or quoted word spells.
std::string name_of(const Token& token);
// The bytes a text, hex or bits token stands for: escapes undone as the server does (\% and \_ keep
// their backslash).
std::string bytes_of(const Token& token, bool no_backslash_escapes = false);

struct TextPlace {
  std::size_t line = 1, column = 1;  // from 1; columns in bytes
};
TextPlace place_of(std::string_view text, std::size_t offset);

}  // namespace tideway
