#include "sql/statement_kind.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <vector>

namespace tideway {
namespace {

using enum StatementKind;
using Words = std::initializer_list<std::string_view>;

constexpr std::uint64_t ansi_quotes = 0x4, no_backslash_escapes = 0x100000;  // of sql_mode

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// The first tokens of a statement, lexed as they are asked for.
class Head {
 public:
  Head(std::string_view text, LexerOptions options) : lexer_(text, options) {}

  const Token& peek(std::size_t ahead = 0) {
    while (tokens_.size() <= at_ + ahead) tokens_.push_back(lexer_.next());
    return tokens_[at_ + ahead];
  }
  bool at(std::string_view word) { return peek().is(word); }
  bool at_one_of(Words words) {
    return std::ranges::any_of(words, [this](std::string_view word) { return at(word); });
  }
  bool is_at_end() { return peek().kind == TokenKind::end; }
  Token take() {
    Token token = peek();
    ++at_;
    return token;
  }
  bool accept(std::string_view word) {
    if (!at(word)) return false;
    ++at_;
    return true;
  }

 private:
  Lexer lexer_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

class Classifier {
 public:
  Classifier(std::string_view statement, const SessionContext& session)
      : head_(statement, lexer_options(session)),
        no_backslash_escapes_((session.sql_mode & no_backslash_escapes) != 0) {}

