#include "sql/column_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/charset.h"

namespace tideway {
namespace {

struct TypeName {
  std::string_view word;
  TypeKind kind;
  std::uint32_t length = 0;  // where the name itself says it
};

constexpr std::array<TypeName, 69> type_names = {{
    {"TINYINT", TypeKind::tiny_int},
    {"INT1", TypeKind::tiny_int},
    {"BOOL", TypeKind::tiny_int, 1},
    {"BOOLEAN", TypeKind::tiny_int, 1},
    {"SMALLINT", TypeKind::small_int},
    {"INT2", TypeKind::small_int},
    {"MEDIUMINT", TypeKind::medium_int},
    {"MIDDLEINT", TypeKind::medium_int},
    {"INT3", TypeKind::medium_int},
    {"INT", TypeKind::integer},
    {"INTEGER", TypeKind::integer},
    {"INT4", TypeKind::integer},
    {"BIGINT", TypeKind::big_int},
    {"INT8", TypeKind::big_int},
    {"SERIAL", TypeKind::big_int},
    {"DECIMAL", TypeKind::decimal},
    {"DEC", TypeKind::decimal},
    {"NUMERIC", TypeKind::decimal},
    {"FIXED", TypeKind::decimal},
    {"NUMBER", TypeKind::decimal},
    {"FLOAT", TypeKind::float_number},
    {"FLOAT4", TypeKind::float_number},
    {"DOUBLE", TypeKind::double_number},
    {"FLOAT8", TypeKind::double_number},
    {"REAL", TypeKind::double_number},
    {"BIT", TypeKind::bit},
    {"YEAR", TypeKind::year},
    {"DATE", TypeKind::date},
    {"TIME", TypeKind::time},
    {"DATETIME", TypeKind::datetime},
    {"TIMESTAMP", TypeKind::timestamp},
    {"CHAR", TypeKind::fixed_char},
    {"CHARACTER", TypeKind::fixed_char},
    {"NCHAR", TypeKind::fixed_char},
    {"NATIONAL", TypeKind::fixed_char},
    {"VARCHAR", TypeKind::var_char},
    {"VARCHARACTER", TypeKind::var_char},
    {"NVARCHAR", TypeKind::var_char},
    {"VARCHAR2", TypeKind::var_char},
    {"TINYTEXT", TypeKind::tiny_text},
    {"TEXT", TypeKind::text},
    {"MEDIUMTEXT", TypeKind::medium_text},
    {"LONG", TypeKind::medium_text},
    {"LONGTEXT", TypeKind::long_text},
    {"CLOB", TypeKind::long_text},
    {"BINARY", TypeKind::fixed_binary},
    {"VARBINARY", TypeKind::var_binary},
    {"RAW", TypeKind::var_binary},
    {"TINYBLOB", TypeKind::tiny_blob},
    {"BLOB", TypeKind::blob},
    {"MEDIUMBLOB", TypeKind::medium_blob},
    {"LONGBLOB", TypeKind::long_blob},
    {"ENUM", TypeKind::enumeration},
    {"SET", TypeKind::set},
    {"JSON", TypeKind::json},
    {"VECTOR", TypeKind::vector},
    {"GEOMETRY", TypeKind::geometry},
    {"POINT", TypeKind::geometry},
    {"LINESTRING", TypeKind::geometry},
    {"POLYGON", TypeKind::geometry},
    {"MULTIPOINT", TypeKind::geometry},
    {"MULTILINESTRING", TypeKind::geometry},
    {"MULTIPOLYGON", TypeKind::geometry},
    {"GEOMETRYCOLLECTION", TypeKind::geometry},
    {"GEOMCOLLECTION", TypeKind::geometry},
    // Of MariaDB: delivered and taken as characters, without a character set of their own.
    {"UUID", TypeKind::unknown},
    {"INET4", TypeKind::unknown},
    {"INET6", TypeKind::unknown},
    {"XMLTYPE", TypeKind::unknown},
}};

bool has_characters(TypeKind kind) {
  return (kind >= TypeKind::fixed_char && kind <= TypeKind::long_text) ||
         kind == TypeKind::enumeration || kind == TypeKind::set;
}

TypeKind binary_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::fixed_char:
      return TypeKind::fixed_binary;
    case TypeKind::var_char:
      return TypeKind::var_binary;
    case TypeKind::tiny_text:
      return TypeKind::tiny_blob;
    case TypeKind::text:
      return TypeKind::blob;
    case TypeKind::medium_text:
      return TypeKind::medium_blob;
    case TypeKind::long_text:
      return TypeKind::long_blob;
    default:
      return kind;
  }
}

// The words behind the first that belong to the name: DOUBLE PRECISION, NATIONAL CHARACTER VARYING,
// LONG VARBINARY.
void parse_rest_of_name(TokenCursor& cursor, const Token& first, ParsedColumn& parsed) {
  ColumnType& type = parsed.column.type;
  const bool is_national = first.is("NATIONAL") || first.is("NCHAR") || first.is("NVARCHAR");
  if (is_national) parsed.charset = "utf8";
  if (first.is("NATIONAL") && cursor.at_one_of({"VARCHAR", "VARCHARACTER"}))
    type.kind = TypeKind::var_char;
  if (first.is("NATIONAL")) cursor.take();  // CHAR, CHARACTER, VARCHAR
  if (first.is("DOUBLE") || first.is("FLOAT8")) cursor.accept("PRECISION");
  if (type.kind == TypeKind::fixed_char && (cursor.accept("VARYING") || cursor.accept("VARCHAR"))) {
    type.kind = TypeKind::var_char;
  }
  if (first.is("LONG")) {
    if (cursor.accept("VARBINARY")) type.kind = TypeKind::medium_blob;
    if (cursor.accept_words({"CHAR", "VARYING"}) || cursor.accept("VARCHAR") ||
        cursor.accept("VARCHARACTER")) {
      type.kind = TypeKind::medium_text;
    }
  }
}

