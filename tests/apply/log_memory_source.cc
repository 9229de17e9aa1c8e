#include "apply/log_memory_source.h"

#include <cstdlib>

namespace tideway::testing {
namespace {

std::uint64_t bytes_of(const LogChange& change) {
  std::uint64_t bytes = 0;
  for (const Cells* cells : {&change.before, &change.after}) {
    for (const auto& cell : *cells) bytes += 16 + (cell ? cell->size() : 0);
  }
  return bytes;
}

}  // namespace

class LogMemoryReader : public Reader {
 public:
  explicit LogMemoryReader(LogMemorySource& source) : source_(source), random_(source.seed_) {}

  Result<std::optional<Block>> next(const std::stop_token& stop) override {
    if (unit_ == source_.units_.size() || stop.stop_requested()) return std::nullopt;
    std::size_t left = 1 + random_() % source_.rows_per_block_;
    auto loan = source_.arbiter_.borrow(bytes_of_next(left), stop);
    if (!loan) return std::nullopt;
    Block block(std::make_shared<Stream>(), std::move(*loan));
    while (left > 0 && unit_ != source_.units_.size()) add_unit(block, left);
    return block;
  }

 private:
  UnitId id() const {
    const std::uint64_t number = source_.units_[unit_].number;
    return {source_.origin_, number, number};
  }

  std::uint64_t bytes_of_next(std::size_t rows) const {
    std::uint64_t bytes = 4096;
    std::size_t change = change_;
    for (std::size_t unit = unit_; unit < source_.units_.size() && rows > 0; ++unit, change = 0) {
      for (; change < source_.units_[unit].changes.size() && rows > 0; ++change, --rows)
        bytes += bytes_of(source_.units_[unit].changes[change]);
      if (rows > 0) --rows;
    }
    return bytes;
  }

  // As many of its rows as the block may have; its end counts as one.
  void add_unit(Block& block, std::size_t& left) {
    const LogUnit& unit = source_.units_[unit_];
    if (source_.found_.base.units.contains(id())) {
      next_unit();
      return;
    }
    const auto& split = source_.found_.split;
    if (change_ == 0 && split && split->unit.first == unit.number) change_ = split->rows;
    for (; change_ < unit.changes.size() && left > 0; ++change_, --left)
      add_row(block, unit.changes[change_]);
    if (change_ < unit.changes.size() || left == 0) {
      left = 0;
      block.add_item(UnitPart{id(), change_});
      return;
    }
    --left;
    if (unit.change) block.add_item(unit.change);
    UnitEnd end;
    end.unit = id();
    end.offset = unit.number;
    end.commit_us = static_cast<std::int64_t>(unit.number);
    block.add_item(end);
    next_unit();
  }

  void next_unit() {
    ++unit_;
    change_ = 0;
  }

  // Rows of one kind in a row are one item, sometimes.
  void add_row(Block& block, const LogChange& change) {
    Rows* last = block.items().empty() ? nullptr : std::get_if<Rows>(&block.items().back());
    const bool joins = last != nullptr && last->table == change.table &&
                       last->kind == change.kind && last->before == change.before_columns &&
                       last->after == change.after_columns && random_() % 3 != 0;
    if (!joins)
      block.begin_rows(change.table, change.kind, change.before_columns, change.after_columns);
    for (const Cells* cells : {&change.before, &change.after}) {
      for (const auto& cell : *cells) block.add_cell(cell ? block.append(*cell) : Cell{});
    }
    block.end_row();
  }

  LogMemorySource& source_;
  std::mt19937_64 random_;
  std::size_t unit_ = 0, change_ = 0;
};

LogMemorySource::LogMemorySource(const LogWorld& world, MemoryArbiter& arbiter, OriginNames& names,
                                 const LogState& found, std::uint64_t seed,
                                 std::size_t rows_per_block)
    : units_(world.units()),
      arbiter_(arbiter),
      origin_(names.ordinal(log_origin)),
      found_(found),
      seed_(seed),
      rows_per_block_(rows_per_block) {}

Result<std::unique_ptr<Reader>> LogMemorySource::open_reader(const std::stop_token& /*stop*/) {
  return std::make_unique<LogMemoryReader>(*this);
}

std::string memory_position(const UnitEnd& last, const UnitSet& /*units*/) {
  return std::to_string(last.offset);
}

}  // namespace tideway::testing
