#include "sql/settle_column.h"

#include <algorithm>

#include "base/text.h"
#include "sql/charset.h"
#include "sql/column_type.h"
#include "sql/table_text.h"

namespace tideway {
namespace {

bool is_default(const std::string& word) { return ascii_lower(word) == "default"; }

constexpr std::uint64_t tiny_bytes = 255, text_bytes = 65535, medium_bytes = 16777215,
                        long_bytes = 4294967295;
constexpr std::uint64_t varchar_bytes = 65535;

bool is_text(TypeKind kind) { return kind >= TypeKind::tiny_text && kind <= TypeKind::long_text; }
bool is_blob(TypeKind kind) { return kind >= TypeKind::tiny_blob && kind <= TypeKind::long_blob; }

// The smallest TEXT or BLOB that holds so many bytes.
TypeKind kind_for(std::uint64_t bytes, bool is_binary) {
  if (bytes <= tiny_bytes) return is_binary ? TypeKind::tiny_blob : TypeKind::tiny_text;
  if (bytes <= text_bytes) return is_binary ? TypeKind::blob : TypeKind::text;
  if (bytes <= medium_bytes) return is_binary ? TypeKind::medium_blob : TypeKind::medium_text;
  return is_binary ? TypeKind::long_blob : TypeKind::long_text;
}

std::uint64_t most_bytes(TypeKind kind) {
  switch (kind) {
    case TypeKind::tiny_text:
    case TypeKind::tiny_blob:
      return tiny_bytes;
    case TypeKind::text:
    case TypeKind::blob:
      return text_bytes;
    case TypeKind::medium_text:
    case TypeKind::medium_blob:
      return medium_bytes;
    default:
      return long_bytes;
  }
}

// Display widths of integers that name none.
std::uint32_t width_of(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::tiny_int:
      return type.is_unsigned ? 3 : 4;
    case TypeKind::small_int:
      return type.is_unsigned ? 5 : 6;
    case TypeKind::medium_int:
      return type.is_unsigned ? 8 : 9;
    case TypeKind::integer:
      return type.is_unsigned ? 10 : 11;
    default:
      return 20;
  }
}

// Lengths that are not written, and TEXT(n), BLOB(n) and VARCHARs that are too long.
void settle_length(ColumnType& type, const ServerRules& rules) {
  const std::uint64_t bytes =
      std::uint64_t{type.length} * (type.charset.empty() ? 1 : longest_character(type.charset));
  switch (type.kind) {
    case TypeKind::fixed_char:
    case TypeKind::fixed_binary:
    case TypeKind::bit:
      break;
    case TypeKind::decimal:
      if (type.length == 0) type.length = 10;
      break;
    case TypeKind::year:
      type.length = rules.hides_widths() ? 0 : 4;
      break;
    case TypeKind::var_char:
    case TypeKind::var_binary:
      if (bytes > varchar_bytes && !rules.is_strict) {
        type.kind = kind_for(bytes, type.kind == TypeKind::var_binary);
        type.length = 0;
      }
      break;
    default:
      if ((is_text(type.kind) || is_blob(type.kind)) && type.length != 0) {
        type.kind = kind_for(bytes, is_blob(type.kind));
        type.length = 0;
      }
      if (!is_integer(type.kind)) return;
      if (rules.hides_widths() && !type.is_zerofill &&
          !(type.kind == TypeKind::tiny_int && type.length == 1 && !type.is_unsigned)) {
        type.length = 0;
      } else if (type.length == 0) {
        type.length = width_of(type);
      }
  }
}

bool is_bare_timestamp(const Column& column) {
  return column.type.kind == TypeKind::timestamp && !column.is_nullable && !column.default_text &&
         column.on_update.empty() && column.generated == Generated::no;
}

void strip_labels(ColumnType& type) {
  if (ascii_lower(type.charset) == "binary") return;
  for (std::string& label : type.labels) label.erase(label.find_last_not_of(' ') + 1);
}

}  // namespace

