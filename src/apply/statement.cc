#include "apply/statement.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "model/odd_value.h"

namespace tideway {
namespace {

using Columns = std::span<const TablePlan::PlannedColumn>;

bool is_raw_value(LiteralForm form, std::string_view text) {
  return form == LiteralForm::bending && is_raw(text);
}

// An upper bound of a row's text: "(" and ")" and "," and what write_literal may touch.
std::size_t row_bound(Columns columns, const Cell* cells) {
  std::size_t bytes = 3;
  for (const auto& column : columns) {
    const Cell& cell = cells[column.cell];
    bytes += 1 + (cell.is_null() ? 4 : literal_bound(cell.length));
  }
  return bytes;
}

char* write_row(char* to, Columns columns, const Block& block, const Cell* cells) {
  char separator = '(';
  if (columns.empty()) *to++ = '(';
  for (const auto& column : columns) {
    *to++ = separator;
    separator = ',';
    const Cell& cell = cells[column.cell];
    if (cell.is_null()) {
      std::memcpy(to, "NULL", 4);
      to += 4;
    } else {
      to = write_literal(to, column.form, block.text(cell));
    }
  }
  *to++ = ')';
  return to;
}

// What append_literal needs, which writes long texts slice by slice. Only memory depends on it.
std::size_t literal_size(LiteralForm form, std::string_view text) {
  switch (form) {
    case LiteralForm::number:
    case LiteralForm::approximate:
      return text.size() + 8;
    case LiteralForm::hex:
      return 2 * text.size() + 3;
    case LiteralForm::binary_text:
    case LiteralForm::characters:
    case LiteralForm::bending:
    case LiteralForm::set_number:
      return text.size() + 10 + static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
               return c == '\0' || c == '\n' || c == '\r' || c == '\\' || c == '\'' || c == '"' ||
                      c == '\x1A';
             }));
  }
  return 0;
}

// A row larger than a statement usually is: what it really takes is counted first, since the bound
// may be twice as much.
std::size_t exact_row_size(Columns columns, const Block& block, const Cell* cells) {
  constexpr std::size_t slack = 16 * 1024;  // the last slice's bound
  std::size_t bytes = slack;
  for (const auto& column : columns) {
    const Cell& cell = cells[column.cell];
    bytes += 1 + (cell.is_null() ? 4 : literal_size(column.form, block.text(cell)));
  }
  return bytes;
}

void append_row(std::string& out, Columns columns, const Block& block, const Cell* cells) {
  char separator = '(';
  if (columns.empty()) out += '(';
  for (const auto& column : columns) {
    out += separator;
    separator = ',';
    const Cell& cell = cells[column.cell];
    if (cell.is_null()) {
      append_null(out);
    } else {
      append_literal(out, column.form, block.text(cell));
    }
  }
  out += ')';
}

}  // namespace

std::string statement_begin(const TablePlan& plan, OnDuplicate on_duplicate) {
  return (on_duplicate == OnDuplicate::replace ? "REPLACE INTO " : "INSERT INTO ") +
         plan.table_name() + plan.column_list() + "VALUES";
}

std::string statement_end(const TablePlan& plan, OnDuplicate on_duplicate) {
  if (on_duplicate != OnDuplicate::ignore || plan.columns().empty()) return {};
  const std::string name = quoted(plan.target()->columns[plan.columns().front().target].name);
  return " ON DUPLICATE KEY UPDATE " + name + "=" + name;
}

