#include "sql/dump_head.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "sql/char_class.h"
#include "sql/charset.h"
#include "sql/cursor.h"

namespace tideway {

using sql_text::is_space;
using sql_text::is_word_char;

namespace {

Error not_understood(const TokenCursor& cursor, std::string_view expecting) {
  const Token& token = cursor.peek();
  std::string found = "the end of the statement";
  if (token.kind != TokenKind::end) found = fmt::format("'{}'", token.text.substr(0, 60));
  return {ErrorCode::file_syntax, Side::local, Retry::never,
          fmt::format("syntax error: unexpected {}, expecting {}", found, expecting)};
}

LexerOptions head_options() {
  LexerOptions options;
  options.ansi_quotes =
      true;  // in front of VALUES a name may stand in any quotes, and there is no text
  return options;
}

Result<std::string> parse_name(TokenCursor& cursor, std::string_view what) {
  const TokenKind kind = cursor.peek().kind;
  if (kind != TokenKind::word && kind != TokenKind::quoted_word)
    return fail(not_understood(cursor, what));
  return name_of(cursor.take());
}

bool is_utf8_or_bytes(std::string_view charset) {
  const std::string name = canonical_charset(charset);
  return name == "utf8mb3" || name == "utf8mb4" || name == "binary" || name == "ascii";
}

// The character set that a SET names, as word or text; a variable restores what was before and is
// let pass.
Result<void> check_charset(TokenCursor& cursor) {
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::word && token.kind != TokenKind::text) return {};
  const std::string name = bytes_of(token);
  if (is_utf8_or_bytes(name) || ascii_lower(name) == "default" || ascii_lower(name) == "null")
    return {};
  return fail(
      {ErrorCode::charset, Side::local, Retry::never,
       fmt::format("the file says that its text is in character set {}; text is read as UTF-8",
                   name)});
}

// name = value, …; the value of what matters here is a literal.
Result<void> parse_assignment(TokenCursor& cursor, OtherStatement& statement) {
  while (cursor.at_one_of({"GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"}) &&
         !cursor.peek(1).is('='))
    cursor.take();
  if (cursor.at("NAMES") || cursor.at_words({"CHARACTER", "SET"}) || cursor.at("CHARSET")) {
    cursor.take();
    cursor.accept("SET");
    TRY(check_charset(cursor));
  } else {
    std::string name = ascii_lower(cursor.peek().text);
    name.erase(0, name.find_last_of("@.") == std::string::npos ? 0 : name.find_last_of("@.") + 1);
    const bool is_user_variable =
        cursor.peek().text.starts_with('@') && !cursor.peek().text.starts_with("@@");
    cursor.take();
    if (!cursor.accept('=') && cursor.peek().text != ":=") return fail(not_understood(cursor, "="));
    if (!is_user_variable && name == "character_set_client") TRY(check_charset(cursor));
    if (!is_user_variable && cursor.peek().kind == TokenKind::text) {
      const std::string value = bytes_of(cursor.peek());
      if (name == "sql_mode")
        statement.turns_backslash_off =
            ascii_lower(value).find("no_backslash_escapes") != std::string::npos;
      if (name == "time_zone") statement.time_zone = value;
    }
  }
  while (!cursor.at(',') && !cursor.is_at_end()) {
    if (cursor.at('(')) {
      TRY(cursor.skip_parentheses());
    } else {
      cursor.take();
    }
  }
  return {};
}

Result<void> parse_set(TokenCursor& cursor, OtherStatement& statement) {
  do {
    TRY(parse_assignment(cursor, statement));
  } while (cursor.accept(','));
  return {};
}

Result<OtherStatement::Kind> kind_of(TokenCursor& cursor) {
  using Kind = OtherStatement::Kind;
  if (cursor.is_at_end()) return Kind::empty;
  if (cursor.at("SET")) return Kind::setting;
  if (cursor.at_one_of({"LOCK", "UNLOCK"}) &&
      (cursor.peek(1).is("TABLES") || cursor.peek(1).is("TABLE")))
    return Kind::locking;
  if (cursor.at("USE")) return Kind::use;
  if (cursor.at_one_of({"BEGIN", "COMMIT"}) || cursor.at_words({"START", "TRANSACTION"}))
    return Kind::transaction;
  if (cursor.at_words({"ALTER", "TABLE"})) {
    cursor.accept_words({"ALTER", "TABLE"});
    TRY(parse_name(cursor, "table name"));
    if (cursor.accept('.')) TRY(parse_name(cursor, "table name"));
    if (cursor.at_words({"DISABLE", "KEYS"}) || cursor.at_words({"ENABLE", "KEYS"}))
      return Kind::keys;
    return fail(not_understood(cursor, "DISABLE KEYS or ENABLE KEYS"));
  }
  if (cursor.at_one_of({"CREATE", "DROP"})) {
    // What lies between is OR REPLACE, TEMPORARY, ALGORITHM=…, DEFINER=…; routines and triggers are
    // not ours.
    for (std::size_t i = 1; i < 16 && cursor.peek(i).kind != TokenKind::end; ++i) {
      const Token& token = cursor.peek(i);
      if (token.is("TABLE") || token.is("VIEW") || token.is("DATABASE") || token.is("SCHEMA"))
        return Kind::definition;
      if (token.is("TRIGGER") || token.is("PROCEDURE") || token.is("FUNCTION") || token.is("EVENT"))
        break;
    }
  }
  return fail(not_understood(cursor, "INSERT, REPLACE or a statement that dumps hold beside them"));
}

}  // namespace

