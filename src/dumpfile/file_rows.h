#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "dumpfile/part_rows.h"
#include "dumpfile/row_area.h"

namespace tideway {

// What the files of both formats have in common: rows that a Reader (CsvReader, DumpReader) finds
// become cells of a block. `Part` derives from it, without virtual calls for a row, and has
//   take_row(filler, stop)   add_row() of as many values as the row has, and what mark() will say
//   make(i, value, text)     CellMaker's answer for the value of column i of the map
//   is_null(value)
// and may have other bodies for what is defined at the end of this class. Private to the room.
template <typename Part, typename Reader>
class FileRows : public PartRows {
 public:
  Result<Filled> fill(BlockFiller& filler, std::uint64_t limit, bool drops,
                      const std::stop_token& stop) override {
    auto filled = fill_on(filler, limit, drops, stop);
    if (!filled) return fail(in_file(filled.error(), place_.file, reader_.row_offset()));
    return filled;
  }

  std::uint64_t offset() const override { return reader_.row_end_offset(); }

 protected:
  using Event = typename Reader::Event;

  // From here on values stand for these columns. `csv` as in CellMaker::open().
  Result<void> use(ColumnMap map, const CsvOptions* csv) {
    maker_.emplace(TRY(CellMaker::open(*place_.table, map.columns, csv)));
    map_ = std::move(map);
    map_known_ = true;
    return {};
  }

  // The row at hand, of `count` values. Where no names were given it is the first row that says
  // which columns there are.
  Result<void> add_row(BlockFiller& filler, std::size_t count, const CsvOptions* csv,
                       const std::stop_token& stop) {
    if (!map_known_) TRY(use(TRY(map_by_position(*place_.table, count)), csv));
    if (count != map_.value_count) {
      return fail(Error(ErrorCode::column_count, Side::local, Retry::never,
                        fmt::format("row {} has {} values and should have {}", reader_.rows(),
                                    count, map_.value_count)));
    }
    Block& block = filler.block();
    filler.select(place_.table, map_.columns);
    const std::uint32_t start = block.written();
    block.advance(static_cast<std::uint32_t>(reader_.row_bytes()));
    const bool is_plain = part().is_plain();
    const auto& values = reader_.values();
    for (std::size_t i = 0; i < map_.places.size(); ++i) {
      const auto& value = values[map_.places[i]];
      const Cell cell{start + value.offset, value.length};
      if (Part::is_null(value)) {
        block.add_cell(Cell{});
      } else if (is_plain) {
        block.add_cell(cell);
      } else {
        TRY(add_made(filler, cell, part().make(i, value, block.text(cell)), stop));
      }
    }
    filler.end_row();
    return {};
  }

  // What a reader finds beside rows, and whether all its values are cell text as they stand.
  static Result<void> take_other(Event) { return {}; }
  static bool is_plain() { return false; }

  const PartPlace place_;
  Reader reader_;
  ColumnMap map_;
  bool map_known_ = false;
  std::optional<CellMaker> maker_;

 private:
  friend Part;
  FileRows(PartPlace place, Reader reader) : place_(std::move(place)), reader_(std::move(reader)) {}

  Part& part() { return static_cast<Part&>(*this); }

  Result<Filled> fill_on(BlockFiller& filler, std::uint64_t limit, bool drops,
                         const std::stop_token& stop) {
    area_.put_into(filler.block());
    while (reader_.row_end_offset() < limit) {
      switch (const Event event = TRY(reader_.next())) {
        case Event::need_room:
          if (!TRY(area_.make_room(filler, stop))) {
            area_.put_aside();
            return Filled::block_full;
          }
          break;
        case Event::row:
          if (!drops) TRY(part().take_row(filler, stop));
          if (!drops && filler.is_full()) {
            area_.put_aside();
            return Filled::block_full;
          }
          area_.put_into(filler.block());
          break;
        case Event::end:
          return Filled::file_ended;
        default:
          TRY(part().take_other(event));
      }
    }
    area_.put_aside();
    return Filled::limit;
  }

  Result<void> add_made(BlockFiller& filler, Cell cell, Result<CellMaker::Made> made,
                        const std::stop_token& stop) {
    if (!made) return fail(std::move(made).error().during(fmt::format("row {}", reader_.rows())));
    Block& block = filler.block();
    if (made->is_as_is) {
      block.add_cell(cell);
      return {};
    }
    if (filler.is_oversize()) TRY(filler.need(static_cast<std::uint32_t>(made->text.size()), stop));
    block.add_cell(block.append(made->text));
    return {};
  }

  RowArea<Reader> area_{reader_};
};

}  // namespace tideway
