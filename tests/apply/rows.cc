#include "apply/rows.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "sql/create_table.h"

namespace tideway::testing {

TablePtr table_of(std::string_view create_statement, std::string_view database) {
  auto table = parse_create_table(create_statement, database);
  if (!table) {
    ADD_FAILURE() << table.error().to_line();
    std::abort();
  }
  return std::make_shared<TableDef>(std::move(*table));
}

Block block_of(MemoryArbiter& arbiter, const StreamPtr& stream, const TablePtr& table,
               const std::vector<Cells>& rows) {
  std::uint64_t bytes = 64;
  for (const Cells& row : rows) {
    for (const auto& cell : row) bytes += cell ? cell->size() : 0;
  }
  auto loan = arbiter.borrow(bytes, {});
  if (!loan) std::abort();
  Block block(stream, std::move(*loan));
  block.begin_rows(table, ChangeKind::insert, {}, ColumnSet(stored_columns(*table)));
  for (const Cells& row : rows) {
    for (const auto& cell : row) block.add_cell(cell ? block.append(*cell) : Cell{});
    block.end_row();
  }
  return block;
}

StreamPtr stream_of(const TablePtr& table, std::uint64_t ordinal) {
  return std::make_shared<Stream>(Stream{table->id, ordinal, "all", true});
}

const Rows& rows_in(const Block& block) { return std::get<Rows>(block.items().front()); }

}  // namespace tideway::testing
