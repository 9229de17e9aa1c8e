#include "stream/server/replica.h"

#include <fmt/format.h>

#include <span>

namespace tideway::testing {
namespace {

// As a client prints a row: NULL, else the bytes, each behind its length.
std::string text_of(const Block& block, std::span<const Cell> cells) {
  std::string text;
  for (const Cell& cell : cells)
    text += cell.is_null() ? "NULL|" : fmt::format("{}:{}|", cell.length, block.text(cell));
  return text;
}

}  // namespace

void Replica::take(const Block& block) {
  ++blocks_;
  for (const Item& item : block.items()) {
    if (const auto* rows = std::get_if<Rows>(&item)) take(block, *rows);
    if (const auto* part = std::get_if<UnitPart>(&item)) {
      ++parts_;
      if (part->rows != unit_rows_)
        complaints_.push_back(
            fmt::format("a part says {} rows and {} came", part->rows, unit_rows_));
    }
    if (const auto* end = std::get_if<UnitEnd>(&item)) {
      if (place_ && place_->file == end->file && place_->offset > end->offset)
        complaints_.push_back("a place is before one that was told earlier");
      place_ = *end;
      if (end->unit.first != 0) ends_.push_back(*end);
      unit_rows_ = 0;
    }
    if (const auto* unread = std::get_if<UnreadRows>(&item)) {
      unread_[unread->fault->table] += unread->events;
      fault_ = unread->fault->reason;
    }
    if (const auto* change = std::get_if<std::shared_ptr<const SchemaChange>>(&item))
      statements_.push_back((*change)->statement);
    if (std::holds_alternative<StreamEnd>(item)) has_ended_ = true;
  }
}

void Replica::take(const Block& block, const Rows& rows) {
  auto& held = rows_[rows.table->id];
  const auto cells = block.cells(rows);
  for (std::size_t i = 0; i < rows.row_count; ++i) {
    const auto row = cells.subspan(i * rows.cells_per_row(), rows.cells_per_row());
    const auto before = row.first(rows.before.size()), after = row.subspan(rows.before.size());
    ++unit_rows_;
    if (rows.is_replay) {
      ++replayed_;
      if (!before.empty()) held.erase(text_of(block, before));
      if (!after.empty()) held.erase(text_of(block, after));
    } else if (rows.kind != ChangeKind::insert) {
      const auto found = held.find(text_of(block, before));
      if (found == held.end()) {
        complaints_.push_back("a row that is not there is changed: " + text_of(block, before));
      } else {
        held.erase(found);
      }
    }
    if (rows.kind != ChangeKind::remove) held.insert(text_of(block, after));
  }
}

UnitSet Replica::units() const {
  UnitSet units;
  for (const UnitEnd& end : ends_) units.add(end.unit);
  return units;
}

}  // namespace tideway::testing
