// The rows of one event on their way into blocks.
#include <fmt/format.h>

#include "base/text.h"
#include "stream/log_source_reader.h"

namespace tideway {

Result<void> LogSourceReader::begin_rows(const RowsEvent& event, const std::stop_token& stop) {
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
  if (table->fault) return leave_unread(table->fault, 1, stop);
  rows_.emplace(OpenRows{event, table, {}});
  return {};
}

Result<void> LogSourceReader::leave_unread(const std::shared_ptr<const TableFault>& fault,
                                           std::uint64_t events, const std::stop_token& stop) {
  if (!block_) TRY(make_block(small_block_bytes(), stop));
  state_.meter.events_unread += events;
  auto* const last =
      block_->items().empty() ? nullptr : std::get_if<UnreadRows>(&block_->items().back());
  if (last != nullptr && last->fault == fault) {
    last->events += events;
  } else {
    block_->add_item(UnreadRows{fault, events});
  }
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
  unit_->rows += rows_->cursor.rows - before;
  if (!decoded) return fail_rows(decoded.error(), stop);
  if (*decoded == Decoded::all) {
    rows_.reset();
    return {};
  }
  is_full_ = !block_->items().empty();
  if (*decoded == Decoded::block_full || is_full_) return {};
  block_.reset();
  return make_oversize_block(plan.row_bytes(), stop);
}

// Of the event no further row can be read.
Result<void> LogSourceReader::fail_rows(const Error& error, const std::stop_token& stop) {
  if (!LoggedTables::is_of_table(error)) return fail(at_place(error));
  LoggedTables::set_fault(*rows_->table, error);
  const auto fault = rows_->table->fault;
  rows_.reset();
  return leave_unread(fault, 1, stop);
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
    auto left_out =
        plan.decode(rows_->event, false, rows_->cursor, *block_, unit_->leave_out - unit_->rows);
    unit_->rows += rows_->cursor.rows - before;
    if (!left_out) {
      block_.reset();
      return fail_rows(left_out.error(), stop);
    }
    decoded = *left_out;
  }
  block_.reset();
  if (decoded == Decoded::all) rows_.reset();
  return {};
}

}  // namespace tideway