TableCharset charset_of(const std::string& charset, const std::string& collation,
                        const TableCharset& otherwise, const ServerRules& rules) {
  TableCharset found{charset, collation};
  if (is_default(found.charset)) {
    found.charset = otherwise.charset;
    if (found.collation.empty()) found.collation = otherwise.collation;
  }
  if (is_default(found.collation)) found.collation.clear();
  if (found.charset.empty() && found.collation.empty()) return otherwise;
  if (found.charset.empty()) found.charset = charset_of_collation(found.collation);
  if (found.charset.empty()) found.charset = otherwise.charset;
  if (found.collation.empty()) found.collation = default_collation(found.charset, rules);
  return found;
}

Column settle_column(ParsedColumn parsed, const TableCharset& table, const ServerRules& rules) {
  ColumnType& type = parsed.column.type;
  if (parsed.is_real_number && rules.real_is_float) type.kind = TypeKind::float_number;
  const bool has_no_length =
      type.length == 0 && (type.kind == TypeKind::fixed_char ||
                           type.kind == TypeKind::fixed_binary || type.kind == TypeKind::bit);
  // CHAR(0) is a type of its own; whoever writes it is told by the text.
  if (has_no_length && type.text.find('(') == std::string::npos) type.length = 1;
  if (parsed.has_characters && !parsed.wants_binary_collation) {
    const TableCharset own = charset_of(parsed.charset, parsed.collation, table, rules);
    parsed.charset = own.charset;
    parsed.collation = own.collation;
  }
  resolve_charset(parsed, table.charset, table.collation);
  settle_length(type, rules);
  strip_labels(type);
  if (type.kind == TypeKind::geometry) {
    type.text = ascii_lower(type.text);
    if (type.text == "geometrycollection" && rules.is_mysql_from(80011))
      type.text = "geomcollection";
  }
  type.text = to_text(type);
  Column& column = parsed.column;
  if (column.is_auto_increment || parsed.is_primary) column.is_nullable = false;
  settle_timestamp(parsed, column, rules);
  return std::move(parsed.column);
}

void settle_timestamp(const ParsedColumn& parsed, Column& column, const ServerRules& rules) {
  if (rules.explicit_timestamps || column.type.kind != TypeKind::timestamp || parsed.says_null)
    return;
  column.is_nullable = false;
}

void zero_timestamp(Column& column, const ServerRules& rules) {
  if (!rules.explicit_timestamps && is_bare_timestamp(column))
    column.default_text = "'0000-00-00 00:00:00'";
}

void promote_first_timestamp(std::vector<Column>& columns, const ServerRules& rules) {
  if (rules.explicit_timestamps) return;
  const auto first = std::ranges::find(columns, TypeKind::timestamp,
                                       [](const Column& column) { return column.type.kind; });
  if (first == columns.end() || !is_bare_timestamp(*first)) return;
  const std::uint32_t decimals = first->type.decimals;
  const std::string fraction = decimals == 0 ? "" : "(" + std::to_string(decimals) + ")";
  first->default_text = first->on_update = "CURRENT_TIMESTAMP" + fraction;
}

void convert_column(Column& column, ColumnOrigin origin, const TableCharset& to,
                    const ServerRules& rules) {
  ColumnType& type = column.type;
  if (type.charset.empty() || ascii_lower(type.charset) == "binary") return;
  const std::uint64_t characters = most_bytes(type.kind) / longest_character(type.charset);
  ParsedColumn parsed;
  parsed.column = column;
  parsed.has_characters = true;
  parsed.charset = to.charset;
  parsed.collation = to.collation;
  ColumnType& converted = parsed.column.type;
  const bool grows = is_text(type.kind) && origin == ColumnOrigin::of_table;
  converted.charset.clear();
  converted.collation.clear();
  if (grows) converted.kind = kind_for(characters * longest_character(to.charset), false);
  resolve_charset(parsed, to.charset, to.collation);
  settle_length(converted, rules);
  converted.text = to_text(converted);
  type = std::move(converted);
}

}  // namespace tideway
