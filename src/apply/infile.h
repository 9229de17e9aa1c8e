#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "apply/statement.h"
#include "apply/table_plan.h"
#include "model/block.h"

namespace tideway {

// LOAD DATA LOCAL INFILE of a plan's rows: the fields arrive as bytes (CHARACTER SET binary), and
// columns whose bytes mean something else there are converted on the server. Only for
// OnDuplicate::error: LOCAL turns every error into a warning, so the caller compares counts.
std::string infile_statement(const TablePlan& plan);

// Cells larger than this go by INSERT: the server's field buffer is slow with them (30 MB took 34
// to 58 s against 0.6 s).
constexpr std::uint32_t infile_cell_max = 1U << 20U;
bool can_use_infile(const TablePlan& plan);  // every column's type is known to arrive unbent
bool fits_infile(const Block& block, const Rows& rows);

// The bytes of the pretended file, row by row, for Session::load_infile. NULL is \N; NUL, tab,
// newline and backslash are escaped. Borrows the block; one use.
class InfileRows {
 public:
  InfileRows(const TablePlan& plan, const Block& block, const Rows& rows, RowRange range);
  std::size_t fill(std::span<char> buffer);  // 0: no more
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Field {
    std::uint32_t cell;
    bool is_bit;
  };
  void write_row(const Cell* cells);

  const Block& block_;
  const std::size_t before_, per_row_;
  std::vector<Field> columns_;
  std::span<const Cell> cells_;
  RowRange left_;
  std::string staged_;  // escaped rows being handed out
  std::size_t sent_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tideway
