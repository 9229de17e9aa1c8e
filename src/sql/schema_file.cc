#include "sql/schema_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "sql/cursor.h"

namespace tideway {
namespace {

constexpr std::string_view blanks = " \t\n\v\f\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return text.substr(text.size());
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Name after TABLE, VIEW, DATABASE; empty when it cannot be read: whoever rewrites the statement
// says why.
TableId parse_object_name(TokenCursor& cursor) {
  cursor.accept_words({"IF", "NOT", "EXISTS"});
  TableId id;
  auto name = cursor.expect_name("a name");
  if (!name) return id;
  id.name = *std::move(name);
  if (!cursor.accept('.')) return id;
  if (auto second = cursor.expect_name("a name")) id = {std::move(id.name), *std::move(second)};
  return id;
}

void classify(SchemaStatement& statement) {
  using Kind = SchemaStatement::Kind;
  TokenCursor cursor(statement.text);
  if (cursor.is_at_end()) {
    statement.kind = Kind::comment;
  } else if (cursor.at("DROP")) {
    statement.kind = Kind::drop;
  } else if (cursor.at("SET")) {
    statement.kind = Kind::setting;
  } else if (cursor.accept("CREATE")) {
    statement.kind = Kind::create_other;
    // OR REPLACE, TEMPORARY, ALGORITHM = …, DEFINER = … SQL SECURITY … may stand between.
    for (int i = 0; i < 24 && !cursor.is_at_end(); ++i) {
      const Token word = cursor.take();
      if (word.is("TABLE")) statement.kind = Kind::create_table;
      if (word.is("VIEW")) statement.kind = Kind::create_view;
      if (word.is("DATABASE") || word.is("SCHEMA")) statement.kind = Kind::create_database;
      if (statement.kind != Kind::create_other) break;
      if (word.is("TRIGGER") || word.is("PROCEDURE") || word.is("FUNCTION") || word.is("EVENT") ||
          word.is("SEQUENCE") || word.is("POLICY"))
        return;
    }
    if (statement.kind == Kind::create_other) return;
    statement.name = parse_object_name(cursor);
    if (statement.kind == Kind::create_database)
      statement.name = {std::move(statement.name.name), {}};
  }
}

class Splitter {
 public:
  explicit Splitter(std::string_view file)
      : file_(file), at_(file.starts_with("\xEF\xBB\xBF") ? 3 : 0) {}

  Result<std::vector<SchemaStatement>> split() {
    while (at_ < file_.size()) {
      if (take_delimiter_line()) continue;
      const std::size_t end = statement_end();
      if (end == std::string_view::npos) {
        add(file_.size());
        if (is_finished_) break;
        return fail(missing_semicolon());
      }
      add(end);
      at_ = end + delimiter_.size();
    }
    std::erase_if(statements_,
                  [](const SchemaStatement& statement) { return statement.text.empty(); });
    return std::move(statements_);
  }

 private:
  // DELIMITER is a command of the client: a line of its own where a statement may begin.
  bool take_delimiter_line() {
    Lexer lexer(file_.substr(at_));
    const Token first = lexer.next();
    if (!first.is("DELIMITER")) return false;
    const std::size_t from = at_ + first.end();
    const std::size_t end = std::min(file_.find('\n', from), file_.size());
    const std::string_view wanted = trimmed(file_.substr(from, end - from));
    if (wanted.empty()) return false;
    delimiter_ = wanted;
    at_ = end;
    return true;
  }

  // Offset of the delimiter that ends the statement at at_; npos: none does.
  std::size_t statement_end() {
    std::size_t base = at_;
    Lexer lexer(file_.substr(base));
    is_finished_ = true;
    for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
      is_finished_ = false;
      const bool may_end = token.kind == TokenKind::symbol || token.kind == TokenKind::word ||
                           token.kind == TokenKind::number;
      if (!may_end || lexer.version_depth() > 0) continue;
      // A delimiter may hang on a word (END$$) or be two symbols (;;).
      const std::string_view rest =
          file_.substr(base + token.offset, token.text.size() - 1 + delimiter_.size());
      if (const std::size_t found = rest.find(delimiter_); found != std::string_view::npos)
        return base + token.offset + found;
    }
    if (lexer.version_depth() > 0) is_finished_ = false;
    return std::string_view::npos;
  }

  void add(std::size_t end) {
    SchemaStatement statement;
    statement.text = trimmed(file_.substr(at_, end - at_));
    statement.offset = static_cast<std::size_t>(statement.text.data() - file_.data());
    line_ += static_cast<std::size_t>(
        std::ranges::count(file_.substr(counted_to_, statement.offset - counted_to_), '\n'));
    counted_to_ = statement.offset;
    statement.line = line_;
    classify(statement);
    statements_.push_back(statement);
  }

  Error missing_semicolon() const {
    const TextPlace place = place_of(file_, statements_.back().offset);
    Evidence evidence;
    evidence.position = fmt::format("{}:{}", place.line, place.column);
    return {ErrorCode::sql_syntax, Side::local, Retry::never, std::move(evidence),
            fmt::format("last SQL statement missing trailing semicolon (line {})", place.line)};
  }

  std::string_view file_;
  std::size_t at_;
  std::string_view delimiter_ = ";";
  std::size_t line_ = 1, counted_to_ = 0;  // the line of that offset
  bool is_finished_ = false;               // nothing but comments stands behind the last delimiter
  std::vector<SchemaStatement> statements_;
};

}  // namespace

Result<std::vector<SchemaStatement>> read_schema_file(std::string_view file) {
  return Splitter(file).split();
}

}  // namespace tideway
