#include "model/block.h"

#include <gtest/gtest.h>

#include <cstring>

#include "model/builders.h"

namespace tideway {
namespace {

TablePtr one_text() {
  return table_of({column("a", type_of(TypeKind::var_char, "utf8mb4"), true)});
}

TEST(Block, gives_back_the_bytes_that_were_put_in_it) {
  const auto table = one_text();
  const Block block = block_of(table, {{"one"}, {std::nullopt}, {""}, {std::string("\0\xFF", 2)}});
  const auto& rows = std::get<Rows>(block.items()[0]);
  const auto cells = block.cells(rows);
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(block.text(cells[0]), "one");
  EXPECT_TRUE(cells[1].is_null());
  EXPECT_FALSE(cells[2].is_null());
  EXPECT_EQ(block.text(cells[2]), "");
  EXPECT_EQ(block.text(cells[3]), std::string_view("\0\xFF", 2));
  EXPECT_EQ(block.row_count(), 4U);
}

TEST(Block, grows_past_its_loan_without_losing_a_byte) {
  MemoryArbiter arbiter(1 << 20);
  const auto table = one_text();
  std::vector<RowText> rows;
  for (int i = 0; i < 200; ++i)
    rows.push_back({std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26))});
  const Block block = block_of(table, rows, *arbiter.borrow(64, {}));
  const auto cells = block.cells(std::get<Rows>(block.items()[0]));
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(block.text(cells[i]), *rows[i][0]);
  EXPECT_EQ(block.byte_count(), 199U * 200 / 2);
}

TEST(Block, has_room_for_what_its_loan_leaves_beside_the_cells) {
  constexpr std::uint32_t borrowed = 4096;
  constexpr std::size_t columns = 10, cell_bytes = sizeof(Cell);
  MemoryArbiter arbiter(1 << 20);
  Block block(std::make_shared<Stream>(), *arbiter.borrow(borrowed, {}));
  const auto table = table_of(
      std::vector<Column>(columns, column("a", type_of(TypeKind::var_char, "utf8mb4"), true)));
  block.begin_rows(table, ChangeKind::insert, {}, all_columns(*table));
  EXPECT_EQ(block.room_left(), borrowed - columns * cell_bytes);
  std::size_t rows = 0;
  while (block.room_left() != 0) {
    for (std::size_t i = 0; i < columns; ++i) block.add_cell(Cell{});
    block.end_row();
    ++rows;
  }
  EXPECT_EQ(rows, borrowed / (columns * cell_bytes));
}

TEST(Block, gives_back_what_it_does_not_need_when_it_is_filled) {
  MemoryArbiter arbiter(1 << 20);
  Block block(std::make_shared<Stream>(), *arbiter.borrow(100'000, {}));
  const auto table = one_text();
  block.begin_rows(table, ChangeKind::insert, {}, all_columns(*table));
  block.add_cell(block.append(std::string(9'000, 'x')));
  block.end_row();
  block.end_filling();
  EXPECT_EQ(block.loan_bytes(), 9'000 + sizeof(Cell));
  EXPECT_EQ(arbiter.used_bytes(), block.loan_bytes());
  EXPECT_EQ(block.text(block.cells(std::get<Rows>(block.items()[0]))[0]), std::string(9'000, 'x'));
}

TEST(Block, bytes_can_be_written_in_place) {
  MemoryArbiter arbiter(1 << 20);
  Block block(std::make_shared<Stream>(), *arbiter.borrow(4, {}));
  const auto offset = block.written();
  std::memcpy(block.room(10), "0123456789", 10);
  block.advance(10);
  EXPECT_EQ(block.text({offset, 10}), "0123456789");
  EXPECT_EQ(block.written(), offset + 10);
}

TEST(Block, returns_its_memory_and_an_oversize_turn_on_destruction) {
  MemoryArbiter arbiter(1000);
  {
    Block block(std::make_shared<Stream>(), *arbiter.borrow(100, {}));
    auto turn = *arbiter.take_oversize_turn({});
    Loan extra;
    ASSERT_TRUE(arbiter.grow(extra, 500, turn, {}));
    block.keep(std::move(extra), std::move(turn));
    EXPECT_EQ(block.loan_bytes(), 600U);
    Block moved = std::move(block);
    EXPECT_EQ(arbiter.used_bytes(), 600U);
    EXPECT_EQ(moved.loan_bytes(), 600U);
  }
  EXPECT_EQ(arbiter.used_bytes(), 0U);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_TRUE(arbiter.take_oversize_turn(stopped.get_token()).has_value())
      << "the turn is free again";
}

TEST(Block, counts_the_rows_of_all_its_runs) {
  const auto table = one_text();
  Block block = block_of(table, {{"a"}, {"b"}});
  block.begin_rows(table, ChangeKind::remove, all_columns(*table), {});
  block.add_cell(block.append("c"));
  block.end_row();
  block.add_end(StreamEnd{});
  EXPECT_EQ(block.row_count(), 3U);
  EXPECT_EQ(block.items().size(), 3U);
  EXPECT_EQ(block.text(block.cells(std::get<Rows>(block.items()[1]))[0]), "c");
}

}  // namespace
}  // namespace tideway
