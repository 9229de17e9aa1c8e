#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/memory.h"
#include "base/result.h"
#include "model/block.h"

namespace tideway {

// The block a reader is filling, and the memory for it. A row that does not fit an empty block
// takes the oversize turn and lets the block grow. One thread.
class BlockFiller {
 public:
  BlockFiller(MemoryArbiter& memory, std::uint32_t block_bytes)
      : memory_(memory), block_bytes_(block_bytes) {}

  // Error `stopped` while waiting for memory.
  Result<void> begin(const StreamPtr& stream, const std::stop_token& stop);
  // More room behind what is written, for a row that has this block to itself. Error
  // memory_too_small, naming what the row has already.
  Result<void> grow(const std::stop_token& stop);
  // Room for `bytes` more, growing when there is none.
  Result<void> need(std::uint32_t bytes, const std::stop_token& stop);
  Block& block() { return *block_; }
  bool has_rows() const { return row_count_ != 0; }
  // No further row: a large one has the block to itself, and most rows need more than what is left.
  bool is_full() const { return is_oversize() || block_->room_left() < room_for_next; }
  bool is_oversize() const { return turn_.has_value(); }
  // Rows in a row of the same columns come to one Rows item.
  void select(const TablePtr& table, const ColumnSet& columns);
  void end_row() {
    block_->end_row();
    ++row_count_;
  }
  Block take();

 private:
  static constexpr std::uint32_t room_for_next = 4096;
  MemoryArbiter& memory_;
  const std::uint32_t block_bytes_;
  std::optional<Block> block_;
  std::optional<MemoryArbiter::OversizeTurn> turn_;
  const TableDef* table_ = nullptr;  // of the last Rows item
  ColumnSet columns_;
  std::uint64_t row_count_ = 0;
};

}  // namespace tideway
