// Whatever a server sends as a row, its cells lie inside it.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "mysql/packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t columns = data[0] % 8U;
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1, size - 1);
  tideway::MemoryArbiter arbiter(1 << 20);
  tideway::Block block(nullptr, *arbiter.borrow(payload.size(), {}));
  const tideway::Cell whole = block.append(payload);
  const tideway::Rows& rows =
      block.begin_rows(nullptr, tideway::ChangeKind::insert, {},
                       tideway::ColumnSet(std::vector<std::uint32_t>(columns)));
  if (tideway::add_cells(block, whole.offset, whole.length, columns)) {
    block.end_row();
    for (const tideway::Cell& cell : block.cells(rows)) {
      CHECK(cell.is_null() || cell.offset + cell.length <= payload.size());
    }
  }
  static_cast<void>(tideway::parse_end(payload, false));
  static_cast<void>(tideway::parse_end(payload, true));
  static_cast<void>(tideway::parse_error(payload));
  return 0;
}
