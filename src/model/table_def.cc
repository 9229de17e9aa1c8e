#include "model/table_def.h"

#include <algorithm>

namespace tideway {
namespace {

bool orders_as_it_compares(const Column& column) {
  switch (column.type.kind) {
    case TypeKind::enumeration:
    case TypeKind::set:
    case TypeKind::json:
    case TypeKind::geometry:
    case TypeKind::vector:
    case TypeKind::unknown:
      return false;
    default:
      return !column.is_nullable && column.generated == Generated::no;
  }
}

bool is_ordering(const TableDef& table, const Key& key) {
  if (key.kind != KeyKind::primary && key.kind != KeyKind::unique) return false;
  if (key.is_invisible) return false;  // the server would not read by it
  return !key.parts.empty() && std::ranges::all_of(key.parts, [&table](const KeyPart& part) {
    return part.expression.empty() && part.prefix_length == 0 && !part.is_descending &&
           orders_as_it_compares(table.columns[part.column]);
  });
}

}  // namespace

TypeClass class_of(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::tiny_int:
    case TypeKind::small_int:
    case TypeKind::medium_int:
    case TypeKind::integer:
    case TypeKind::big_int:
    case TypeKind::decimal:
    case TypeKind::float_number:
    case TypeKind::double_number:
      return TypeClass::number;
    case TypeKind::fixed_binary:
    case TypeKind::var_binary:
    case TypeKind::tiny_blob:
    case TypeKind::blob:
    case TypeKind::medium_blob:
    case TypeKind::long_blob:
    case TypeKind::bit:
    case TypeKind::geometry:
      return TypeClass::bytes;
    default:
      return TypeClass::characters;
  }
}

bool is_integer(TypeKind kind) { return kind <= TypeKind::big_int; }

std::vector<std::uint32_t> stored_columns(const TableDef& table) {
  std::vector<std::uint32_t> ordinals;
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].generated == Generated::no) ordinals.push_back(i);
  }
  return ordinals;
}

const Key* ordering_key(const TableDef& table) {
  const Key* best = nullptr;
  for (const Key& key : table.keys) {
    if (!is_ordering(table, key)) continue;
    if (key.kind == KeyKind::primary) return &key;
    if (best == nullptr || key.parts.size() < best->parts.size()) best = &key;
  }
  return best;
}

const Key* row_key(const TableDef& table) {
  const Key* found = nullptr;
  for (const Key& key : table.keys) {
    const bool names_rows = std::ranges::all_of(key.parts, [&](const KeyPart& part) {
      return part.expression.empty() && part.prefix_length == 0 &&
             !table.columns[part.column].is_nullable;
    });
    if (!names_rows) continue;
    if (key.kind == KeyKind::primary) return &key;
    if (key.kind == KeyKind::unique && found == nullptr) found = &key;
  }
  return found;
}

}  // namespace tideway
