#include "sql/table_elements.h"

#include <algorithm>
#include <utility>

namespace tideway {
namespace {

class ElementParser {
 public:
  ElementParser(TokenCursor& cursor, std::string_view database, ColumnContext context,
                TableElements& elements)
      : cursor_(cursor), database_(database), context_(context), elements_(elements) {}

  Result<void> parse() {
    // A quoted word always begins a column; a bare one that introduces a key may also be a column's
    // name (`key` is reserved, `period` and `vector` are not).
    if (cursor_.peek().kind == TokenKind::word && TRY(parse_constraint())) return {};
    elements_.columns.push_back(TRY(parse_column(cursor_, context_)));
    add_column_keys(elements_.columns.back(), elements_);
    return {};
  }

 private:
  Result<bool> parse_constraint();
  Result<bool> parse_key_element();
  Result<void> parse_key(KeyKind kind, std::string constraint_name);
  Result<void> parse_foreign_key(std::string name);

  TokenCursor& cursor_;
  std::string_view database_;
  ColumnContext context_;
  TableElements& elements_;
};

// Everything between the parentheses that is no column. False: a column stands here.
Result<bool> ElementParser::parse_constraint() {
  const std::size_t start = cursor_.peek().offset;
  if (cursor_.accept_words({"PERIOD", "FOR"})) {
    TRY(cursor_.expect_name("the name of a period"));
    TRY(cursor_.skip_parentheses());
    return true;
  }
  std::string name;
  const bool is_constraint = cursor_.accept("CONSTRAINT");
  if (is_constraint && !cursor_.at_one_of({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) {
    name = TRY(cursor_.expect_name("the name of a constraint"));
  }
  if (cursor_.at("CHECK") && (is_constraint || cursor_.peek(1).is('('))) {
    elements_.checks.push_back(TRY(parse_check(cursor_, start)));
    return true;
  }
  if (cursor_.accept_words({"FOREIGN", "KEY"})) {
    TRY(parse_foreign_key(std::move(name)));
  } else if (cursor_.accept_words({"PRIMARY", "KEY"})) {
    TRY(parse_key(KeyKind::primary, {}));
  } else if (cursor_.accept("UNIQUE")) {
    if (!cursor_.accept("KEY")) cursor_.accept("INDEX");
    TRY(parse_key(KeyKind::unique, std::move(name)));
  } else if (is_constraint) {
    return fail(cursor_.unexpected("PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK"));
  } else {
    return parse_key_element();
  }
  return true;
}

Result<bool> ElementParser::parse_key_element() {
  if (cursor_.accept("KEY") || cursor_.accept("INDEX")) {
    TRY(parse_key(KeyKind::plain, {}));
    return true;
  }
  const bool is_fulltext = cursor_.at("FULLTEXT"), is_spatial = cursor_.at("SPATIAL");
  // TiDB's VECTOR INDEX and COLUMNAR INDEX, MariaDB's VECTOR KEY: `vector` may also be a column.
  const bool is_other = cursor_.at_one_of({"VECTOR", "COLUMNAR", "HYBRID"}) &&
                        (cursor_.peek(1).is("INDEX") || cursor_.peek(1).is("KEY"));
  if (!is_fulltext && !is_spatial && !is_other) return false;
  cursor_.take();
  if (!cursor_.accept("KEY")) cursor_.accept("INDEX");
  TRY(parse_key(is_fulltext  ? KeyKind::fulltext
                : is_spatial ? KeyKind::spatial
                             : KeyKind::plain,
                {}));
  return true;
}

Result<void> ElementParser::parse_key(KeyKind kind, std::string constraint_name) {
  ParsedKey parsed;
  parsed.key.kind = kind;
  parsed.key.name = std::move(constraint_name);
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  if (!cursor_.at('(') && !cursor_.at_one_of({"USING", "TYPE"})) {
    std::string name = TRY(cursor_.expect_name("the name of a key or '('"));
    if (kind != KeyKind::primary) parsed.key.name = std::move(name);
  }
  TRY(parse_key_body(cursor_, parsed));
  elements_.keys.push_back(std::move(parsed));
  return {};
}

Result<void> ElementParser::parse_foreign_key(std::string name) {
  ForeignKey key;
  key.name = std::move(name);
  ParsedKey implicit;
  implicit.key.is_implicit = true;
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  if (!cursor_.at('(')) implicit.key.name = TRY(cursor_.expect_name("the name of a key or '('"));
  if (!key.name.empty()) implicit.key.name = key.name;
  TRY(cursor_.expect('('));
  do {
    ParsedKeyPart part;
    part.offset = cursor_.peek().offset;
    part.column = TRY(cursor_.expect_name("a column"));
    key.columns.push_back(part.column);
    implicit.parts.push_back(std::move(part));
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  TRY(parse_references(cursor_, database_, key));
  elements_.foreign_keys.push_back(std::move(key));
  elements_.keys.push_back(std::move(implicit));
  return {};
}

Result<ParsedKeyPart> parse_part(TokenCursor& cursor) {
  ParsedKeyPart parsed;
  parsed.offset = cursor.peek().offset;
  if (cursor.at('(')) {
    parsed.part.expression = std::string(TRY(cursor.skip_parentheses()));
  } else {
    parsed.column = TRY(cursor.expect_name("a column"));
    if (cursor.accept('(')) {
      parsed.part.prefix_length =
          static_cast<std::uint32_t>(TRY(cursor.expect_number("a prefix length")));
      TRY(cursor.expect(')'));
    }
  }
  if (cursor.accept("DESC")) {
    parsed.part.is_descending = true;
  } else {
    cursor.accept("ASC");
  }
  return parsed;
}

// TiDB's partial index: WHERE and its condition.
Result<void> skip_condition(TokenCursor& cursor) {
  while (!cursor.at(',') && !cursor.at(')') && !cursor.is_at_end()) {
    if (cursor.at('(')) {
      TRY(cursor.skip_parentheses());
    } else {
      cursor.take();
    }
  }
  return {};
}

// NAME [=] value; false: none stands here.
Result<bool> skip_valued_option(TokenCursor& cursor) {
  const bool is_known = cursor.at_one_of(
      {"COMMENT", "KEY_BLOCK_SIZE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"});
  if (cursor.peek().kind != TokenKind::word || (!is_known && !cursor.peek(1).is('='))) return false;
  cursor.take();
  cursor.accept('=');
  if (cursor.is_at_end()) return fail(cursor.unexpected("a value"));
  if (cursor.peek().kind == TokenKind::introducer) cursor.take();
  cursor.take();
  while (cursor.last().kind == TokenKind::text && cursor.peek().kind == TokenKind::text)
    cursor.take();
  return true;
}

}  // namespace

Result<void> parse_table_element(TokenCursor& cursor, std::string_view database,
                                 ColumnContext context, TableElements& elements) {
  return ElementParser(cursor, database, context, elements).parse();
}

Result<void> parse_key_body(TokenCursor& cursor, ParsedKey& key) {
  TRY(parse_key_options(cursor, key.key));
  TRY(cursor.expect('('));
  do {
    // MariaDB: a period, no column.
    if (cursor.peek(1).is("WITHOUT") && cursor.peek(2).is("OVERLAPS")) {
      cursor.take();
      cursor.accept_words({"WITHOUT", "OVERLAPS"});
      continue;
    }
    key.parts.push_back(TRY(parse_part(cursor)));
  } while (cursor.accept(','));
  TRY(cursor.expect(')'));
  return parse_key_options(cursor, key.key);
}

Result<void> parse_key_options(TokenCursor& cursor, Key& key) {
  const auto is_behind = [&cursor] {
    return cursor.is_at_end() || cursor.at(',') || cursor.at(')') || cursor.at('(') ||
           cursor.at(';') ||
           cursor.at_one_of({"ALGORITHM", "LOCK", "PARTITION", "REMOVE", "ON", "WAIT", "NOWAIT"});
  };
  while (!is_behind()) {
    const std::size_t start = cursor.peek().offset;
    if (cursor.accept("INVISIBLE") || cursor.accept("IGNORED")) {
      key.is_invisible = true;
      continue;
    }
    if (cursor.accept("VISIBLE") || cursor.accept_words({"NOT", "IGNORED"})) {
      key.is_invisible = false;
      continue;
    }
    if (cursor.accept_words({"WITH", "PARSER"}) || cursor.accept("USING") ||
        cursor.accept("TYPE")) {
      TRY(cursor.expect_name("a name"));
    } else if (cursor.accept("WHERE")) {
      TRY(skip_condition(cursor));
    } else if (!cursor.accept("CLUSTERED") && !cursor.accept("NONCLUSTERED") &&
               !cursor.accept("GLOBAL") && !cursor.accept("LOCAL") &&
               !cursor.accept("ADD_COLUMNAR_REPLICA_ON_DEMAND") &&
               !TRY(skip_valued_option(cursor))) {
      return fail(cursor.unexpected("an option of the key, ',' or ')'"));
    }
    if (!key.options.empty()) key.options += ' ';
    key.options += cursor.text_between(start, cursor.last().end());
  }
  return {};
}

void add_column_keys(const ParsedColumn& parsed, TableElements& elements) {
  const auto add = [&](KeyKind kind) {
    ParsedKey key;
    key.key.kind = kind;
    key.parts.push_back({parsed.column.name, {}, 0});
    elements.keys.push_back(std::move(key));
  };
  if (parsed.is_primary) add(KeyKind::primary);
  if (parsed.is_unique) add(KeyKind::unique);
  std::ranges::copy(parsed.checks, std::back_inserter(elements.checks));
}

}  // namespace tideway
