#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/block.h"

namespace tideway {

// A table whose columns are given as name and type.
inline Column column(std::string name, ColumnType type, bool is_nullable = false) {
  Column made;
  made.name = std::move(name);
  made.type = std::move(type);
  made.is_nullable = is_nullable;
  return made;
}

inline ColumnType type_of(TypeKind kind, std::string charset = {}) {
  ColumnType type;
  type.kind = kind;
  type.charset = std::move(charset);
  return type;
}

inline TablePtr table_of(std::vector<Column> columns) {
  auto table = std::make_shared<TableDef>();
  table->id = {"db", "t"};
  table->columns = std::move(columns);
  return table;
}

inline ColumnSet all_columns(const TableDef& table) {
  std::vector<std::uint32_t> ordinals;
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) ordinals.push_back(i);
  return ColumnSet(std::move(ordinals));
}

using RowText = std::vector<std::optional<std::string>>;

// A block of one stream with rows of one table; ends the stream when asked to.
inline Block block_of(const TablePtr& table, const std::vector<RowText>& rows, Loan loan = {}) {
  auto stream = std::make_shared<Stream>();
  stream->table = table->id;
  Block block(std::move(stream), std::move(loan));
  block.begin_rows(table, ChangeKind::insert, {}, all_columns(*table));
  for (const RowText& row : rows) {
    for (const auto& text : row) block.add_cell(text ? block.append(*text) : Cell{});
    block.end_row();
  }
  return block;
}

}  // namespace tideway
