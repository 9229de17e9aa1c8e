#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "apply/log_plan.h"
#include "model/block.h"

namespace tideway {

// Rows of a block with what was found out about them before they are applied.
struct RowsWork {
  const Rows* rows = nullptr;
  TargetTable* table = nullptr;
  LogPlanPtr plan;                        // nullptr: a DDL on the table has to be applied first
  std::vector<std::uint64_t> own_hashes;  // of rows whose plan was made late
  std::size_t first_hash = 0;             // of the others, in the block's
  bool is_known = false;                  // the hashes tell which rows are equal
  bool is_dropped = false;                // from what is applied: the table is parked
};

// A block that is held until all its units are applied. What belongs to one unit is touched by
// whoever has that unit.
struct BlockWork {
  explicit BlockWork(Block taken) : block(std::move(taken)) {}
  Block block;
  std::vector<RowsWork> rows;
  std::vector<std::uint64_t> hashes;
};

// Part of a unit: some of a block's rows.
struct UnitRows {
  std::shared_ptr<BlockWork> block;
  std::uint32_t first = 0, count = 0;
  std::span<RowsWork> rows() const { return std::span(block->rows).subspan(first, count); }
};

}  // namespace tideway
