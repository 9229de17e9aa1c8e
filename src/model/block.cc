#include "model/block.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace tideway {

void Block::Free::operator()(char* bytes) const { std::free(bytes); }

// malloc, not new: the bytes are overwritten by what is read, and realloc can grow them in place.
Block::Block(StreamPtr stream, Loan loan)
    : stream_(std::move(stream)),
      loan_(std::move(loan)),
      capacity_(static_cast<std::uint32_t>(loan_.bytes())) {
  bytes_.reset(static_cast<char*>(std::malloc(std::max<std::uint32_t>(capacity_, 1))));
  CHECK(bytes_ != nullptr);
}

std::span<const Cell> Block::cells(const Rows& rows) const {
  return std::span(cells_).subspan(rows.first_cell,
                                   std::size_t{rows.row_count} * rows.cells_per_row());
}

std::span<Cell> Block::cells(const Rows& rows) {
  return std::span(cells_).subspan(rows.first_cell,
                                   std::size_t{rows.row_count} * rows.cells_per_row());
}

std::uint64_t Block::row_count() const {
  std::uint64_t count = 0;
  for (const Item& item : items_) {
    if (const auto* rows = std::get_if<Rows>(&item)) count += rows->row_count;
  }
  return count;
}

std::uint32_t Block::room_left() const {
  const std::uint64_t taken = size_ + (cells_.size() + row_cells_) * sizeof(Cell);
  const std::uint64_t borrowed = loan_bytes();
  return taken >= borrowed ? 0
                           : static_cast<std::uint32_t>(
                                 std::min<std::uint64_t>(borrowed - taken, capacity_ - size_));
}

char* Block::room(std::uint32_t bytes) {
  if (capacity_ - size_ < bytes) {
    const std::uint64_t wanted = std::uint64_t{size_} + bytes;
    CHECK(wanted < Cell::absent_length);
    resize(static_cast<std::uint32_t>(wanted));
  }
  return bytes_.get() + size_;
}

void Block::resize(std::uint32_t capacity) {
  auto* moved =
      static_cast<char*>(std::realloc(bytes_.get(), std::max<std::uint32_t>(capacity, 1)));
  CHECK(moved != nullptr);
  static_cast<void>(bytes_.release());
  bytes_.reset(moved);
  capacity_ = capacity;
}

void Block::end_filling() {
  constexpr std::uint64_t least = 4096;
  const std::uint64_t taken = size_ + cells_.size() * sizeof(Cell);
  // A buffer that is nearly full is left: the next one then fits where it was.
  if (size_ < capacity_ - capacity_ / 4) resize(size_);
  if (taken < loan_.bytes() / 2) loan_.shrink_to(std::max(taken, least));
}

void Block::advance(std::uint32_t bytes) {
  CHECK(bytes <= capacity_ - size_);
  size_ += bytes;
}

Cell Block::append(std::string_view bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  const Cell cell{size_, length};
  if (length != 0) std::memcpy(room(length), bytes.data(), length);
  size_ += length;
  return cell;
}

Rows& Block::begin_rows(TablePtr table, ChangeKind kind, ColumnSet before, ColumnSet after) {
  Rows rows;
  rows.table = std::move(table);
  rows.kind = kind;
  rows.before = std::move(before);
  rows.after = std::move(after);
  rows.first_cell = static_cast<std::uint32_t>(cells_.size());
  row_cells_ = rows.cells_per_row();
  return std::get<Rows>(items_.emplace_back(std::move(rows)));
}

void Block::keep(Loan extra, MemoryArbiter::OversizeTurn turn) {
  extra_loan_ = std::move(extra);
  turn_ = std::make_unique<MemoryArbiter::OversizeTurn>(std::move(turn));
}

}  // namespace tideway
