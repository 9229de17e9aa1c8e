// Whether rows of one definition can arrive in another unbent.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apply/table_plan.h"
#include "base/text.h"
#include "sql/charset.h"

namespace tideway {
namespace {

std::uint32_t bits_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::tiny_int:
      return 8;
    case TypeKind::small_int:
      return 16;
    case TypeKind::medium_int:
      return 24;
    case TypeKind::integer:
      return 32;
    default:
      return 64;
  }
}

bool holds_integer(const ColumnType& source, const ColumnType& target) {
  if (source.is_unsigned == target.is_unsigned) return bits_of(target.kind) >= bits_of(source.kind);
  return source.is_unsigned && bits_of(target.kind) > bits_of(source.kind);
}

// Growing within a family loses nothing; CHAR and BINARY come last to none, because they change
// trailing blanks and zeros.
std::uint32_t rank_in_family(TypeKind kind) {
  switch (kind) {
    case TypeKind::fixed_char:
    case TypeKind::fixed_binary:
      return 1;
    case TypeKind::var_char:
    case TypeKind::var_binary:
      return 2;
    case TypeKind::tiny_text:
    case TypeKind::tiny_blob:
      return 2;
    case TypeKind::text:
    case TypeKind::blob:
      return 3;
    case TypeKind::medium_text:
    case TypeKind::medium_blob:
      return 4;
    case TypeKind::long_text:
    case TypeKind::long_blob:
      return 5;
    default:
      return 0;
  }
}

bool is_text(TypeKind kind) { return kind >= TypeKind::fixed_char && kind <= TypeKind::long_text; }
bool is_bytes(TypeKind kind) {
  return kind >= TypeKind::fixed_binary && kind <= TypeKind::long_blob;
}
bool has_length(TypeKind kind) {
  return rank_in_family(kind) == 1 || kind == TypeKind::var_char || kind == TypeKind::var_binary;
}

bool holds_string(const ColumnType& source, const ColumnType& target) {
  const std::uint32_t from = rank_in_family(source.kind), to = rank_in_family(target.kind);
  if (to < from) return false;
  if (source.kind == TypeKind::fixed_binary && target.kind == TypeKind::fixed_binary)
    return source.length == target.length;
  if (has_length(source.kind) && has_length(target.kind)) return target.length >= source.length;
  return true;  // what is too long for it after all is refused by name, not cut
}

bool holds_charset(const ColumnType& source, const ColumnType& target) {
  const std::string from = canonical_charset(source.charset),
                    to = canonical_charset(target.charset);
  if (from.empty() || to.empty() || from == to || to == "utf8mb4" || from == "ascii") return true;
  return to == "utf8mb3" && from != "utf8mb4" && from != "gb18030" && from != "utf16" &&
         from != "utf32" && from != "utf16le";
}

bool holds_labels(const ColumnType& source, const ColumnType& target) {
  return std::ranges::all_of(source.labels, [&](const std::string& label) {
    return std::ranges::find(target.labels, label) != target.labels.end();
  });
}

bool holds(const ColumnType& source, const ColumnType& target) {
  if (is_integer(source.kind) && is_integer(target.kind)) return holds_integer(source, target);
  if ((is_text(source.kind) && is_text(target.kind)) ||
      (is_bytes(source.kind) && is_bytes(target.kind))) {
    return holds_string(source, target) && holds_charset(source, target);
  }
  // MariaDB's JSON is a LONGTEXT with a check.
  if (source.kind == TypeKind::json && target.kind == TypeKind::long_text) return true;
  if (source.kind != target.kind) return false;
  switch (source.kind) {
    case TypeKind::decimal:  // another scale is another text of the same number, and the digests
                             // differ
      return source.decimals == target.decimals && target.length >= source.length &&
             (source.is_unsigned || !target.is_unsigned);
    case TypeKind::float_number:
    case TypeKind::double_number:
      return source.decimals == target.decimals && (source.is_unsigned || !target.is_unsigned);
    case TypeKind::bit:
      return target.length >= source.length;
    case TypeKind::time:
    case TypeKind::datetime:
    case TypeKind::timestamp:
      return source.decimals == target.decimals;
    case TypeKind::enumeration:
    case TypeKind::set:
      return holds_labels(source, target) && holds_charset(source, target);
    case TypeKind::geometry: {
      const std::string to = ascii_lower(target.text);
      // 8.0 prints GEOMETRYCOLLECTION as geomcollection.
      const bool is_collection = to.starts_with("geomcollection") &&
                                 ascii_lower(source.text).starts_with("geometrycollection");
      return is_collection || to.starts_with("geometry") || ascii_lower(source.text) == to;
    }
    case TypeKind::vector:
      return source.length == target.length;
    case TypeKind::unknown:
      return ascii_lower(source.text) == ascii_lower(target.text);
    default:
      return true;
  }
}

std::string shown(const ColumnType& type) {
  std::string text = type.text;
  if (!type.charset.empty() && text.find("CHARACTER SET") == std::string::npos)
    text += " CHARACTER SET " + type.charset;
  return text;
}

void compare_column(const Column& source, const Column& target, std::vector<std::string>& found) {
  const std::string name = quoted(source.name);
  if (!holds(source.type, target.type)) {
    found.push_back(fmt::format("column {} is {} on the source and {} on the target", name,
                                shown(source.type), shown(target.type)));
  }
  if (source.is_nullable && !target.is_nullable && target.generated == Generated::no) {
    found.push_back(fmt::format("column {} may be NULL on the source and not on the target", name));
  }
  if (source.generated != Generated::no && target.generated == Generated::no) {
    found.push_back(
        fmt::format("column {} is generated on the source and stored on the target", name));
  }
}

}  // namespace

std::vector<std::string> differences(const TableDef& source, const TableDef& target) {
  std::vector<std::string> found;
  std::map<std::string, const Column*> columns;
  for (const Column& column : target.columns) columns[ascii_lower(column.name)] = &column;
  for (const Column& column : source.columns) {
    const auto there = columns.find(ascii_lower(column.name));
    if (there == columns.end()) {
      found.push_back(fmt::format("column {} is missing on the target", quoted(column.name)));
      continue;
    }
    compare_column(column, *there->second, found);
    columns.erase(there);
  }
  for (const auto& [name, column] : columns) {
    if (column->is_nullable || column->default_text || column->is_auto_increment ||
        column->generated != Generated::no)
      continue;
    found.push_back(
        fmt::format("column {} is on the target only and has no default", quoted(column->name)));
  }
  return found;
}

}  // namespace tideway
