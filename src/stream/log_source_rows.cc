// The rows of one event on their way into blocks.
#include <fmt/format.h>

#include "base/text.h"
#include "stream/log_source_reader.h"

namespace tideway {

Result<void> LogSourceReader::begin_rows(const RowsEvent& event) {
  if (event.table_id == RowsEvent::no_table) return {};
  if (!unit_) {
    return fail(
        Error(ErrorCode::log_corrupt, Side::source, Retry::never, "rows outside any transaction"));
  }
  if (unit_->is_done || (unit_->is_branch && !branch_)) return {};
  LoggedTables::Table* table = tables_.find(event.table_id);
  if (table == nullptr) {
    return fail(
        Error(ErrorCode::log_corrupt, Side::source, Retry::never,
              fmt::format("rows of table number {} without its TABLE_MAP", event.table_id)));
  }
  if (!table->is_wanted) return {};
  if (table->overlap == Overlap::all) {
    ++state_.meter.events_overlapped;
    return {};
  }
  rows_.emplace(OpenRows{event, table, {}});
  return {};
}

Result<void> LogSourceReader::decode_rows(const std::stop_token& stop) {
  if (unit_->rows < unit_->leave_out) {
    is_full_ = block_ && !block_->items().empty();
    return is_full_ ? Result<void>() : leave_rows_out(stop);
  }
  if (!block_) TRY(make_block(state_.options.block_bytes, stop));
  RowsPlan& plan = *rows_->table->plan;
  const bool is_replay = rows_->table->overlap == Overlap::some;
  const std::uint64_t before = rows_->cursor.rows;
  auto decoded = plan.decode(rows_->event, is_replay, rows_->cursor, *block_);
  if (!decoded) return fail(at_place(std::move(decoded).error()));
  unit_->rows += rows_->cursor.rows - before;
  if (*decoded == Decoded::all) {
    rows_.reset();
    return {};
  }
  is_full_ = !block_->items().empty();
  if (*decoded == Decoded::block_full || is_full_) return {};
  block_.reset();
  return make_oversize_block(plan.row_bytes(), stop);
}

// Rows that the target has, or that were handed on before the connection was lost: they are read
// over, into blocks that nobody gets.
Result<void> LogSourceReader::leave_rows_out(const std::stop_token& stop) {
  RowsPlan& plan = *rows_->table->plan;
  auto decoded = Decoded::block_full;
  block_.reset();
  while (unit_->rows < unit_->leave_out && decoded != Decoded::all) {
    if (decoded == Decoded::row_larger) {
      block_.reset();
      TRY(make_oversize_block(plan.row_bytes(), stop));
    } else {
      block_.reset();
      TRY(make_block(state_.options.block_bytes, stop));
    }
    const std::uint64_t before = rows_->cursor.rows;
    decoded = TRY(
        plan.decode(rows_->event, false, rows_->cursor, *block_, unit_->leave_out - unit_->rows));
    unit_->rows += rows_->cursor.rows - before;
  }
  block_.reset();
  if (decoded == Decoded::all) rows_.reset();
  return {};
}

}  // namespace tideway
