#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apply/table_plan.h"
#include "model/block.h"
#include "mysql/session.h"

namespace tideway {

enum class OnDuplicate : std::uint8_t {
  error,    // INSERT: the job fails at the first row the target already has
  ignore,   // the target's row stays, and is counted
  replace,  // REPLACE: the target's row goes, and is counted
};

// Consecutive rows of a block: rows [first, first + count) of an item.
struct RowRange {
  std::uint32_t first = 0, count = 0;
  bool operator==(const RowRange&) const = default;
};

// The text before the first row. `ignore` is INSERT … ON DUPLICATE KEY UPDATE key = key
// (statement_end): INSERT IGNORE would also bend values that do not fit, and say so in warnings
// only.
std::string statement_begin(const TablePlan& plan, OnDuplicate on_duplicate);
std::string statement_end(const TablePlan& plan, OnDuplicate on_duplicate);

// Writes one statement (of a single row, for `ignore`, a plain INSERT: 1062 says that it was there)
// for as many rows from `first` on as fit into `max_bytes` and `max_rows`, at least one, into `out`
// (which keeps its capacity). Says which rows it took.
RowRange write_statement(std::string& out, const TablePlan& plan, OnDuplicate on_duplicate,
                         const Block& block, const Rows& rows, RowRange left,
                         std::uint64_t max_bytes, std::uint32_t max_rows);

// A row that does not fit into `max_bytes` because of large cells: its statement has a `?` for each
// of these, and `values` borrows their bytes from the block. nullopt: it is no such row.
std::optional<std::string> long_row_statement(const TablePlan& plan, OnDuplicate on_duplicate,
                                              const Block& block, const Rows& rows,
                                              std::uint32_t row, std::uint64_t max_bytes,
                                              std::vector<LongValue>& values);

// A row's key for a message: `id` = 5, `name` = 'a'. Long values are cut.
std::string key_text(const TablePlan& plan, const Block& block, const Rows& rows,
                     std::uint32_t row);

}  // namespace tideway
