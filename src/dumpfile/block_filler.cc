#include "dumpfile/block_filler.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace tideway {
namespace {

Error stopped() {
  return {ErrorCode::stopped, Side::local, Retry::after_operator,
          "stopped while waiting for memory"};
}

}  // namespace

Result<void> BlockFiller::begin(const StreamPtr& stream, const std::stop_token& stop) {
  auto loan = memory_.borrow(block_bytes_, stop);
  if (!loan) {
    if (stop.stop_requested()) return fail(stopped());
    return fail(Error(ErrorCode::memory_too_small, Side::local, Retry::after_operator,
                      fmt::format("a block needs {}", human_bytes(block_bytes_))));
  }
  block_.emplace(stream, std::move(*loan));
  table_ = nullptr;
  row_count_ = 0;
  return {};
}

// By a quarter, at most 8 MiB: doubling would ask for 128 MiB where a row has 65.
Result<void> BlockFiller::grow(const std::stop_token& stop) {
  const std::uint64_t now = block_->loan_bytes();
  return need(static_cast<std::uint32_t>(block_->room_left() +
                                         std::clamp<std::uint64_t>(now / 4, 1U << 20U, 8U << 20U)),
              stop);
}

Result<void> BlockFiller::need(std::uint32_t bytes, const std::stop_token& stop) {
  if (bytes <= block_->room_left()) return {};
  if (!turn_) {
    auto turn = memory_.take_oversize_turn(stop);
    if (!turn) return fail(stopped());
    turn_.emplace(std::move(*turn));
  }
  const std::uint64_t more = bytes - block_->room_left();
  const bool is_addressable = std::uint64_t{block_->written()} + bytes < Cell::absent_length;
  if (!is_addressable || !memory_.grow(block_->loan(), more, *turn_, stop)) {
    if (stop.stop_requested()) return fail(stopped());
    return fail(Error(
        ErrorCode::memory_too_small, Side::local, Retry::after_operator,
        fmt::format("one row needs more than {} of memory", human_bytes(block_->loan_bytes()))));
  }
  block_->room(bytes);
  return {};
}

void BlockFiller::select(const TablePtr& table, const ColumnSet& columns) {
  if (table_ == table.get() && columns_ == columns) return;
  table_ = table.get();
  columns_ = columns;
  block_->begin_rows(table, ChangeKind::insert, {}, columns);
}

Block BlockFiller::take() {
  if (turn_) block_->keep(Loan{}, std::move(*turn_));
  turn_.reset();
  block_->end_filling();
  Block taken = std::move(*block_);
  block_.reset();
  return taken;
}

}  // namespace tideway
