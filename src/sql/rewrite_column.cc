#include "sql/rewrite_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/rewrite_parts.h"

namespace tideway {
namespace {

using Kind = TargetTraits::Kind;

// Types that not every server has, and one wide enough for every value's text. `since`: the version
// of MySQL, MariaDB and TiDB that has it first.
constexpr std::uint32_t never = 0xFFFFFFFF;
struct RareType {
  std::string_view word, replacement;
  std::array<std::uint32_t, 3> since;
  bool keeps_size;
};
constexpr std::array<RareType, 5> rare_types = {{
    {"UUID", "char(36)", {never, 100700, never}, true},
    {"INET6", "varchar(39)", {never, 100500, never}, true},
    {"INET4", "varchar(15)", {never, 101000, never}, true},
    {"GEOMCOLLECTION", "geometrycollection", {80011, never, never}, true},
    {"VECTOR", "longtext", {90000, 110701, 80400}, false},
}};

// No column of bytes takes their place: every query that uses them would break.
constexpr std::array<std::string_view, 9> spatial_types = {
    "GEOMETRY",        "POINT",        "LINESTRING",     "POLYGON",           "MULTIPOINT",
    "MULTILINESTRING", "MULTIPOLYGON", "GEOMCOLLECTION", "GEOMETRYCOLLECTION"};

// Functions that TiDB takes in DEFAULT (…); its documentation, "Specify expressions as default
// values".
constexpr std::array<std::string_view, 18> tidb_default_functions = {
    "NOW",          "CURRENT_TIMESTAMP", "LOCALTIME",    "LOCALTIMESTAMP", "RAND",
    "UUID",         "UUID_TO_BIN",       "DATE_FORMAT",  "STR_TO_DATE",    "UPPER",
    "JSON_ARRAY",   "JSON_OBJECT",       "JSON_QUOTE",   "REPLACE",        "NEXTVAL",
    "CURRENT_DATE", "CURDATE",           "VEC_FROM_TEXT"};

// Functions that stand behind DEFAULT without parentheses on every server.
bool is_current_time(const Token& token) {
  return token.is("CURRENT_TIMESTAMP") || token.is("NOW") || token.is("LOCALTIME") ||
         token.is("LOCALTIMESTAMP");
}

class ColumnRewriter {
 public:
  ColumnRewriter(TokenCursor& cursor, TextEdit& edit, const TargetTraits& target,
                 std::vector<StatementChange>& changes)
      : cursor_(cursor), edit_(edit), target_(target), changes_(changes) {}

  Result<bool> rewrite(const std::string& table_charset);

 private:
  Result<void> rewrite_type();
  Result<bool> rewrite_attribute();
  Result<bool> rewrite_generated();
  Result<void> rewrite_default(const Token& word);
  Result<void> skip_value();
  bool may_default_to(const Token& first) const;
  bool takes_expressions() const { return target_.kind != Kind::mysql || target_.version >= 80013; }

  // Takes out what was read since `begin`.
  void drop(std::size_t begin, std::string_view why) {
    const std::size_t end = cursor_.last().end();
    changes_.push_back({fmt::format("column {}: {} left out", name_,
                                    cursor_.text_between(begin, end).substr(0, 80)),
                        std::string(why)});
    edit_.remove(begin, end);
  }

