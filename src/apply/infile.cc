#include "apply/infile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "model/odd_value.h"
#include "sql/charset.h"
#include "sql/escapes.h"
#include "sql/literal.h"

namespace tideway {
namespace {

constexpr std::size_t staged_bytes = 64 * 1024;

// How a field becomes its column's value on the server.
enum class Arrival : std::uint8_t {
  as_bytes,    // the column takes the bytes
  as_number,   // BIT: bytes would be taken for the digits' codes
  as_utf8,     // bytes are UTF-8 text, and the column is of another character set, or JSON
  not_at_all,  // a type nobody tried, or a value without text: statements only
};

Arrival arrival_of(const ColumnType& source, const ColumnType& target) {
  if (source.kind == TypeKind::unknown || source.kind == TypeKind::vector || may_bend(source) ||
      live_form(source) == LiteralForm::set_number)
    return Arrival::not_at_all;
  if (source.kind == TypeKind::bit) return Arrival::as_number;
  if (target.kind == TypeKind::json) return Arrival::as_utf8;
  const std::string charset = canonical_charset(target.charset);
  if (class_of(source) == TypeClass::characters && !charset.empty() && charset != "utf8mb4" &&
      charset != "utf8mb3")
    return Arrival::as_utf8;
  return Arrival::as_bytes;
}

Arrival arrival_of(const TablePlan& plan, const TablePlan::PlannedColumn& column) {
  return arrival_of(plan.source()->columns[column.source].type,
                    plan.target()->columns[column.target].type);
}

constexpr Escapes infile_escapes{{'\0', '0'}, {'\t', 't'}, {'\n', 'n'}, {'\\', '\\'}};

void append_bit(std::string& out, std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

}  // namespace

std::string infile_statement(const TablePlan& plan) {
  std::string fields, sets;
  for (const auto& column : plan.columns()) {
    const std::string name = quoted(plan.target()->columns[column.target].name);
    const std::string variable = fmt::format("@tideway{}", column.cell);
    fields += fields.empty() ? "" : ",";
    switch (arrival_of(plan, column)) {
      case Arrival::as_bytes:
      case Arrival::not_at_all:
        fields += name;
        break;
      case Arrival::as_number:
        fields += variable;
        sets +=
            fmt::format("{}{}=CAST({} AS UNSIGNED)", sets.empty() ? " SET " : ",", name, variable);
        break;
      case Arrival::as_utf8:
        fields += variable;
        sets += fmt::format("{}{}=CONVERT({} USING utf8mb4)", sets.empty() ? " SET " : ",", name,
                            variable);
        break;
    }
  }
  return fmt::format(
      "LOAD DATA LOCAL INFILE 'tideway' INTO TABLE {} CHARACTER SET binary FIELDS TERMINATED BY "
      "'\\t' ESCAPED BY '\\\\' "
      "LINES TERMINATED BY '\\n' ({}){}",
      plan.table_name(), fields, sets);
}

bool can_use_infile(const TablePlan& plan) {
  return !plan.columns().empty() && std::ranges::none_of(plan.columns(), [&](const auto& column) {
    return arrival_of(plan, column) == Arrival::not_at_all;
  });
}

bool fits_infile(const Block& block, const Rows& rows) {
  if (block.byte_count() <= infile_cell_max) return true;
  return std::ranges::none_of(block.cells(rows), [](const Cell& cell) {
    return !cell.is_null() && cell.length > infile_cell_max;
  });
}

InfileRows::InfileRows(const TablePlan& plan, const Block& block, const Rows& rows, RowRange range)
    : block_(block), before_(rows.before.size()), per_row_(rows.cells_per_row()), left_(range) {
  cells_ = block.cells(rows);
  for (const auto& column : plan.columns()) {
    columns_.push_back({column.cell, arrival_of(plan, column) == Arrival::as_number});
  }
  staged_.reserve(staged_bytes * 2);
}

std::size_t InfileRows::fill(std::span<char> buffer) {
  if (sent_ == staged_.size()) {
    staged_.clear();
    sent_ = 0;
    while (left_.count != 0 && staged_.size() < staged_bytes) {
      write_row(cells_.data() + left_.first * per_row_ + before_);
      ++left_.first;
      --left_.count;
    }
  }
  const std::size_t count = std::min(buffer.size(), staged_.size() - sent_);
  std::memcpy(buffer.data(), staged_.data() + sent_, count);
  sent_ += count;
  bytes_ += count;
  return count;
}

void InfileRows::write_row(const Cell* cells) {
  char separator = 0;
  for (const Field& field : columns_) {
    if (separator != 0) staged_ += separator;
    separator = '\t';
    const Cell& cell = cells[field.cell];
    if (cell.is_null()) {
      staged_ += "\\N";
    } else if (field.is_bit) {
      append_bit(staged_, block_.text(cell));
    } else {
      infile_escapes.append_to(staged_, block_.text(cell));
    }
  }
  staged_ += '\n';
}

}  // namespace tideway
