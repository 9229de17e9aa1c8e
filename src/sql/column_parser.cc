#include "sql/column_parser.h"

#include "base/text.h"
#include "sql/column_type.h"

namespace tideway {
namespace {

bool is_operator(const Token& token) {
  return token.kind == TokenKind::symbol && !token.is(',') && !token.is(')') && !token.is('(') &&
         !token.is(';') && !token.is('.') && !token.is('=');
}

// A literal, a name with or without arguments, or an expression in parentheses; a sign before it.
Result<void> skip_operand(TokenCursor& cursor) {
  while (cursor.at('-') || cursor.at('+') || cursor.at('~') || cursor.at('!')) cursor.take();
  if (cursor.at('(')) {
    TRY(cursor.skip_parentheses());
    return {};
  }
  switch (cursor.peek().kind) {
    case TokenKind::introducer:
      cursor.take();
      [[fallthrough]];
    case TokenKind::text:
    case TokenKind::hex:
    case TokenKind::bits:
      do {
        cursor.take();
      } while (cursor.peek().kind == TokenKind::text);
      return {};
    case TokenKind::number:
    case TokenKind::variable:
      cursor.take();
      return {};
    case TokenKind::word:
    case TokenKind::quoted_word:
      break;
    default:
      return fail(cursor.unexpected("a value"));
  }
  cursor.take();
  while (cursor.accept('.')) TRY(cursor.expect_name("a name"));
  if (cursor.at('(')) TRY(cursor.skip_parentheses());
  return {};
}

// [GENERATED ALWAYS] AS ( … ) [VIRTUAL | STORED | PERSISTENT], or AS ROW START and END of system
// versioning.
Result<void> parse_generated(TokenCursor& cursor, Column& column) {
  if (cursor.accept("GENERATED")) {
    if (cursor.accept_words({"BY", "DEFAULT"})) return fail(cursor.unexpected("ALWAYS"));
    TRY(cursor.expect("ALWAYS"));
  }
  TRY(cursor.expect("AS"));
  column.generated = Generated::virtually;
  if (cursor.accept("ROW")) {
    if (!cursor.accept("START")) TRY(cursor.expect("END"));
    column.generated = Generated::stored;
    return {};
  }
  column.generation = std::string(TRY(cursor.skip_parentheses()));
  if (cursor.accept("STORED") || cursor.accept("PERSISTENT")) {
    column.generated = Generated::stored;
  } else {
    cursor.accept("VIRTUAL");
  }
  return {};
}

Result<bool> parse_key_attribute(TokenCursor& cursor, ParsedColumn& parsed) {
  if (cursor.accept("PRIMARY")) {
    cursor.accept("KEY");
    parsed.is_primary = true;
  } else if (cursor.accept("KEY")) {
    parsed.is_primary = true;  // a lone KEY beside a column is the primary key
  } else if (cursor.accept("UNIQUE")) {
    cursor.accept("KEY");
    parsed.is_unique = true;
  } else if (!cursor.accept("CLUSTERED") && !cursor.accept("NONCLUSTERED") &&
             !cursor.accept("GLOBAL") && !cursor.accept("LOCAL")) {
    return false;
  }
  return true;
}

// Attributes of one word and one value that change nothing here: COLUMN_FORMAT FIXED, SRID 4326,
// COMMENT 'x'.
Result<bool> parse_valued_attribute(TokenCursor& cursor) {
  if (!cursor.at_one_of({"COMMENT", "COLUMN_FORMAT", "STORAGE", "SRID", "REF_SYSTEM_ID",
                         "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"})) {
    return false;
  }
  cursor.take();
  cursor.accept('=');
  if (cursor.is_at_end() || cursor.at(',') || cursor.at(')'))
    return fail(cursor.unexpected("a value"));
  if (cursor.peek().kind == TokenKind::introducer) cursor.take();
  cursor.take();
  while (cursor.last().kind == TokenKind::text && cursor.peek().kind == TokenKind::text)
    cursor.take();
  return true;
}

// Words that change nothing here and stand alone.
bool skip_lone_attribute(TokenCursor& cursor) {
  if (cursor.accept_words({"WITH", "SYSTEM", "VERSIONING"}) ||
      cursor.accept_words({"WITHOUT", "SYSTEM", "VERSIONING"})) {
    return true;
  }
  return cursor.accept("VISIBLE") || cursor.accept_words({"NOT", "SECONDARY"}) ||
         cursor.accept_words({"NOT", "INVISIBLE"});
}

Result<void> parse_compressed(TokenCursor& cursor) {
  cursor.accept('=');
  if (cursor.peek().kind == TokenKind::word && ascii_lower(cursor.peek().text) == "zlib")
    cursor.take();
  return {};
}

Result<void> parse_auto_random(TokenCursor& cursor, Column& column) {
  column.is_auto_random = true;
  if (cursor.at('(')) TRY(cursor.skip_parentheses());
  return {};
}

Result<void> parse_column_check(TokenCursor& cursor, ParsedColumn& parsed) {
  const std::size_t start = cursor.peek().offset;
  if (cursor.accept("CONSTRAINT") && !cursor.at("CHECK"))
    TRY(cursor.expect_name("the name of a constraint"));
  parsed.checks.push_back(TRY(parse_check(cursor, start)));
  return {};
}

Result<void> parse_attribute(TokenCursor& cursor, ParsedColumn& parsed) {
  Column& column = parsed.column;
  const std::size_t start = cursor.peek().offset;
  const auto keep = [&] {
    if (!column.attributes.empty()) column.attributes += ' ';
    column.attributes += cursor.text_between(start, cursor.last().end());
  };
  if (cursor.accept_words({"NOT", "NULL"})) {
    column.is_nullable = false;
    parsed.says_null = true;
  } else if (cursor.accept("NULL")) {
    column.is_nullable = true;
    parsed.says_null = true;
  } else if (cursor.accept("DEFAULT")) {
    column.default_text = TRY(parse_default_value(cursor));
  } else if (cursor.accept_words({"SERIAL", "DEFAULT", "VALUE"})) {
    column.is_nullable = false;
    column.is_auto_increment = parsed.is_unique = true;
  } else if (cursor.accept_words({"ON", "UPDATE"})) {
    column.on_update = TRY(parse_default_value(cursor));
  } else if (cursor.accept("AUTO_INCREMENT")) {
    column.is_auto_increment = true;
  } else if (cursor.accept("AUTO_RANDOM")) {
    TRY(parse_auto_random(cursor, column));
  } else if (cursor.accept("INVISIBLE")) {
    column.is_invisible = true;
  } else if (cursor.at_one_of({"GENERATED", "AS"})) {
    TRY(parse_generated(cursor, column));
  } else if (cursor.at_one_of({"CHECK", "CONSTRAINT"})) {
    TRY(parse_column_check(cursor, parsed));
  } else if (cursor.at("REFERENCES")) {
    ForeignKey ignored;  // written beside a column it is no foreign key for InnoDB
    TRY(parse_references(cursor, {}, ignored));
  } else if (cursor.accept("COLLATE")) {
    cursor.accept('=');
    parsed.collation = TRY(parse_option_word(cursor, "a collation"));
  } else if (cursor.accept("COMPRESSED")) {
    TRY(parse_compressed(cursor));
    keep();
  } else if (TRY(parse_valued_attribute(cursor))) {
    keep();
  } else if (!TRY(parse_key_attribute(cursor, parsed)) && !skip_lone_attribute(cursor)) {
    return fail(cursor.unexpected("an attribute of the column, ',' or ')'"));
  }
  return {};
}

Result<std::string> parse_action(TokenCursor& cursor) {
  if (cursor.accept("CASCADE")) return "CASCADE";
  if (cursor.accept("RESTRICT")) return "RESTRICT";
  if (cursor.accept_words({"NO", "ACTION"})) return "NO ACTION";
  if (cursor.accept_words({"SET", "NULL"})) return "SET NULL";
  if (cursor.accept_words({"SET", "DEFAULT"})) return "SET DEFAULT";
  return fail(cursor.unexpected("CASCADE, RESTRICT, SET NULL, SET DEFAULT or NO ACTION"));
}

}  // namespace

Result<std::string> parse_default_value(TokenCursor& cursor) {
  const std::size_t start = cursor.peek().offset;
  if (cursor.accept_words({"NEXT", "VALUE", "FOR"})) {
    TRY(skip_operand(cursor));
    return std::string(cursor.text_between(start, cursor.last().end()));
  }
  TRY(skip_operand(cursor));
  while (is_operator(cursor.peek())) {
    cursor.take();
    TRY(skip_operand(cursor));
  }
  return std::string(cursor.text_between(start, cursor.last().end()));
}

bool accept_charset_words(TokenCursor& cursor) {
  if (!cursor.accept_words({"CHARACTER", "SET"}) && !cursor.accept("CHARSET") &&
      !cursor.accept_words({"CHAR", "SET"})) {
    return false;
  }
  cursor.accept('=');
  return true;
}

Result<std::string> parse_option_word(TokenCursor& cursor, std::string_view what) {
  const TokenKind kind = cursor.peek().kind;
  if (kind == TokenKind::text) return bytes_of(cursor.take());
  return TRY(cursor.expect_name(what));
}

Result<std::string> parse_check(TokenCursor& cursor, std::size_t start) {
  TRY(cursor.expect("CHECK"));
  TRY(cursor.skip_parentheses());
  if (!cursor.accept_words({"NOT", "ENFORCED"})) cursor.accept("ENFORCED");
  return std::string(cursor.text_between(start, cursor.last().end()));
}

Result<void> parse_references(TokenCursor& cursor, std::string_view default_database,
                              ForeignKey& key) {
  TRY(cursor.expect("REFERENCES"));
  key.referenced = {std::string(default_database), TRY(cursor.expect_name("the referenced table"))};
  if (cursor.accept('.')) {
    key.referenced = {std::move(key.referenced.name),
                      TRY(cursor.expect_name("the referenced table"))};
  }
  if (cursor.accept('(')) {
    do {
      key.referenced_columns.push_back(TRY(cursor.expect_name("a referenced column")));
    } while (cursor.accept(','));
    TRY(cursor.expect(')'));
  }
  for (;;) {
    if (cursor.accept("MATCH")) {
      cursor.take();  // FULL, PARTIAL, SIMPLE: parsed and ignored by every server
    } else if (cursor.accept_words({"ON", "DELETE"})) {
      key.on_delete = TRY(parse_action(cursor));
    } else if (cursor.accept_words({"ON", "UPDATE"})) {
      key.on_update = TRY(parse_action(cursor));
    } else {
      return {};
    }
  }
}

Result<ParsedColumn> parse_column(TokenCursor& cursor, ColumnContext context) {
  ParsedColumn parsed;
  parsed.column.name = TRY(cursor.expect_name("a column or key"));
  TRY(parse_column_type(cursor, parsed));
  const auto is_behind = [&cursor, context] {
    if (cursor.at(',') || cursor.at(')')) return true;
    return context == ColumnContext::alter &&
           (cursor.is_at_end() || cursor.at(';') || cursor.at_one_of({"FIRST", "AFTER"}) ||
            cursor.at_words({"PARTITION", "BY"}) || cursor.at_words({"REMOVE", "PARTITIONING"}));
  };
  while (!is_behind()) TRY(parse_attribute(cursor, parsed));
  return parsed;
}

}  // namespace tideway
