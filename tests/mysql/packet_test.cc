#include "mysql/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace tideway {
namespace {

using ::testing::ElementsAre;
using namespace std::string_literals;

std::string length_of(std::uint64_t value) {
  std::string bytes;
  const unsigned width = value < 0xFB ? 0 : value <= 0xFFFF ? 2 : value <= 0xFFFFFF ? 3 : 8;
  if (width == 0) return {static_cast<char>(value)};
  bytes += static_cast<char>(width == 2 ? 0xFC : width == 3 ? 0xFD : 0xFE);
  for (unsigned i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
  return bytes;
}

// The cells that a row payload gives in a fresh block; nullopt: malformed.
std::optional<std::vector<std::optional<std::string>>> cells_of(const std::string& payload,
                                                                std::size_t columns) {
  MemoryArbiter arbiter(64 << 20);
  Block block(nullptr, std::move(*arbiter.borrow(payload.size() + 16, {})));
  block.append("before");
  const Cell whole = block.append(payload);
  std::vector<std::uint32_t> ordinals(columns);
  const Rows& rows = block.begin_rows(nullptr, ChangeKind::insert, {}, ColumnSet(ordinals));
  if (!add_cells(block, whole.offset, whole.length, columns)) return std::nullopt;
  block.end_row();
  std::vector<std::optional<std::string>> cells;
  for (const Cell& cell : block.cells(rows)) {
    cells.push_back(cell.is_null() ? std::nullopt : std::optional<std::string>(block.text(cell)));
  }
  return cells;
}

TEST(RowPacket, gives_values_nulls_and_empty_strings) {
  const auto cells = cells_of(
      "\x01"
      "5\xFB\x00\x03"
      "abc"s,
      4);
  ASSERT_TRUE(cells);
  EXPECT_THAT(*cells, ElementsAre("5", std::nullopt, "", "abc"));
}

TEST(RowPacket, takes_lengths_of_every_width) {
  for (const std::size_t size : {250UL, 251UL, 252UL, 65535UL, 65536UL, 0xFFFFFFUL, 0x1000000UL}) {
    const auto cells = cells_of(length_of(size) + std::string(size, 'x') + "\x01y", 2);
    ASSERT_TRUE(cells) << size;
    EXPECT_EQ((*cells)[0]->size(), size);
    EXPECT_EQ((*cells)[1], "y");
  }
}

TEST(RowPacket, is_malformed_when_values_and_length_disagree) {
  EXPECT_FALSE(cells_of("", 1));
  EXPECT_FALSE(cells_of("\x02y", 1));
  EXPECT_FALSE(cells_of("\x01yz", 1));
  EXPECT_FALSE(cells_of("\xFC\x01", 1));
  EXPECT_FALSE(cells_of("\xFD\xFF\xFF\xFFx", 1));
  EXPECT_FALSE(cells_of("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx"s, 1));
  EXPECT_FALSE(cells_of("\xFF", 1));
  EXPECT_TRUE(cells_of("\x01y", 1));
}

TEST(PacketHeader, is_little_endian) {
  const PacketHeader header = parse_header("\x01\x02\x03\xFE");
  EXPECT_EQ(header.payload_bytes, 0x030201U);
  EXPECT_EQ(header.sequence, 0xFE);
}

TEST(ResultEnd, is_told_from_a_row_that_begins_with_the_same_byte) {
  EXPECT_EQ(kind_of(0xFE, 5), PacketKind::end);
  EXPECT_EQ(kind_of(0xFE, 0xFFFFFF), PacketKind::row) << "a first value of 16 MiB";
  EXPECT_EQ(kind_of(0xFF, 20), PacketKind::error);
  EXPECT_EQ(kind_of(0xFB, 1), PacketKind::row);
  EXPECT_EQ(kind_of(0x00, 1), PacketKind::row);
}

TEST(ResultEnd, has_status_and_warnings_in_both_forms) {
  const auto eof = parse_end("\xFE\x02\x00\x0A\x00"s, false);
  ASSERT_TRUE(eof);
  EXPECT_EQ(eof->warnings, 2);
  EXPECT_EQ(eof->status, 10);
  const auto ok = parse_end("\xFE\x00\xFC\x01\x02\x0A\x00\x02\x00info"s, true);
  ASSERT_TRUE(ok);
  EXPECT_EQ(ok->warnings, 2);
  EXPECT_EQ(ok->status, 10);
  EXPECT_FALSE(parse_end("\xFE\x02\x00\x0A"s, false));
  EXPECT_FALSE(parse_end("\xFE\x00\x00\x0A"s, true));
  EXPECT_FALSE(parse_end("\x00\x02\x00\x0A\x00"s, false));
}

TEST(ErrorPacket, has_number_and_text_with_or_without_state) {
  const auto error = parse_error("\xFF\x25\x05#70100Query execution was interrupted");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->number, 1317U);
  EXPECT_EQ(error->text, "Query execution was interrupted");
  EXPECT_EQ(parse_error("\xFF\x10\x04Too many connections")->text, "Too many connections");
  EXPECT_FALSE(parse_error("\xFF\x10"));
}

}  // namespace
}  // namespace tideway
