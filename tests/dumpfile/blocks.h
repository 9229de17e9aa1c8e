#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory.h"
#include "model/block.h"

namespace tideway::testing {

using RowText = std::vector<std::optional<std::string>>;  // nullopt: NULL

inline ColumnType type_of(TypeKind kind, std::string text = "") {
  ColumnType type;
  type.kind = kind;
  type.text = std::move(text);
  if (class_of(type) == TypeClass::characters) type.charset = "utf8mb4";
  return type;
}

struct TableBuilder {
  TableDef def;
  explicit TableBuilder(TableId id) { def.id = std::move(id); }
  TableBuilder& column(std::string name, TypeKind kind, std::uint32_t length = 0) {
    Column column;
    column.name = std::move(name);
    column.type = type_of(kind, "t" + std::to_string(static_cast<int>(kind)));
    column.type.length = length;
    def.columns.push_back(std::move(column));
    return *this;
  }
  TableBuilder& generated(std::string name, TypeKind kind) {
    column(std::move(name), kind);
    def.columns.back().generated = Generated::stored;
    return *this;
  }
  TablePtr make() const { return std::make_shared<const TableDef>(def); }
};

inline StreamPtr stream_of(TableId table, std::uint64_t ordinal = 0, bool is_last = true) {
  return std::make_shared<const Stream>(
      Stream{std::move(table), ordinal, "range " + std::to_string(ordinal), is_last});
}

inline Block block_of(MemoryArbiter& memory, const StreamPtr& stream, const TablePtr& table,
                      const std::vector<RowText>& rows) {
  std::uint64_t bytes = 64;
  for (const auto& row : rows) {
    for (const auto& cell : row) bytes += cell ? cell->size() : 0;
  }
  Block block(stream, *memory.borrow(bytes, {}));
  block.begin_rows(table, ChangeKind::insert, {}, ColumnSet(stored_columns(*table)));
  for (const auto& row : rows) {
    for (const auto& cell : row) block.add_cell(cell ? block.append(*cell) : Cell{});
    block.end_row();
  }
  return block;
}

inline Digest digest_of(const Block& block) {
  Digest digest;
  for (const Item& item : block.items()) {
    const auto* rows = std::get_if<Rows>(&item);
    if (rows == nullptr) continue;
    RowDigester digester(rows->table, rows->after, DigestStrength::fast);
    digester.add(block, *rows);
    digest += digester.digest();
  }
  return digest;
}

}  // namespace tideway::testing
