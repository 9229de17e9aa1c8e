#include "binlog/rows_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace tideway {
namespace {

constexpr std::size_t most_images = 64;  // kept: statements of MINIMAL images differ by columns

bool is_set(std::string_view bitmap, std::size_t bit) {
  return (std::uint32_t{static_cast<unsigned char>(bitmap[bit / 8])} >> bit % 8 & 1U) != 0;
}

std::uint64_t length_at(const char* from, std::size_t bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, bytes);
  return value;
}

JsonPrinter json_printer(const FormatDescription& format) {
  constexpr std::uint32_t mysql80 = 80000;
  const std::uint32_t version = format.version_number();
  return version != 0 && version < mysql80 ? JsonPrinter::mysql57 : JsonPrinter::mysql80;
}

Error of_column(const Error& error, const TableDef& table, std::size_t ordinal) {
  Evidence evidence;
  evidence.table = quoted(table.id);
  evidence.column = table.columns[ordinal].name;
  return {error.code(), error.side(), error.retry(), std::move(evidence),
          fmt::format("column {} ({}) of {}: {}", ordinal + 1, quoted(table.columns[ordinal].name),
                      quoted(table.id), error.message())};
}

Error of_table(const TableDef& table, std::string_view message) {
  Evidence evidence;
  evidence.table = quoted(table.id);
  return {ErrorCode::definition_differs_from_log, Side::source, Retry::after_operator,
          std::move(evidence), fmt::format("{}: {}", quoted(table.id), message)};
}

constexpr std::size_t hidden = SIZE_MAX;

}  // namespace

// Where the text of a row is written, before it is known that it fits.
struct RowsPlan::RowText {
  const char* begin;  // of the block's room
  char* at;
  const char* end;
  std::uint32_t offset;  // of `begin` in the block
  bool fits = true;
  std::uint64_t missed = 0;  // text of cells that did not fit
};

// Until 8.0.18 the log has the hidden columns of functional keys too, each where it was when the
// key was made. Result: for each column of the log that of the definition, or `hidden`.
Result<std::vector<std::size_t>> RowsPlan::places(const std::vector<LoggedColumn>& columns,
                                                  const TableDef& table, JsonPrinter printer) {
  const std::size_t count = table.columns.size();
  std::size_t expressions = 0;
  for (const Key& key : table.keys) {
    for (const KeyPart& part : key.parts) expressions += part.expression.empty() ? 0U : 1U;
  }
  const bool has_hidden = columns.size() == count + expressions;
  if (columns.size() != count && !has_hidden)
    return fail(of_table(table, fmt::format("it has {} columns in the log and {} in the definition",
                                            columns.size(), count)));
  std::vector<std::size_t> first(columns.size(), hidden), last = first;
  if (columns.size() == count) {
    std::iota(first.begin(), first.end(), 0);
    return first;
  }
  const auto fits = [&](std::size_t logged, std::size_t column) {
    ColumnMeaning meaning;
    return make_step(columns[logged], table.columns[column], printer, meaning).has_value();
  };
  std::size_t from_front = 0, from_back = count;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (from_front < count && fits(i, from_front)) first[i] = from_front++;
    const std::size_t at = columns.size() - 1 - i;
    if (from_back > 0 && fits(at, from_back - 1)) last[at] = --from_back;
  }
  if (from_front != count || from_back != 0 || first != last)
    return fail(of_table(table,
                         "which of its columns in the log are the hidden ones of functional "
                         "keys cannot be told without their names: SET GLOBAL "
                         "binlog_row_metadata = FULL on the source"));
  return first;
}

