#include "route/widen.h"

#include <array>
#include <utility>

namespace tideway {
namespace {

// The set with as many ordinals more behind `columns`; an image that is not there stays so.
ColumnSet widened_set(const ColumnSet& set, std::size_t columns, std::size_t added) {
  if (set.is_empty()) return set;
  std::vector<std::uint32_t> ordinals(set.begin(), set.end());
  for (std::size_t i = 0; i < added; ++i)
    ordinals.push_back(static_cast<std::uint32_t>(columns + i));
  return ColumnSet(std::move(ordinals));
}

void append_rows(std::vector<Cell>& cells, Block& block, const Widening& widening) {
  std::vector<Cell> constants;
  for (const ConstantColumn& constant : *widening.constants)
    constants.push_back(block.append(constant.value));
  const Rows& rows = *widening.rows;
  const std::array<std::size_t, 2> images = {rows.before.size(), rows.after.size()};
  auto from = block.cells(rows).begin();
  for (std::uint32_t row = 0; row < rows.row_count; ++row) {
    for (const std::size_t image : images) {
      if (image == 0) continue;
      const auto end = from + static_cast<std::ptrdiff_t>(image);
      cells.insert(cells.end(), from, end);
      cells.insert(cells.end(), constants.begin(), constants.end());
      from = end;
    }
  }
}

}  // namespace

void widen(Block& block, std::span<const Widening> widenings) {
  std::vector<Cell> cells;
  for (const Widening& widening : widenings) {
    Rows& rows = *widening.rows;
    const auto first = static_cast<std::uint32_t>(cells.size());
    append_rows(cells, block, widening);
    rows.first_cell = first;
    const std::size_t columns = rows.table->columns.size(), added = widening.constants->size();
    rows.before = widened_set(rows.before, columns, added);
    rows.after = widened_set(rows.after, columns, added);
    rows.table = widening.table;
  }
  block.replace_cells(std::move(cells));
}

}  // namespace tideway