RowRange write_statement(std::string& out, const TablePlan& plan, OnDuplicate on_duplicate,
                         const Block& block, const Rows& rows, RowRange left,
                         std::uint64_t max_bytes, std::uint32_t max_rows) {
  const Columns columns = plan.columns();
  const std::size_t per_row = rows.cells_per_row();
  const auto cells = block.cells(rows);
  const auto row_at = [&](std::uint32_t row) {
    return cells.data() + row * per_row + rows.before.size();
  };
  const std::string begin = statement_begin(plan, on_duplicate),
                    end = statement_end(plan, on_duplicate);

  RowRange taken{left.first, 0};
  const std::size_t room = std::max<std::uint64_t>(max_bytes, begin.size() + end.size());
  out.assign(begin);
  out.resize(room);
  char* to = out.data() + begin.size();
  const std::uint32_t most = std::min(left.count, std::max<std::uint32_t>(max_rows, 1));
  while (taken.count < most) {
    const Cell* row = row_at(taken.first + taken.count);
    const auto used = static_cast<std::size_t>(to - out.data());
    if (used + row_bound(columns, row) + end.size() > room) break;
    if (taken.count != 0) *to++ = ',';
    to = write_row(to, columns, block, row);
    ++taken.count;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  if (taken.count == 0) {
    out.reserve(out.size() + exact_row_size(columns, block, row_at(taken.first)) + end.size());
    append_row(out, columns, block, row_at(taken.first));
    taken.count = 1;
  }
  // Of one row the server's answer does not say whether it was there before; a plain INSERT does.
  if (on_duplicate != OnDuplicate::ignore || taken.count > 1) out += end;
  return taken;
}

std::optional<std::string> long_row_statement(const TablePlan& plan, OnDuplicate on_duplicate,
                                              const Block& block, const Rows& rows,
                                              std::uint32_t row, std::uint64_t max_bytes,
                                              std::vector<LongValue>& values) {
  constexpr std::uint32_t long_cell = 256U << 10U;
  const Cell* cells =
      block.cells(rows).data() + row * std::size_t{rows.cells_per_row()} + rows.before.size();
  const Columns columns = plan.columns();
  const auto is_long = [&](const auto& column) {
    const Cell& cell = cells[column.cell];
    return !cell.is_null() && cell.length >= long_cell && column.form != LiteralForm::number &&
           column.form != LiteralForm::approximate && !is_raw_value(column.form, block.text(cell));
  };
  if (row_bound(columns, cells) <= max_bytes || std::ranges::none_of(columns, is_long))
    return std::nullopt;
  values.clear();
  std::string statement = statement_begin(plan, on_duplicate);
  char separator = '(';
  for (const auto& column : columns) {
    statement += separator;
    separator = ',';
    const Cell& cell = cells[column.cell];
    if (is_long(column)) {
      statement += '?';
      values.push_back({block.text(cell), column.form != LiteralForm::hex &&
                                              column.form != LiteralForm::binary_text});
    } else if (cell.is_null()) {
      append_null(statement);
    } else {
      append_literal(statement, column.form, block.text(cell));
    }
  }
  return statement + ")";
}

std::string key_text(const TablePlan& plan, const Block& block, const Rows& rows,
                     std::uint32_t row) {
  constexpr std::size_t value_max = 128, text_max = 1024;
  const Cell* cells =
      &block.cells(rows)[row * std::size_t{rows.cells_per_row()} + rows.before.size()];
  std::string text;
  for (const std::uint32_t place : plan.key()) {
    const auto& column = plan.columns()[place];
    if (text.size() > text_max) return text + ", …";
    if (!text.empty()) text += ", ";
    text += quoted(plan.source()->columns[column.source].name) + " = ";
    const Cell& cell = cells[column.cell];
    if (cell.is_null()) {
      append_null(text);
      continue;
    }
    std::string_view value = block.text(cell);
    const bool is_cut = value.size() > value_max;
    if (is_cut) value = value.substr(0, value_max);
    // A character cut in half would make the message unreadable; of raw bytes a few less do no
    // harm.
    const auto is_part = [&](unsigned char mask, unsigned char bits) {
      return is_cut && !value.empty() && (static_cast<unsigned char>(value.back()) & mask) == bits;
    };
    while (is_part(0xC0, 0x80)) value.remove_suffix(1);
    if (is_part(0xC0, 0xC0)) value.remove_suffix(1);
    append_literal(text, column.form, value);
    if (is_cut) text += "…";
  }
  return text;
}

}  // namespace tideway