Result<RowsPlan> RowsPlan::make(const TableMap& map, TablePtr table,
                                const FormatDescription& format) {
  RowsPlan plan;
  const std::vector<LoggedColumn> columns = TRY(columns_of(map));
  const JsonPrinter printer = json_printer(format);
  const std::vector<std::size_t> at = TRY(places(columns, *table, printer));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    ColumnMeaning& meaning = *plan.meanings_.emplace_back(std::make_unique<ColumnMeaning>());
    if (at[i] == hidden) {
      plan.steps_.push_back(make_hidden_step(columns[i], meaning));
      continue;
    }
    auto step = make_step(columns[i], table->columns[at[i]], printer, meaning);
    if (!step) return fail(of_column(step.error(), *table, at[i]));
    step->ordinal = static_cast<std::uint32_t>(at[i]);
    plan.steps_.push_back(*step);
  }
  plan.description_ = map.description;
  plan.table_ = std::move(table);
  return plan;
}

Error RowsPlan::corrupt(std::string_view what) const {
  Evidence evidence;
  evidence.table = quoted(table_->id);
  return {ErrorCode::log_corrupt, Side::source, Retry::new_session, std::move(evidence),
          fmt::format("rows of {} cannot be read: {}", quoted(table_->id), what)};
}

Result<const RowsPlan::Image*> RowsPlan::image(bool is_before, std::string_view columns) {
  const auto found = std::ranges::find_if(images_, [&](const std::unique_ptr<Image>& each) {
    return each->is_before == is_before && each->columns == columns;
  });
  if (found != images_.end()) {
    // An update has two: they stay where they are.
    if (found - images_.begin() > 1) std::rotate(images_.begin(), found, found + 1);
    return (found - images_.begin() > 1 ? images_.begin() : found)->get();
  }
  auto made = std::make_unique<Image>();
  made->is_before = is_before;
  made->columns = columns;
  bool is_whole = true;
  for (std::size_t i = 0; i < steps_.size(); ++i) is_whole = is_whole && is_set(columns, i);
  std::vector<std::uint32_t> cells;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!is_set(columns, i)) continue;
    ColumnStep& step = made->steps.emplace_back(steps_[i]);
    step.is_cell = !step.is_generated || (is_before && !is_whole && !step.is_hidden);
    if (step.is_cell) cells.push_back(step.ordinal);
  }
  made->cells = ColumnSet(std::move(cells));
  if (images_.size() >= most_images) images_.pop_back();
  return images_.insert(images_.begin(), std::move(made))->get();
}

// Appends the image's cells to row_ and their text to `row`; returns what is behind the image. A
// cell that does not fit is measured instead, as are all behind it.
Result<const char*> RowsPlan::read_image(const Image& image, const char* from, const char* end,
                                         RowText& row) {
  const std::size_t null_bytes = (image.steps.size() + 7) / 8;
  if (static_cast<std::size_t>(end - from) < null_bytes)
    return fail(corrupt("a row ends before its NULL bits"));
  const std::string_view nulls(from, null_bytes);
  from += null_bytes;
  std::size_t bit = 0;
  for (const ColumnStep& step : image.steps) {
    if (is_set(nulls, bit++)) {
      if (step.is_cell) row_.emplace_back();
      continue;
    }
    std::uint64_t bytes = step.fixed_bytes;
    if (step.length_bytes != 0) {
      if (end - from < step.length_bytes)
        return fail(corrupt(fmt::format("it ends in column {}", step.meaning->name)));
      bytes = length_at(from, step.length_bytes);
      from += step.length_bytes;
    }
    if (static_cast<std::uint64_t>(end - from) < bytes)
      return fail(corrupt(fmt::format("it ends in column {}", step.meaning->name)));
    const char* const value = from;
    from += bytes;
    if (!step.is_cell) continue;

    char* text_end = nullptr;
    if (step.kind == StepKind::json) {
      CellOut out(row.at, row.fits ? static_cast<std::size_t>(row.end - row.at) : 0);
      if (!print_json({value, bytes}, step.meaning->printer, out))
        return fail(corrupt(fmt::format("column {} is no JSON document", step.meaning->name)));
      text_end = row.at + (out.fits() ? out.size() : 0);
      row.fits = row.fits && out.fits();
      if (!row.fits) row.missed += out.size();
    } else {
      const std::uint64_t most = step.text_bytes + bytes * step.text_per_byte;
      row.fits = row.fits && static_cast<std::uint64_t>(row.end - row.at) >= most;
      if (row.fits) {
        text_end = write_cell(row.at, step, value, bytes);
        if (text_end == nullptr)
          return fail(
              corrupt(fmt::format("column {} has a value beyond its labels", step.meaning->name)));
      } else {
        row.missed += most;
      }
    }
    if (!row.fits) continue;
    row_.push_back({row.offset + static_cast<std::uint32_t>(row.at - row.begin),
                    static_cast<std::uint32_t>(text_end - row.at)});
    row.at = text_end;
  }
  return from;
}

