#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "binlog/column_step.h"
#include "binlog/event.h"
#include "model/block.h"

namespace tideway {

// How far the rows of one event have been decoded.
struct RowCursor {
  std::size_t offset = 0;  // in RowsEvent::rows
  std::uint64_t rows = 0;
};

enum class Decoded : std::uint8_t {
  all,         // the event has no more rows
  block_full,  // the next row does not fit: hand the block on and go on with an empty one
  row_larger,  // it does not fit an empty block either: one of row_bytes() takes it, alone
};

// How rows of one table are read, by its TABLE_MAP and its definition at that place of the log.
// Made when either changes, not for each event. Move-only; one thread: it keeps the forms of row
// images that it met, and room for a row.
//
// Cells are what a SELECT of cell_expression() delivers (model/digest.h). Generated columns are in
// the log and left out, except from a before-image that lacks columns (binlog_row_image=MINIMAL or
// NOBLOB), where they may be what names the row.
class RowsPlan {
 public:
  // Fails with TW405, naming the column and how it differs, where the definition is not the one
  // that the rows were logged under; with TW111 for what is not decoded.
  static Result<RowsPlan> make(const TableMap& map, TablePtr table,
                               const FormatDescription& format);
  // Whether it is right for this map and definition: a cheap comparison.
  bool is_for(const TableMap& map, const TablePtr& table) const {
    return table == table_ && map.description == description_;
  }
  const TablePtr& table() const { return table_; }

  // Appends rows to the block, from `cursor` on, which moves behind them. They are added to the
  // block's last item when that is Rows of the same form; so a UnitEnd, not the caller, keeps
  // transactions apart. After an error the block has the rows before the one that failed.
  // At most `most_rows` are read: block_full then, though there may be room.
  Result<Decoded> decode(const RowsEvent& event, bool is_replay, RowCursor& cursor, Block& block,
                         std::uint64_t most_rows = UINT64_MAX);
  // The loan that a block needs for the row at which decode() answered row_larger.
  std::uint64_t row_bytes() const { return row_bytes_; }

 private:
  // A row image: the columns that are in it.
  struct Image {
    bool is_before = false;
    std::string columns;            // the bitmap
    std::vector<ColumnStep> steps;  // one for each column that is present
    ColumnSet cells;                // the columns that become cells
  };
  struct RowText;

  RowsPlan() = default;
  static Result<std::vector<std::size_t>> places(const std::vector<LoggedColumn>& columns,
                                                 const TableDef& table, JsonPrinter printer);
  Result<const Image*> image(bool is_before, std::string_view columns);
  Result<const char*> read_image(const Image& image, const char* from, const char* end,
                                 RowText& row);
  Rows& rows_item(const RowsEvent& event, bool is_replay, const Image* before, const Image* after,
                  Block& block) const;
  Error corrupt(std::string_view what) const;

  TablePtr table_;
  std::string description_;
  std::vector<ColumnStep> steps_;  // of all columns
  std::vector<std::unique_ptr<ColumnMeaning>> meanings_;
  std::vector<std::unique_ptr<Image>> images_;  // the last one met is the first
  std::vector<Cell> row_;
  std::uint64_t row_bytes_ = 0;
};

}  // namespace tideway
