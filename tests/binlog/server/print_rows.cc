// print_rows LOG DATABASE CREATE_TABLE_FILE: the rows of that table in a file of a log, a line for
// each image: kind, then the cells, NULL as it is, others as hex. Asked by
// tests/cases/test_binlog_peer.py.
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include "base/text.h"
#include "binlog/rows_plan.h"
#include "sql/create_table.h"

namespace tideway {
namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void print(const Block& block, const Rows& rows) {
  const auto cells = block.cells(rows);
  std::size_t at = 0;
  const auto image = [&](std::string_view kind, std::size_t count) {
    if (count == 0) return;
    std::cout << kind;
    for (const std::size_t end = at + count; at < end; ++at)
      std::cout << ' ' << (cells[at].is_null() ? "NULL" : to_hex(block.text(cells[at])) + ".");
    std::cout << '\n';
  };
  for (std::uint32_t row = 0; row < rows.row_count; ++row) {
    image("before", rows.before.size());
    image("after", rows.after.size());
  }
}

Result<void> print_log(std::string_view log, const TablePtr& table) {
  constexpr std::size_t magic = 4, length_at = 9;
  EventReader reader(false);
  std::optional<RowsPlan> plan;
  MemoryArbiter arbiter(64U << 20U);
  for (log.remove_prefix(magic); log.size() > EventHeader::bytes;) {
    std::uint32_t length = 0;
    std::memcpy(&length, log.data() + length_at, sizeof length);
    const Event event = TRY(reader.read(log.substr(0, length)));
    log.remove_prefix(length);
    if (const auto* map = std::get_if<TableMap>(&event.body)) {
      plan.reset();
      if (map->name == table->id.name) plan = TRY(RowsPlan::make(*map, table, reader.format()));
    }
    const auto* rows = std::get_if<RowsEvent>(&event.body);
    if (rows == nullptr || !plan) continue;
    Block block(std::make_shared<Stream>(), std::move(*arbiter.borrow(32U << 20U, {})));
    RowCursor cursor;
    if (TRY(plan->decode(*rows, false, cursor, block)) != Decoded::all)
      return fail(Error(ErrorCode::internal, Side::local, Retry::never, "a block was too small"));
    for (const Item& item : block.items()) print(block, std::get<Rows>(item));
  }
  return {};
}

}  // namespace
}  // namespace tideway

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  auto table = tideway::parse_create_table(tideway::read_file(argv[3]), argv[2]);
  if (!table) return 2;
  const auto printed = tideway::print_log(
      tideway::read_file(argv[1]), std::make_shared<const tideway::TableDef>(std::move(*table)));
  if (printed) return 0;
  std::cerr << printed.error().to_line() << '\n';
  return 1;
}