  TokenCursor& cursor_;
  TextEdit& edit_;
  const TargetTraits& target_;
  std::vector<StatementChange>& changes_;
  std::string name_;
  bool is_large_ = false;  // BLOB, TEXT, JSON, geometry: a default has to be an expression
  CharsetClause charset_;
};

Result<bool> ColumnRewriter::rewrite(const std::string& table_charset) {
  name_ = quoted(TRY(cursor_.expect_name("a column or key")));
  TRY(rewrite_type());
  while (!cursor_.at(',') && !cursor_.at(')') && !cursor_.is_at_end()) {
    if (TRY(charset_.take(cursor_))) continue;
    if (!TRY(rewrite_attribute())) return false;
  }
  charset_.rewrite(edit_, target_, table_charset, "column " + name_, changes_);
  return true;
}

Result<void> ColumnRewriter::rewrite_type() {
  const Token type = cursor_.take();
  const std::string word = ascii_lower(type.text);
  is_large_ = word.ends_with("text") || word.ends_with("blob") || word == "json" ||
              word.starts_with("geom") || word.ends_with("point") || word.ends_with("linestring") ||
              word.ends_with("polygon");
  if (cursor_.at('(')) TRY(cursor_.skip_parentheses());
  if (target_.kind == Kind::tidb &&
      std::ranges::any_of(spatial_types,
                          [&type](std::string_view name) { return type.is(name); })) {
    changes_.push_back({fmt::format("column {} is {}", name_, ascii_lower(type.text)),
                        "TiDB has no spatial types", true});
    return {};
  }
  for (const RareType& rare : rare_types) {
    if (!type.is(rare.word) ||
        target_.version >= rare.since[static_cast<std::size_t>(target_.kind)])
      continue;
    edit_.replace(type.offset, rare.keeps_size ? type.end() : cursor_.last().end(),
                  std::string(rare.replacement));
    changes_.push_back({fmt::format("column {}: {} became {}", name_, type.text, rare.replacement),
                        target_text(target_) + " does not have the type"});
  }
  return {};
}

Result<bool> ColumnRewriter::rewrite_generated() {
  cursor_.accept("ALWAYS");
  cursor_.accept("AS");
  if (cursor_.accept("ROW")) {
    if (target_.kind == Kind::mariadb) return true;
    changes_.push_back({"column " + name_ + " left out",
                        "it is a row time of system versioning, which only MariaDB has"});
    return false;
  }
  TRY(cursor_.skip_parentheses());
  const Token stored = cursor_.peek();
  if (cursor_.accept("PERSISTENT") && target_.kind != Kind::mariadb)
    edit_.replace(stored.offset, stored.end(), "STORED");
  return true;
}

Result<void> ColumnRewriter::skip_value() {
  while (cursor_.at('-') || cursor_.at('+')) cursor_.take();
  if (cursor_.accept_words({"NEXT", "VALUE", "FOR"}) ||
      cursor_.peek().kind == TokenKind::introducer) {
    if (cursor_.peek().kind == TokenKind::introducer) cursor_.take();
  }
  if (!cursor_.at('(')) cursor_.take();
  while (cursor_.accept('.')) cursor_.take();
  if (cursor_.at('(')) TRY(cursor_.skip_parentheses());
  while (cursor_.last().kind == TokenKind::text && cursor_.peek().kind == TokenKind::text)
    cursor_.take();
  return {};
}

bool ColumnRewriter::may_default_to(const Token& first) const {
  if (target_.kind != Kind::tidb) return true;
  return std::ranges::any_of(tidb_default_functions,
                             [&first](std::string_view name) { return first.is(name); });
}

Result<void> ColumnRewriter::rewrite_default(const Token& word) {
  const Token first = cursor_.peek();
  std::size_t inner = 0;
  while (cursor_.peek(inner).is('(')) ++inner;
  const Token innermost = cursor_.peek(inner);
  const bool is_sequence = innermost.is("NEXTVAL") || cursor_.at_words({"NEXT", "VALUE", "FOR"}) ||
                           innermost.is("LASTVAL");
  TRY(skip_value());
  const std::size_t end = cursor_.last().end();
  if (is_sequence && target_.kind == Kind::mysql) {
    drop(word.offset, "MySQL has no sequences");
    return {};
  }
  const bool is_expression = first.is('('), is_call = first.kind == TokenKind::word &&
                                                      cursor_.last().is(')') &&
                                                      !is_current_time(first);
  const bool is_literal = !is_expression && !is_call && !first.is("NULL");
  if (target_.kind == Kind::mariadb || (!is_expression && !is_call && !(is_literal && is_large_)) ||
      is_sequence)
    return {};
  if (!takes_expressions()) {
    drop(word.offset, target_text(target_) + " takes only a constant here");
  } else if (is_literal ? target_.kind == Kind::tidb : !may_default_to(innermost)) {
    drop(word.offset, target_text(target_) + " does not take this expression as a default");
  } else if (!is_expression) {
    edit_.insert(first.offset, "(");
    edit_.insert(end, ")");
  }
  return {};
}

Result<bool> ColumnRewriter::rewrite_attribute() {
  const bool is_mariadb = target_.kind == Kind::mariadb, is_mysql = target_.kind == Kind::mysql;
  const Token word = cursor_.take();
  const std::size_t begin = word.offset;
  if (word.is("GENERATED") || word.is("AS")) return rewrite_generated();
  if (word.is("DEFAULT")) {
    TRY(rewrite_default(word));
  } else if (word.is("ON") && cursor_.accept("UPDATE")) {
    TRY(skip_value());
  } else if (word.is("COMMENT")) {
    cursor_.accept('=');
    cursor_.take();
  } else if (word.is("INVISIBLE")) {
    const bool has_it =
        is_mysql ? target_.version >= 80023 : is_mariadb && target_.version >= 100300;
    if (!has_it) drop(begin, target_text(target_) + " has no invisible columns: SELECT * shows it");
  } else if (word.is("COLUMN_FORMAT") || word.is("STORAGE")) {
    cursor_.take();
    if (is_mariadb) drop(begin, "MariaDB does not have it");
  } else if (word.is("ENGINE_ATTRIBUTE") || word.is("SECONDARY_ENGINE_ATTRIBUTE")) {
    cursor_.accept('=');
    cursor_.take();
    if (!is_mysql) drop(begin, "only MySQL has it");
  } else if (word.is("SRID")) {
    cursor_.take();
    if (!is_mysql) drop(begin, "only MySQL has it");
  } else if (word.is("REF_SYSTEM_ID")) {
    cursor_.accept('=');
    cursor_.take();
    if (!is_mariadb) drop(begin, "only MariaDB has it");
  } else if (word.is("COMPRESSED")) {
    if (!is_mariadb) drop(begin, "only MariaDB has it");
  } else if ((word.is("WITH") || word.is("WITHOUT")) &&
             cursor_.accept_words({"SYSTEM", "VERSIONING"})) {
    if (!is_mariadb) drop(begin, "only MariaDB has system versioning");
  } else if (word.is("NOT") && cursor_.accept("SECONDARY")) {
    if (!is_mysql) drop(begin, "only MySQL has it");
  } else if (word.is("AUTO_RANDOM")) {
    if (cursor_.at('(')) TRY(cursor_.skip_parentheses());
    if (target_.kind != Kind::tidb) drop(begin, "only TiDB has it");
  } else if (word.is("CLUSTERED") || word.is("NONCLUSTERED") || word.is("GLOBAL")) {
    if (target_.kind != Kind::tidb) drop(begin, "only TiDB has it");
  } else if (cursor_.at('(')) {
    TRY(cursor_.skip_parentheses());
  }
  return true;
}

}  // namespace

Result<bool> rewrite_column(TokenCursor& cursor, TextEdit& edit, const TargetTraits& target,
                            const std::string& table_charset,
                            std::vector<StatementChange>& changes) {
  return ColumnRewriter(cursor, edit, target, changes).rewrite(table_charset);
}

}  // namespace tideway
