#include "sql/table_options.h"

#include "sql/column_parser.h"

namespace tideway {
namespace {

bool is_value(const Token& token) {
  switch (token.kind) {
    case TokenKind::word:
    case TokenKind::quoted_word:
    case TokenKind::text:
    case TokenKind::number:
    case TokenKind::hex:
      return true;
    default:
      return false;
  }
}

Result<void> skip_value(TokenCursor& cursor) {
  cursor.accept('=');
  if (cursor.at('(')) {
    TRY(cursor.skip_parentheses());
    return {};
  }
  if (cursor.at('-')) cursor.take();
  if (!is_value(cursor.peek())) return fail(cursor.unexpected("the value of a table option"));
  cursor.take();
  return {};
}

// TTL = `created` + INTERVAL 3 MONTH
Result<void> skip_ttl(TokenCursor& cursor) {
  cursor.accept('=');
  TRY(cursor.expect_name("the column of TTL"));
  if (!cursor.accept('+')) return fail(cursor.unexpected("'+'"));
  TRY(cursor.expect("INTERVAL"));
  TRY(skip_value(cursor));
  TRY(cursor.expect_name("a unit of time"));
  return {};
}

Result<std::string> parse_comment(TokenCursor& cursor) {
  cursor.accept('=');
  if (cursor.peek().kind == TokenKind::introducer) cursor.take();
  if (cursor.peek().kind != TokenKind::text) return fail(cursor.unexpected("a text in quotes"));
  std::string comment = cursor.bytes_of(cursor.take());
  while (cursor.peek().kind == TokenKind::text) comment += cursor.bytes_of(cursor.take());
  return comment;
}

}  // namespace

Result<std::string> parse_partitions(TokenCursor& cursor) {
  const std::size_t start = cursor.peek().offset;
  while (!cursor.is_at_end() && !cursor.at(';') &&
         !cursor.at_one_of({"SELECT", "AS", "IGNORE", "REPLACE"})) {
    if (cursor.at('(')) {
      if (cursor.peek(1).is("SELECT") || cursor.peek(1).is('(')) break;
      TRY(cursor.skip_parentheses());
    } else if (cursor.at(')') || cursor.peek().kind == TokenKind::broken) {
      return fail(cursor.unexpected("the end of the statement"));
    } else {
      cursor.take();
    }
  }
  return std::string(cursor.text_between(start, cursor.last().end()));
}

Result<bool> skip_table_option(TokenCursor& cursor) {
  if (cursor.accept_words({"WITH", "SYSTEM", "VERSIONING"}) ||
      cursor.accept_words({"WITHOUT", "SYSTEM", "VERSIONING"}) ||
      cursor.accept_words({"START", "TRANSACTION"})) {
    return true;
  }
  if (cursor.accept("TTL")) {
    TRY(skip_ttl(cursor));
    return true;
  }
  if (cursor.accept_words({"PLACEMENT", "POLICY"}) || cursor.accept_words({"DATA", "DIRECTORY"}) ||
      cursor.accept_words({"INDEX", "DIRECTORY"}) || cursor.accept("UNION")) {
    TRY(skip_value(cursor));
    return true;
  }
  // ROW_FORMAT=DYNAMIC; the servers take most without `=` too, but what the value would be is known
  // only for a known name.
  const bool is_bare = cursor.at_one_of({"TABLESPACE",
                                         "STORAGE",
                                         "ROW_FORMAT",
                                         "AUTO_INCREMENT",
                                         "MIN_ROWS",
                                         "MAX_ROWS",
                                         "AVG_ROW_LENGTH",
                                         "PACK_KEYS",
                                         "CHECKSUM",
                                         "DELAY_KEY_WRITE",
                                         "KEY_BLOCK_SIZE",
                                         "STATS_PERSISTENT",
                                         "STATS_AUTO_RECALC",
                                         "STATS_SAMPLE_PAGES",
                                         "CONNECTION",
                                         "INSERT_METHOD",
                                         "COMPRESSION",
                                         "ENCRYPTION",
                                         "PASSWORD",
                                         "ENGINE_ATTRIBUTE",
                                         "SECONDARY_ENGINE_ATTRIBUTE",
                                         "SECONDARY_ENGINE",
                                         "AUTOEXTEND_SIZE",
                                         "AUTO_ID_CACHE",
                                         "AUTO_RANDOM_BASE",
                                         "SHARD_ROW_ID_BITS",
                                         "PRE_SPLIT_REGIONS",
                                         "TRANSACTIONAL",
                                         "PAGE_CHECKSUM",
                                         "TTL_ENABLE",
                                         "TTL_JOB_INTERVAL"});
  const TokenKind kind = cursor.peek().kind;
  const bool has_sign =
      (kind == TokenKind::word || kind == TokenKind::quoted_word) && cursor.peek(1).is('=');
  if (!is_bare && !has_sign) return false;
  cursor.take();
  TRY(skip_value(cursor));
  return true;
}

Result<bool> parse_table_option(TokenCursor& cursor, TableDef& table) {
  const std::size_t place = cursor.place();
  cursor.accept("DEFAULT");
  if (accept_charset_words(cursor)) {
    table.charset = TRY(parse_option_word(cursor, "a character set"));
    table.collation.clear();  // one that stands before it is forgotten
  } else if (cursor.accept("COLLATE")) {
    cursor.accept('=');
    table.collation = TRY(parse_option_word(cursor, "a collation"));
  } else if (cursor.accept("ENGINE") || cursor.accept("TYPE")) {
    cursor.accept('=');
    table.engine = TRY(parse_option_word(cursor, "a storage engine"));
  } else if (cursor.accept("COMMENT")) {
    table.comment = TRY(parse_comment(cursor));
  } else if (!TRY(skip_table_option(cursor))) {
    cursor.go_back_to(place);
    return false;
  }
  return true;
}

Result<void> parse_table_options(TokenCursor& cursor, TableDef& table) {
  while (!cursor.is_at_end() && !cursor.at(';')) {
    const std::size_t place = cursor.place();
    cursor.accept(',');
    if (cursor.at_words({"PARTITION", "BY"})) {
      table.partition_text = TRY(parse_partitions(cursor));
    } else if (!TRY(parse_table_option(cursor, table))) {
      cursor.go_back_to(place);
      return {};
    }
  }
  return {};
}

}  // namespace tideway