std::string_view to_text(OtherStatement::Kind kind) {
  static constexpr std::array<std::string_view, 7> names = {
      "empty", "setting", "locking", "keys", "transaction", "use", "definition"};
  return names[static_cast<std::size_t>(kind)];
}

Result<InsertHead> parse_insert_head(std::string_view text) {
  TokenCursor cursor(text, head_options());
  InsertHead head;
  head.text = std::string(text);
  head.is_replace = cursor.accept("REPLACE");
  if (!head.is_replace && !cursor.accept("INSERT"))
    return fail(not_understood(cursor, "INSERT or REPLACE"));
  while (cursor.at_one_of({"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"})) cursor.take();
  head.ignores_duplicates = cursor.accept("IGNORE");
  cursor.accept("INTO");
  head.table.name = TRY(parse_name(cursor, "table name"));
  if (cursor.accept('.')) {
    head.table.database = std::move(head.table.name);
    head.table.name = TRY(parse_name(cursor, "table name"));
  }
  if (cursor.accept('(') && !cursor.accept(')')) {
    do {
      head.columns.push_back(TRY(parse_name(cursor, "column list")));
      if (cursor.accept('.')) head.columns.back() = TRY(parse_name(cursor, "column list"));
    } while (cursor.accept(','));
    if (!cursor.accept(')')) return fail(not_understood(cursor, "column list"));
  }
  if (!cursor.accept("VALUES") && !cursor.accept("VALUE"))
    return fail(not_understood(cursor, "VALUES"));
  if (!cursor.is_at_end()) return fail(not_understood(cursor, "start of row"));
  return head;
}

Result<OtherStatement> parse_other_statement(std::string_view text) {
  TokenCursor cursor(text);
  OtherStatement statement;
  statement.text = std::string(text);
  statement.kind = TRY(kind_of(cursor));
  if (statement.kind == OtherStatement::Kind::setting) {
    cursor.take();
    TRY(parse_set(cursor, statement));
  }
  while (!cursor.is_at_end()) {
    if (cursor.peek().kind == TokenKind::broken)
      return fail(not_understood(cursor, "the end of a quote or comment"));
    cursor.take();
  }
  return statement;
}

void DumpHeadScanner::clear() {
  text_.clear();
  in_ = In::plain;
  depth_ = 0;
  word_start_ = 0;
}

bool DumpHeadScanner::is_blank() const {
  const bool is_done = in_ == In::plain || in_ == In::line || in_ == In::dash || in_ == In::dashes;
  Lexer lexer(text_);
  return is_done && lexer.next().kind == TokenKind::end && lexer.version_depth() == 0;
}

bool DumpHeadScanner::ends_with_values() const {
  const std::size_t length = text_.size() - word_start_;
  if (depth_ != 0 || (length != 6 && length != 5)) return false;
  const std::string word = ascii_lower(std::string_view(text_).substr(word_start_));
  if (word != "values" && word != "value") return false;
  const Token first = Lexer(text_).next();
  return first.is("INSERT") || first.is("REPLACE");
}

DumpHeadScanner::Found DumpHeadScanner::take(char c) {
  switch (in_) {
    case In::plain:
    case In::dash:
    case In::slash:
      return take_plain(c);
    case In::quote:
      if (c == quote_) in_ = In::plain;  // the second of a doubled one opens it again
      if (c == '\\' && quote_ != '`' && !no_backslash_escapes_) in_ = In::escape;
      break;
    case In::escape:
      in_ = In::quote;
      break;
    case In::dashes:
      in_ = static_cast<unsigned char>(c) <= ' ' ? In::line : In::plain;
      [[fallthrough]];
    case In::line:
      if (in_ == In::plain) return take_plain(c);
      if (c == '\n') in_ = In::plain;
      break;
    case In::open:  // behind /*: a version comment's content is text like any other
      in_ = c == '!'               ? In::plain
            : c == 'M' || c == 'T' ? In::open_letter
            : c == '*'             ? In::star
                                   : In::block;
      break;
    case In::open_letter:
      in_ = c == '!' ? In::plain : c == '*' ? In::star : In::block;
      break;
    case In::block:
      if (c == '*') in_ = In::star;
      break;
    case In::star:
      if (c != '*') in_ = c == '/' ? In::plain : In::block;
      break;
  }
  text_ += c;
  word_start_ = text_.size();
  return Found::nothing;
}

DumpHeadScanner::Found DumpHeadScanner::take_plain(char c) {
  if (is_word_char(c)) {
    in_ = In::plain;
    text_ += c;
    return Found::nothing;
  }
  if (ends_with_values()) return Found::rows;
  const In before = std::exchange(in_, In::plain);
  if (c == ';') return Found::statement_end;
  if (c == '\'' || c == '"' || c == '`') {
    in_ = In::quote;
    quote_ = c;
  } else if (c == '#') {
    in_ = In::line;
  } else if (c == '-') {
    in_ = before == In::dash ? In::dashes : In::dash;
  } else if (c == '/') {
    in_ = In::slash;
  } else if (c == '*' && before == In::slash) {
    in_ = In::open;
  } else if (c == '(') {
    ++depth_;
  } else if (c == ')' && depth_ > 0) {
    --depth_;
  }
  if (!(text_.empty() && is_space(c))) text_ += c;
  word_start_ = text_.size();
  return Found::nothing;
}

}  // namespace tideway
