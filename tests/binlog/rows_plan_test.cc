#include "binlog/rows_plan.h"

#include <gtest/gtest.h>

#include "packets.h"
#include "sql/create_table.h"

namespace tideway {
namespace {

MemoryArbiter& arbiter() {
  static MemoryArbiter all(1ULL << 30U);
  return all;
}
Block block_of(std::uint64_t bytes) {
  return {std::make_shared<Stream>(), std::move(*arbiter().borrow(bytes, {}))};
}

TablePtr table_of(std::string_view columns) {
  auto parsed = parse_create_table(
      "CREATE TABLE `t` (" + std::string(columns) + ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
      "db");
  if (!parsed) ADD_FAILURE() << parsed.error().to_line();
  return parsed ? std::make_shared<const TableDef>(std::move(*parsed)) : nullptr;
}

// A TABLE_MAP of `t`, whose parts live as long as this.
struct Mapped {
  Mapped(std::string_view types, std::string_view metadata, std::string_view optional = {})
      : event(Bytes()
                  .u48(9)
                  .u16(1)
                  .u8(2)
                  .text("db")
                  .u8(0)
                  .u8(1)
                  .text("t")
                  .u8(0)
                  .u8(types.size())
                  .text(types)
                  .u8(metadata.size())
                  .text(metadata)
                  .text(std::string((types.size() + 7) / 8, '\xFF'))
                  .text(optional)
                  .bytes()),
        map(*parse_table_map(EventHeader(), event, 8)) {}
  std::string event;
  TableMap map;
};

FormatDescription mysql80() {
  FormatDescription format;
  format.server_version = "8.0.15";
  return format;
}

RowsEvent rows_of(ChangeKind kind, std::size_t columns, std::string_view before,
                  std::string_view after, std::string_view rows) {
  RowsEvent event;
  event.kind = kind;
  event.column_count = columns;
  event.before_columns = before;
  event.after_columns = after;
  event.rows = rows;
  return event;
}

std::string why_not(const Mapped& mapped, std::string_view columns) {
  const auto plan = RowsPlan::make(mapped.map, table_of(columns), mysql80());
  if (plan) return "it fits";
  EXPECT_EQ(plan.error().code(), ErrorCode::definition_differs_from_log);
  EXPECT_EQ(plan.error().evidence().table, "`db`.`t`");
  return plan.error().message();
}

constexpr std::string_view int_type = "\x03", two_ints = "\x03\x03";

TEST(rows_plan, says_which_column_differs_and_how) {
  const Mapped one(int_type, "");
  EXPECT_EQ(why_not(one, "`a` int(11)"), "it fits");
  EXPECT_EQ(why_not(one, "`a` bigint(20)"),
            "column 1 (`a`) of `db`.`t`: in the log it is INT, in the definition bigint(20)");
  EXPECT_EQ(why_not(one, "`a` int(11), `b` int(11)"),
            "`db`.`t`: it has 1 columns in the log and 2 in the definition");
  const Mapped varchar("\x0F", std::string_view("\x90\x01", 2));
  EXPECT_EQ(why_not(varchar, "`a` varchar(100)"), "it fits");
  EXPECT_EQ(why_not(varchar, "`a` varchar(101)"),
            "column 1 (`a`) of `db`.`t`: in the log it is VARCHAR of 400 bytes, in the definition "
            "varchar(101)");
  const Mapped decimal("\xF6", "\x0A\x02");
  EXPECT_EQ(why_not(decimal, "`a` decimal(10,2)"), "it fits");
  EXPECT_NE(why_not(decimal, "`a` decimal(10,3)").find("DECIMAL(10,2)"), std::string::npos);
  const Mapped time("\x13", "\x03");
  EXPECT_NE(why_not(time, "`a` time").find("TIME(3)"), std::string::npos);
}

TEST(rows_plan, believes_what_the_newer_servers_tell_of_a_column) {
  const Mapped is_unsigned(int_type, "", std::string_view("\x01\x01\x80", 3));
  EXPECT_EQ(why_not(is_unsigned, "`a` int(10) unsigned"), "it fits");
  EXPECT_NE(why_not(is_unsigned, "`a` int(11)").find("UNSIGNED"), std::string::npos);
  const Mapped named(int_type, "", std::string_view("\x04\x02\x01z", 4));
  EXPECT_EQ(why_not(named, "`Z` int(11)"), "it fits");
  EXPECT_NE(why_not(named, "`a` int(11)").find("calls it `z`"), std::string::npos);
  const Mapped latin1("\x0F", std::string_view("\x0A\x00", 2), std::string_view("\x02\x01\x08", 3));
  EXPECT_EQ(why_not(latin1, "`a` varchar(10) CHARACTER SET latin1"), "it fits");
  EXPECT_NE(why_not(latin1, "`a` varbinary(10)").find("latin1"), std::string::npos);
}

TEST(rows_plan, finds_hidden_columns_of_functional_keys_where_that_is_certain) {
  constexpr std::string_view keyed = "`a` int(11), `b` varchar(10), KEY `k` ((`a` + 1))";
  const std::string_view length("\x28\x00", 2);
  EXPECT_EQ(why_not(Mapped("\x03\x08\x0F", length), keyed), "it fits");
  EXPECT_EQ(why_not(Mapped("\x03\x0F\x08", length), keyed), "it fits");
  EXPECT_NE(why_not(Mapped("\x03\x03\x0F", length), keyed).find("binlog_row_metadata = FULL"),
            std::string::npos);
}

TEST(rows_plan, adds_rows_of_one_form_to_one_item) {
  const auto table = table_of("`a` int(11), `b` int(11)");
  const Mapped mapped(two_ints, "");
  auto plan = RowsPlan::make(mapped.map, table, mysql80());
  ASSERT_TRUE(plan);
  const std::string row = Bytes().u8(0).u32(1).u32(0xFFFFFFFF).bytes();
  const std::string with_null = Bytes().u8(2).u32(7).bytes();
  const std::string rows = row + with_null;
  auto block = block_of(1U << 16U);
  RowsEvent event = rows_of(ChangeKind::insert, 2, {}, "\x03", rows);
  for (const bool is_replay : {false, false, true}) {
    RowCursor cursor;
    const auto decoded = plan->decode(event, is_replay, cursor, block);
    ASSERT_TRUE(decoded) << decoded.error().to_line();
    EXPECT_EQ(*decoded, Decoded::all);
    EXPECT_EQ(cursor.rows, 2U);
  }
  event.foreign_key_checks = false;
  RowCursor cursor;
  ASSERT_TRUE(plan->decode(event, true, cursor, block));
  ASSERT_EQ(block.items().size(), 3U);
  const Rows& first = std::get<Rows>(block.items()[0]);
  EXPECT_EQ(first.row_count, 4U);
  EXPECT_TRUE(first.before.is_empty());
  EXPECT_EQ(first.after.size(), 2U);
  const auto cells = block.cells(first);
  EXPECT_EQ(block.text(cells[0]), "1");
  EXPECT_EQ(block.text(cells[1]), "-1");
  EXPECT_EQ(block.text(cells[2]), "7");
  EXPECT_TRUE(cells[3].is_null());
  EXPECT_TRUE(std::get<Rows>(block.items()[1]).is_replay);
  EXPECT_FALSE(std::get<Rows>(block.items()[2]).foreign_key_checks);
}

TEST(rows_plan, images_hold_the_columns_that_were_logged) {
  const auto table = table_of("`a` int(11), `b` int(11)");
  const Mapped mapped(two_ints, "");
  auto plan = RowsPlan::make(mapped.map, table, mysql80());
  ASSERT_TRUE(plan);
  const std::string row = Bytes().u8(0).u32(1).u8(0).u32(2).bytes();
  auto block = block_of(1U << 16U);
  RowCursor cursor;
  ASSERT_TRUE(
      plan->decode(rows_of(ChangeKind::update, 2, "\x01", "\x02", row), false, cursor, block));
  const Rows& rows = std::get<Rows>(block.items()[0]);
  EXPECT_EQ(rows.before, ColumnSet({0}));
  EXPECT_EQ(rows.after, ColumnSet({1}));
}

TEST(rows_plan, leaves_generated_columns_out_unless_they_may_name_the_row) {
  const auto table =
      table_of("`a` int(11), `g` int(11) GENERATED ALWAYS AS (`a` + 1) STORED NOT NULL");
  const Mapped mapped(two_ints, "");
  auto plan = RowsPlan::make(mapped.map, table, mysql80());
  ASSERT_TRUE(plan);
  auto block = block_of(1U << 16U);
  const std::string whole = Bytes().u8(0).u32(1).u32(2).bytes(), key = Bytes().u8(0).u32(2).bytes();
  RowCursor first, second;
  ASSERT_TRUE(plan->decode(rows_of(ChangeKind::remove, 2, "\x03", {}, whole), false, first, block));
  ASSERT_TRUE(plan->decode(rows_of(ChangeKind::remove, 2, "\x02", {}, key), false, second, block));
  EXPECT_EQ(std::get<Rows>(block.items()[0]).before, ColumnSet({0}));
  EXPECT_EQ(std::get<Rows>(block.items()[1]).before, ColumnSet({1}));
}

TEST(rows_plan, goes_on_in_another_block_where_one_is_full) {
  const auto table = table_of("`a` int(11), `b` int(11)");
  const Mapped mapped(two_ints, "");
  auto plan = RowsPlan::make(mapped.map, table, mysql80());
  ASSERT_TRUE(plan);
  std::string rows;
  for (std::uint32_t i = 0; i < 100; ++i) rows += Bytes().u8(0).u32(i).u32(i).bytes();
  const RowsEvent event = rows_of(ChangeKind::insert, 2, {}, "\x03", rows);
  RowCursor cursor;
  std::uint32_t next = 0, blocks = 0;
  for (auto decoded = Decoded::block_full; decoded != Decoded::all; ++blocks) {
    auto block = block_of(300);
    const auto some = plan->decode(event, false, cursor, block);
    ASSERT_TRUE(some);
    decoded = *some;
    ASSERT_NE(decoded, Decoded::row_larger);
    const auto cells = block.cells(std::get<Rows>(block.items()[0]));
    for (std::size_t i = 0; i < cells.size(); i += 2)
      EXPECT_EQ(block.text(cells[i]), std::to_string(next++));
  }
  EXPECT_EQ(next, 100U);
  EXPECT_GT(blocks, 5U);
}

TEST(rows_plan, says_how_large_a_block_a_row_needs) {
  const auto table = table_of("`a` longblob");
  const Mapped mapped("\xFC", "\x04");
  auto plan = RowsPlan::make(mapped.map, table, mysql80());
  ASSERT_TRUE(plan);
  const std::string rows = Bytes().u8(0).u32(5000).text(std::string(5000, 'x')).bytes();
  const RowsEvent event = rows_of(ChangeKind::insert, 1, {}, "\x01", rows);
  RowCursor cursor;
  auto small = block_of(1000);
  EXPECT_EQ(plan->decode(event, false, cursor, small), Decoded::row_larger);
  EXPECT_TRUE(small.items().empty());
  EXPECT_EQ(plan->row_bytes(), 5000 + sizeof(Cell));
  auto large = block_of(plan->row_bytes());
  EXPECT_EQ(plan->decode(event, false, cursor, large), Decoded::all);
  EXPECT_EQ(large.row_count(), 1U);
}

TEST(rows_plan, refuses_rows_that_end_early_and_values_beyond_the_labels) {
  const auto table = table_of("`a` enum('x','y')");
  const Mapped mapped("\xFE", "\xF7\x01");
  auto plan = RowsPlan::make(mapped.map, table, mysql80());
  ASSERT_TRUE(plan);
  for (const std::string& rows : {std::string("\x00", 1), std::string("\x00\x03", 2)}) {
    auto block = block_of(1000);
    RowCursor cursor;
    const auto decoded =
        plan->decode(rows_of(ChangeKind::insert, 1, {}, "\x01", rows), false, cursor, block);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code(), ErrorCode::log_corrupt);
    EXPECT_EQ(block.row_count(), 0U);
  }
}

}  // namespace
}  // namespace tideway
