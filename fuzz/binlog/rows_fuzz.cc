// Any bytes as rows of a table of all kinds of columns, and as the metadata of its TABLE_MAP: rows
// are decoded, or the error says why not, and what is in the block lies in the block. Input: kind,
// bytes of metadata that are changed (count, then place and value of each), bitmaps, rows.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "binlog/rows_plan.h"

namespace {

using namespace tideway;

struct Kind {
  TypeKind kind;
  std::uint32_t length, decimals;
  int type;
  std::string_view metadata;
};
constexpr std::string_view nothing = "";
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {TypeKind::integer, 0, 0, 3, nothing},
      {TypeKind::big_int, 0, 0, 8, nothing},
      {TypeKind::decimal, 30, 12, 246, std::string_view("\x1e\x0c", 2)},
      {TypeKind::float_number, 0, 0, 4, "\x04"},
      {TypeKind::double_number, 0, 0, 5, "\x08"},
      {TypeKind::double_number, 20, 5, 5, "\x08"},
      {TypeKind::bit, 33, 0, 16, std::string_view("\x01\x04", 2)},
      {TypeKind::year, 4, 0, 13, nothing},
      {TypeKind::date, 0, 0, 10, nothing},
      {TypeKind::time, 0, 3, 19, "\x03"},
      {TypeKind::datetime, 0, 6, 18, "\x06"},
      {TypeKind::timestamp, 0, 1, 17, "\x01"},
      {TypeKind::fixed_char, 10, 0, 254, std::string_view("\xfe\x28", 2)},
      {TypeKind::var_char, 100, 0, 15, std::string_view("\x90\x01", 2)},
      {TypeKind::fixed_binary, 9, 0, 254, std::string_view("\xfe\x09", 2)},
      {TypeKind::text, 0, 0, 252, "\x02"},
      {TypeKind::long_blob, 0, 0, 252, "\x04"},
      {TypeKind::enumeration, 0, 0, 254, std::string_view("\xf7\x01", 2)},
      {TypeKind::set, 0, 0, 254, std::string_view("\xf8\x01", 2)},
      {TypeKind::json, 0, 0, 245, "\x04"},
      {TypeKind::geometry, 0, 0, 255, "\x04"},
  };
  return all;
}

TablePtr table() {
  static const TablePtr made = [] {
    auto definition = std::make_shared<TableDef>();
    definition->id = {"db", "t"};
    for (const Kind& each : kinds()) {
      Column& column = definition->columns.emplace_back();
      column.name = "c" + std::to_string(definition->columns.size());
      column.type.kind = each.kind;
      column.type.length = each.length;
      column.type.decimals = each.decimals;
      if (class_of(column.type) == TypeClass::characters) column.type.charset = "utf8mb4";
      if (each.kind == TypeKind::text) column.type.charset = "gbk";
      if (each.kind == TypeKind::enumeration || each.kind == TypeKind::set)
        column.type.labels = {"a", "b", "", "d"};
    }
    return definition;
  }();
  return made;
}

std::uint8_t take(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto kind = static_cast<ChangeKind>(take(input) % 3);
  std::string types, metadata;
  for (const Kind& each : kinds()) {
    types += static_cast<char>(each.type);
    metadata += each.metadata;
  }
  for (std::uint8_t changes = take(input) % 4; changes > 0; --changes) {
    const std::size_t at = take(input) % metadata.size();
    metadata[at] = static_cast<char>(take(input));
  }
  const std::size_t bitmap = (kinds().size() + 7) / 8;
  TableMap map;
  map.database = "db";
  map.name = "t";
  map.column_count = types.size();
  const std::string nullable(bitmap, '\xff');
  map.types = types;
  map.metadata = metadata;
  map.nullable = nullable;
  FormatDescription format;
  format.server_version = "8.0.30";
  auto plan = RowsPlan::make(map, table(), format);
  if (!plan) return 0;

  RowsEvent event;
  event.kind = kind;
  event.column_count = types.size();
  std::string before, after;
  if (kind != ChangeKind::insert)
    for (std::size_t i = 0; i < bitmap; ++i) before += static_cast<char>(take(input));
  if (kind != ChangeKind::remove)
    for (std::size_t i = 0; i < bitmap; ++i) after += static_cast<char>(take(input));
  event.before_columns = before;
  event.after_columns = after;
  const std::vector<char> exact(input.begin(), input.end());
  event.rows = {exact.data(), exact.size()};

  static MemoryArbiter arbiter(1ULL << 32U);
  RowCursor cursor;
  std::uint64_t bytes = 1024;
  for (int blocks = 0; blocks < 1000; ++blocks) {
    auto loan = arbiter.borrow(bytes, {});
    CHECK(loan);
    Block block(std::make_shared<Stream>(), std::move(*loan));
    const std::uint64_t rows = cursor.rows;
    const auto decoded = plan->decode(event, false, cursor, block);
    CHECK(block.row_count() == cursor.rows - rows && cursor.offset <= event.rows.size());
    for (const Item& item : block.items()) {
      for (const Cell& cell : block.cells(std::get<Rows>(item)))
        CHECK(cell.is_null() || std::uint64_t{cell.offset} + cell.length <= block.written());
    }
    if (!decoded || *decoded == Decoded::all) break;
    CHECK(*decoded == Decoded::row_larger || cursor.rows > rows);
    // A row that was said to need so many bytes fits into them.
    CHECK(*decoded != Decoded::row_larger || bytes == 1024);
    bytes = *decoded == Decoded::row_larger ? plan->row_bytes() : 1024;
  }
  return 0;
}
