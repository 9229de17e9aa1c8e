// Any bytes as an SQL data file: the rows, kinds and offsets do not depend on how the file is cut
// into pieces or how large the area is, nor on starting again behind a row; and every cell that was
// read reads back from the literal writer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "sql/dump_reader.h"
#include "sql/literal.h"

namespace {

using tideway::DumpReader;
using tideway::DumpReaderOptions;
using tideway::DumpValue;

struct Cell {
  DumpValue::Kind kind;
  std::string bytes;
  bool operator==(const Cell&) const = default;
};

struct Row {
  std::uint64_t begin, end;
  std::vector<Cell> cells;
  std::string head;
  bool operator==(const Row&) const = default;
};

struct Reading {
  std::vector<Row> rows;
  std::size_t statements = 0;
  bool is_whole = false;
};

Row row_of(const DumpReader& reader) {
  Row row{reader.row_offset(), reader.row_end_offset(), {}, reader.head().text};
  for (const DumpValue& value : reader.values())
    row.cells.push_back({value.kind, std::string(reader.text(value))});
  return row;
}

Reading read(DumpReader reader, std::string_view sql, std::size_t piece_bytes,
             std::size_t area_bytes) {
  Reading reading;
  std::vector<std::unique_ptr<char[]>> areas;
  std::size_t at = 0;
  std::unique_ptr<char[]> piece;
  for (;;) {
    const auto event = reader.next();
    if (!event) return reading;
    switch (*event) {
      case DumpReader::Event::need_bytes: {
        if (at == sql.size()) {
          reader.feed_end();
          break;
        }
        // A copy of exactly its size, so that a read behind its end is seen.
        const std::size_t bytes = std::min(piece_bytes, sql.size() - at);
        auto next = std::make_unique<char[]>(bytes);
        std::copy_n(sql.data() + at, bytes, next.get());
        reader.feed({next.get(), bytes});
        piece = std::move(next);
        at += bytes;
        break;
      }
      case DumpReader::Event::need_room: {
        const std::size_t bytes = reader.row_bytes() + 64 + area_bytes;
        areas.push_back(std::make_unique<char[]>(bytes));
        reader.set_area(areas.back().get(), bytes);
        if (areas.size() > 1) areas.erase(areas.begin());
        break;
      }
      case DumpReader::Event::row:
        reading.rows.push_back(row_of(reader));
        break;
      case DumpReader::Event::statement:
      case DumpReader::Event::other:
        ++reading.statements;
        break;
      case DumpReader::Event::end:
        reading.is_whole = true;
        return reading;
    }
  }
}

// A row's cells written and read again. A number may be one that only the reader's leniency took
// for one, so it stays a number or becomes the same text.
void check_round_trip(const Row& row) {
  if (row.cells.empty()) return;
  std::string sql = "INSERT INTO t VALUES (";
  for (const Cell& cell : row.cells) {
    if (sql.back() != '(') sql += ',';
    switch (cell.kind) {
      case DumpValue::Kind::null:
        tideway::append_null(sql);
        break;
      case DumpValue::Kind::defaulted:
        sql += "DEFAULT";
        break;
      case DumpValue::Kind::number:
        append_literal(sql, tideway::LiteralForm::number, cell.bytes);
        break;
      case DumpValue::Kind::text:
        append_literal(sql, tideway::LiteralForm::characters, cell.bytes);
        break;
      case DumpValue::Kind::hex:
      case DumpValue::Kind::bits:
        append_literal(sql, tideway::LiteralForm::hex, cell.bytes);
        break;
    }
  }
  sql += ");";
  const Reading again = read(DumpReader(), sql, 7, 1000);
  CHECK(again.is_whole && again.rows.size() == 1 && again.rows[0].cells.size() == row.cells.size());
  for (std::size_t i = 0; i < row.cells.size(); ++i)
    CHECK(again.rows[0].cells[i].bytes == row.cells[i].bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 40U, area = 1 + data[1];
  DumpReaderOptions options;
  options.no_backslash_escapes = (data[0] & 0x80U) != 0;
  options.needs_last_semicolon = (data[0] & 0x40U) == 0;
  const std::string_view sql(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Reading whole = read(DumpReader(options), sql, sql.size() + 1, 1U << 16U);
  const Reading cut = read(DumpReader(options), sql, piece, area);
  CHECK(cut.is_whole == whole.is_whole && cut.statements == whole.statements);
  CHECK(cut.rows == whole.rows);
  for (const Row& row : whole.rows) check_round_trip(row);
  const bool changes_mode = tideway::ascii_lower(sql).find("no_backslash") != std::string::npos;
  if (whole.rows.size() < 2 || changes_mode) return 0;
  const std::size_t taken = whole.rows.size() / 2;
  auto resumed =
      DumpReader::resume(whole.rows[taken - 1].end, whole.rows[taken - 1].head, taken, options);
  CHECK(resumed.has_value());
  const Reading rest =
      read(*std::move(resumed), sql.substr(whole.rows[taken - 1].end), piece, area);
  CHECK(rest.is_whole == whole.is_whole && rest.rows.size() == whole.rows.size() - taken);
  CHECK(std::equal(rest.rows.begin(), rest.rows.end(),
                   whole.rows.begin() + static_cast<std::ptrdiff_t>(taken)));
  return 0;
}