  BinlogStatement classify() {
    while (head_.peek().is(';')) head_.take();
    if (head_.is_at_end()) return of(unrelated);
    if (head_.peek().is('(')) return of(dml);  // ( SELECT … )
    const Token first = head_.take();
    if (first.kind != TokenKind::word) return of(unknown);
    what_ = upper(first.text.substr(0, 32));
    if (is_one_of(first, {"INSERT", "REPLACE", "UPDATE", "DELETE", "SELECT", "CALL", "DO", "WITH",
                          "TABLE", "VALUES", "HANDLER", "BINLOG"}))
      return of(dml);
    if (first.is("LOAD")) {
      const bool is_rows = head_.at_one_of({"DATA", "XML"});
      add_word();
      return of(is_rows ? dml : unrelated);
    }
    if (is_one_of(first, {"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}))
      return transaction(first);
    if (first.is("XA")) return xa();
    if (is_one_of(first, {"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"})) return object(first);
    if (is_one_of(first, {"GRANT",      "REVOKE", "SET",      "FLUSH",  "ANALYZE", "OPTIMIZE",
                          "REPAIR",     "CHECK",  "CHECKSUM", "CACHE",  "RESET",   "INSTALL",
                          "UNINSTALL",  "KILL",   "LOCK",     "UNLOCK", "PREPARE", "EXECUTE",
                          "DEALLOCATE", "PURGE",  "SHOW",     "USE",    "HELP",    "EXPLAIN"}))
      return of(unrelated);
    return of(unknown);
  }

 private:
  static bool is_one_of(const Token& token, Words words) {
    return std::ranges::any_of(words, [&token](std::string_view word) { return token.is(word); });
  }
  BinlogStatement of(StatementKind kind) const {
    BinlogStatement statement;
    statement.kind = kind;
    statement.what = what_;
    return statement;
  }
  void add_word() {
    if (head_.peek().kind == TokenKind::word) what_ += " " + upper(head_.peek().text.substr(0, 32));
  }

  BinlogStatement transaction(const Token& first);
  BinlogStatement xa();
  BinlogStatement object(const Token& verb);
  void skip_attributes();
  std::string xid_part();

  Head head_;
  const bool no_backslash_escapes_;
  std::string what_;
};

BinlogStatement Classifier::transaction(const Token& first) {
  if (first.is("BEGIN")) return of(begin);
  if (first.is("START")) return of(head_.at("TRANSACTION") ? begin : unrelated);
  if (first.is("COMMIT")) return of(commit);
  BinlogStatement statement = of(savepoint);
  if (first.is("ROLLBACK")) {
    head_.accept("WORK");
    if (!head_.accept("TO")) return of(rollback);
    statement.kind = rollback_to;
    if (head_.peek(1).kind != TokenKind::end && !head_.peek(1).is(';')) head_.accept("SAVEPOINT");
  } else if (first.is("RELEASE")) {
    head_.accept("SAVEPOINT");
  }
  statement.savepoint = name_of(head_.peek());
  return statement;
}

std::string Classifier::xid_part() {
  const Token token = head_.take();
  const bool is_text = token.kind == TokenKind::text || token.kind == TokenKind::hex ||
                       token.kind == TokenKind::bits;
  return is_text ? bytes_of(token, no_backslash_escapes_) : std::string();
}

BinlogStatement Classifier::xa() {
  const Token verb = head_.peek();
  add_word();
  head_.take();
  BinlogStatement statement = of(unknown);
  if (is_one_of(verb, {"START", "BEGIN"})) statement.kind = xa_start;
  if (verb.is("END")) statement.kind = xa_end;
  if (verb.is("PREPARE")) statement.kind = xa_prepare;
  if (verb.is("COMMIT")) statement.kind = xa_commit;
  if (verb.is("ROLLBACK")) statement.kind = xa_rollback;
  if (statement.kind == unknown) return statement;
  statement.xid.global = xid_part();
  if (head_.peek().is(',')) {
    head_.take();
    statement.xid.branch = xid_part();
  }
  if (head_.peek().is(',')) {
    head_.take();
    const std::string_view digits = head_.take().text;
    std::from_chars(digits.data(), digits.data() + digits.size(), statement.xid.format);
  }
  statement.is_one_phase = head_.accept("ONE");
  return statement;
}

// ALGORITHM = …, DEFINER = `user`@`host`, SQL SECURITY … before the word that says what it is.
void Classifier::skip_attributes() {
  if (!head_.at_one_of({"ALGORITHM", "DEFINER", "SQL", "AGGREGATE"})) return;
  while (!head_.is_at_end() && !head_.at_one_of({"VIEW", "PROCEDURE", "FUNCTION", "TRIGGER",
                                                 "EVENT", "PACKAGE", "TABLE", "LIBRARY"}))
    head_.take();
}

BinlogStatement Classifier::object(const Token& verb) {
  if (verb.is("TRUNCATE")) return of(ddl);
  if (head_.accept("OR")) head_.accept("REPLACE");
  while (head_.at_one_of({"ONLINE", "OFFLINE", "IGNORE"})) head_.take();
  if (head_.at_one_of({"UNIQUE", "FULLTEXT"}) ||
      (head_.at("SPATIAL") && !head_.peek(1).is("REFERENCE"))) {
    head_.take();
  }
  skip_attributes();
  add_word();
  if (head_.at_one_of({"TEMPORARY", "GLOBAL"})) return of(unrelated);
  if (head_.at_one_of({"TABLE", "TABLES"})) return of(ddl);
  if (head_.at_one_of({"DATABASE", "SCHEMA", "VIEW", "INDEX"}) && !verb.is("RENAME"))
    return of(ddl);
  if (head_.at_one_of({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "USER", "ROLE", "SERVER",
                       "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "SPATIAL", "INSTANCE",
                       "LIBRARY", "PACKAGE", "PREPARE"}))
    return of(unrelated);
  return of(unknown);
}

}  // namespace

LexerOptions lexer_options(const SessionContext& session) {
  LexerOptions options;
  options.ansi_quotes = (session.sql_mode & ansi_quotes) != 0;
  options.no_backslash_escapes = (session.sql_mode & no_backslash_escapes) != 0;
  if (session.server_version != 0) options.version = session.server_version;
  return options;
}

BinlogStatement classify_statement(std::string_view statement, const SessionContext& session) {
  return Classifier(statement, session).classify();
}

}  // namespace tideway