Rows& RowsPlan::rows_item(const RowsEvent& event, bool is_replay, const Image* before,
                          const Image* after, Block& block) const {
  static const ColumnSet none;
  const ColumnSet& before_cells = before != nullptr ? before->cells : none;
  const ColumnSet& after_cells = after != nullptr ? after->cells : none;
  if (!block.items().empty()) {
    if (auto* last = std::get_if<Rows>(&block.items().back());
        last != nullptr && last->table == table_ && last->kind == event.kind &&
        last->is_replay == is_replay && last->foreign_key_checks == event.foreign_key_checks &&
        last->before == before_cells && last->after == after_cells)
      return *last;
  }
  Rows& rows = block.begin_rows(table_, event.kind, before_cells, after_cells);
  rows.is_replay = is_replay;
  rows.foreign_key_checks = event.foreign_key_checks;
  return rows;
}

Result<Decoded> RowsPlan::decode(const RowsEvent& event, bool is_replay, RowCursor& cursor,
                                 Block& block, std::uint64_t most_rows) {
  if (event.column_count != steps_.size())
    return fail(corrupt(fmt::format("they have {} columns and their TABLE_MAP {}",
                                    event.column_count, steps_.size())));
  const Image* const before =
      event.before_columns.empty() ? nullptr : TRY(image(true, event.before_columns));
  const Image* const after =
      event.after_columns.empty() ? nullptr : TRY(image(false, event.after_columns));
  const char* const end = event.rows.data() + event.rows.size();
  bool has_item = false;
  for (const std::uint64_t first = cursor.rows;
       cursor.offset < event.rows.size() || (event.rows.empty() && cursor.rows == 0);) {
    if (cursor.rows - first == most_rows) return Decoded::block_full;
    row_.clear();
    const std::uint32_t room = block.room_left();
    RowText row{};
    row.begin = row.at = block.room(0);
    row.end = row.begin + room;
    row.offset = block.written();
    row.fits = true;
    const char* from = event.rows.data() + cursor.offset;
    if (before != nullptr) from = TRY(read_image(*before, from, end, row));
    if (after != nullptr) from = TRY(read_image(*after, from, end, row));
    if (!event.rows.empty() && from == event.rows.data() + cursor.offset)
      return fail(corrupt("there are bytes of rows and no columns"));
    const auto text_bytes = static_cast<std::uint64_t>(row.at - row.begin);
    const std::uint64_t cell_count = (before != nullptr ? before->cells.size() : 0) +
                                     (after != nullptr ? after->cells.size() : 0);
    const std::uint64_t needed = text_bytes + row.missed + cell_count * sizeof(Cell);
    if (!row.fits || needed > room) {
      const bool is_empty = block.written() == 0 && block.items().empty();
      row_bytes_ = needed;
      return is_empty ? Decoded::row_larger : Decoded::block_full;
    }
    if (!has_item) static_cast<void>(rows_item(event, is_replay, before, after, block));
    has_item = true;
    block.advance(static_cast<std::uint32_t>(text_bytes));
    block.add_row(row_);
    cursor.offset = static_cast<std::size_t>(from - event.rows.data());
    ++cursor.rows;
  }
  return Decoded::all;
}

}  // namespace tideway
