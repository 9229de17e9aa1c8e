#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/memory.h"
#include "model/block_fwd.h"
#include "model/column_set.h"
#include "model/digest.h"
#include "model/schema_change.h"
#include "model/stream.h"
#include "model/table_def.h"
#include "model/unit.h"

namespace tideway {

// Where one cell's bytes lie in its block. All bytes are cell text: what a text result would have
// delivered, characters as UTF-8, binary and BIT raw (big-endian), FLOAT with all its digits
// (digest.h), times in UTC.
struct Cell {
  static constexpr std::uint32_t null_length = 0xFFFFFFFF;
  static constexpr std::uint32_t absent_length = 0xFFFFFFFE;
  std::uint32_t offset = 0, length = null_length;
  bool is_null() const { return length == null_length; }
  bool is_absent() const { return length == absent_length; }
};

enum class ChangeKind : std::uint8_t { insert, update, remove };

// Consecutive rows of one table version that changed in the same way. Cells are row by row,
// before-image first.
struct Rows {
  TablePtr table;
  ChangeKind kind = ChangeKind::insert;
  ColumnSet before,
      after;  // which columns the images hold; an insert has no before, a removal no after
  std::uint32_t first_cell = 0, row_count = 0;
  // Of a log: the target may already hold these changes, or later ones of the same rows, so each
  // row is written as it is to be, whatever is there under its key (exactness: windows).
  bool is_replay = false;
  bool foreign_key_checks = true;  // of a log: the source's session had them
  std::uint32_t cells_per_row() const {
    return static_cast<std::uint32_t>(before.size() + after.size());
  }
};

// The stream ends here: what its reader handed on over the whole stream (of this run; a resumed
// stream's earlier part is in the sink's StreamState).
struct StreamEnd {
  Digest digest;
};

// The source transaction whose changes stand before this, in this block and earlier ones of the
// stream, ends here. It may have none that are left. With `unit.first` 0 no transaction ends: what
// the log has up to this place stands before it.
struct UnitEnd {
  UnitId unit;
  std::uint32_t file = 0;    // OriginNames' ordinal of the log file
  std::uint64_t offset = 0;  // in the file, behind the transaction's last byte
  std::int64_t commit_us =
      0;  // when the source committed it, by its clock: microseconds since 1970
  std::uint64_t log_bytes = 0;  // its length in the log
};

// The block ends inside a transaction that goes on in the stream's next block. `rows`: how many of
// its row changes stand before this, in all its blocks, counted before any stage dropped one.
struct UnitPart {
  UnitId unit;  // `last` is 0 where only its end will tell
  std::uint64_t rows = 0;
};

// Why a table of a log cannot be read from some place on: its definition there is not known, or
// not the one its rows were logged under.
struct TableFault {
  TableId table;  // the source's
  std::string reason;
};

// Events of the log with rows of such a table, in place of the rows: at least one each. None: a
// statement that could not be followed.
struct UnreadRows {
  std::shared_ptr<const TableFault> fault;
  std::uint64_t events = 0;
};

using Item = std::variant<Rows, StreamEnd, UnitEnd, UnitPart, UnreadRows,
                          std::shared_ptr<const SchemaChange>>;

// Items of one stream with the bytes they point into. Move-only; one thread at a time; its memory
// is returned on destruction. Normally 64 KiB to 1 MiB; a row larger than that travels alone in a
// block of its own size.
class Block {
 public:
  static constexpr std::uint32_t usual_bytes = 1U << 20U;

  Block(StreamPtr stream, Loan loan);  // for as many bytes of text and cells as the loan has
  Block(Block&&) noexcept = default;
  Block& operator=(Block&&) noexcept = default;

  const Stream& stream() const { return *stream_; }
  const StreamPtr& stream_ptr() const { return stream_; }
  std::span<const Item> items() const { return items_; }
  std::span<Item> items() { return items_; }
  std::string_view text(const Cell& cell) const {
    return {bytes_.get() + cell.offset, cell.length};
  }
  std::span<const Cell> cells(const Rows& rows) const;
  std::span<Cell> cells(const Rows& rows);

  // Where the stream can be taken up again once this block is durable, in words only its source
  // reads. Empty: nowhere (a table without a key): the stream starts over.
  const std::string& mark() const { return mark_; }
  void set_mark(std::string mark) { mark_ = std::move(mark); }

  std::uint64_t row_count() const;
  std::uint64_t byte_count() const { return size_; }
  // What the block weighs in channels and budgets: all it may hold, not only what is filled.
  std::uint64_t loan_bytes() const { return loan_.bytes() + extra_loan_.bytes(); }

  // --- filling, by the reader that makes it ---
  char* room(std::uint32_t bytes);  // at least so many bytes after what is written; grows the
                                    // buffer if needed
  // Of what was borrowed, after the cells that are there and those of one row more: a NULL is a
  // byte on the wire and eight in memory.
  std::uint32_t room_left() const;
  std::uint32_t written() const { return size_; }  // offset at which room() begins
  void advance(std::uint32_t bytes);               // so many of room() are now written
  Cell append(std::string_view bytes);             // copies, and says where
  void add_cell(Cell cell) { cells_.push_back(cell); }
  Rows& begin_rows(TablePtr table, ChangeKind kind, ColumnSet before,
                   ColumnSet after);  // following cells are its own
  void end_row() { ++std::get<Rows>(items_.back()).row_count; }
  void add_row(std::span<const Cell> cells) {  // all cells of one at once
    cells_.insert(cells_.end(), cells.begin(), cells.end());
    end_row();
  }
  void add_end(StreamEnd end) { items_.emplace_back(std::move(end)); }
  void add_item(Item item) { items_.push_back(std::move(item)); }
  // Room for a row larger than the block: memory borrowed on top, returned with it.
  Loan& loan() { return loan_; }
  void keep(Loan extra, MemoryArbiter::OversizeTurn turn);
  // Nothing comes any more: what is free of the buffer goes back, and of the loan when that is
  // half.
  void end_filling();

  // --- editing, by stages ---
  // Takes out the items for which `drops` says so; their cells stay unused.
  template <typename Drops>
  void drop_items(Drops drops) {
    std::erase_if(items_, drops);
  }
  // All cells anew: whoever does it has said in each item where its cells begin now. What is more
  // than there was is on top of the loan.
  void replace_cells(std::vector<Cell> cells) { cells_ = std::move(cells); }

 private:
  struct Free {
    void operator()(char* bytes) const;
  };
  void resize(std::uint32_t capacity);

  StreamPtr stream_;
  Loan loan_, extra_loan_;
  std::unique_ptr<MemoryArbiter::OversizeTurn> turn_;
  std::unique_ptr<char[], Free> bytes_;
  std::uint32_t size_ = 0, capacity_ = 0;
  std::uint32_t row_cells_ = 0;  // of the rows that are being added
  std::vector<Cell> cells_;
  std::vector<Item> items_;
  std::string mark_;
};

}  // namespace tideway