// ('a', x'62', _utf8mb4'c') of ENUM and SET.
Result<void> parse_labels(TokenCursor& cursor, ColumnType& type) {
  TRY(cursor.expect('('));
  do {
    if (cursor.peek().kind == TokenKind::introducer) cursor.take();
    const TokenKind kind = cursor.peek().kind;
    if (kind != TokenKind::text && kind != TokenKind::hex && kind != TokenKind::bits) {
      return fail(cursor.unexpected("a label in quotes"));
    }
    type.labels.push_back(cursor.bytes_of(cursor.take()));
    while (cursor.peek().kind == TokenKind::text)
      type.labels.back() += cursor.bytes_of(cursor.take());
  } while (cursor.accept(','));
  return cursor.expect(')');
}

Result<void> parse_size(TokenCursor& cursor, ColumnType& type) {
  if (!cursor.accept('(')) return {};
  const bool is_fraction = type.kind == TypeKind::time || type.kind == TypeKind::datetime ||
                           type.kind == TypeKind::timestamp;
  const auto first = static_cast<std::uint32_t>(TRY(cursor.expect_number("a length")));
  (is_fraction ? type.decimals : type.length) = first;
  if (cursor.accept(',')) {
    type.decimals = static_cast<std::uint32_t>(TRY(cursor.expect_number("a number of decimals")));
  } else if (type.kind == TypeKind::float_number) {
    // FLOAT(p) says how many bits are wanted, and only chooses between the two types.
    if (type.length > 24) type.kind = TypeKind::double_number;
    type.length = 0;
  }
  cursor.accept("CHAR");  // VARCHAR2(10 CHAR)
  return cursor.expect(')');
}

void set_sign(TokenCursor& cursor, ColumnType& type) {
  for (;;) {
    if (cursor.accept("UNSIGNED")) {
      type.is_unsigned = true;
    } else if (cursor.accept("ZEROFILL")) {
      type.is_zerofill = type.is_unsigned = true;
    } else if (!cursor.accept("SIGNED")) {
      return;
    }
  }
}

Result<void> parse_charset(TokenCursor& cursor, ParsedColumn& parsed) {
  for (;;) {
    if (accept_charset_words(cursor)) {
      parsed.charset = TRY(parse_option_word(cursor, "a character set"));
    } else if (cursor.accept("BINARY")) {
      parsed.wants_binary_collation = true;
    } else if (cursor.accept("ASCII")) {
      parsed.charset = "latin1";
    } else if (cursor.accept("UNICODE")) {
      parsed.charset = "ucs2";
    } else if (cursor.accept("BYTE")) {
      parsed.charset = "binary";
    } else if (cursor.accept("COLLATE")) {
      cursor.accept('=');
      parsed.collation = TRY(parse_option_word(cursor, "a collation"));
    } else {
      return {};
    }
  }
}

}  // namespace

Result<void> parse_column_type(TokenCursor& cursor, ParsedColumn& parsed) {
  ColumnType& type = parsed.column.type;
  const Token first = cursor.peek();
  if (first.kind != TokenKind::word) return fail(cursor.unexpected("a type"));
  const auto* const known = std::ranges::find_if(
      type_names, [&first](const TypeName& name) { return first.is(name.word); });
  if (known == type_names.end() && !cursor.peek(1).is('(') &&
      cursor.peek(1).kind == TokenKind::quoted_word) {
    return fail(cursor.unexpected("a type"));
  }
  cursor.take();
  if (known != type_names.end()) {
    type.kind = known->kind;
    type.length = known->length;
    parse_rest_of_name(cursor, first, parsed);
  }
  if (type.kind == TypeKind::enumeration || type.kind == TypeKind::set) {
    TRY(parse_labels(cursor, type));
  } else if (known != type_names.end()) {
    TRY(parse_size(cursor, type));
  } else if (cursor.at('(')) {
    TRY(cursor.skip_parentheses());
  }
  set_sign(cursor, type);
  type.text = std::string(cursor.text_between(first.offset, cursor.last().end()));
  if (first.is("SERIAL")) {
    type.is_unsigned = true;
    parsed.column.is_nullable = false;
    parsed.column.is_auto_increment = parsed.is_unique = true;
  }
  parsed.is_real_number = first.is("REAL");
  parsed.has_characters = has_characters(type.kind);
  return parse_charset(cursor, parsed);
}

void resolve_charset(ParsedColumn& parsed, const std::string& table_charset,
                     const std::string& table_collation) {
  ColumnType& type = parsed.column.type;
  if (!parsed.has_characters) return;
  std::string charset = parsed.charset, collation = parsed.collation;
  if (charset.empty() && !collation.empty()) {
    charset = charset_of_collation(collation);
    if (charset.empty()) charset = table_charset;
  }
  if (charset.empty()) {
    charset = table_charset;
    collation = table_collation;
  }
  if (collation.empty()) collation = default_collation(charset);
  if (parsed.wants_binary_collation && parsed.collation.empty() && !charset.empty())
    collation = binary_collation(charset);
  if (ascii_lower(charset) == "binary" && binary_kind(type.kind) != type.kind) {
    type.kind = binary_kind(type.kind);
    return;
  }
  type.charset = std::move(charset);
  type.collation = std::move(collation);
}

}  // namespace tideway
