#pragma once

#include <algorithm>
#include <cstdint>
#include <stop_token>
#include <string>

#include "dumpfile/block_filler.h"

namespace tideway {

// Where a reader of data files (CsvReader, DumpReader) puts the bytes of its next row: behind what
// is written in the block being filled, or aside while that block goes to its writer. Borrows the
// reader; one thread.
template <typename Reader>
class RowArea {
 public:
  explicit RowArea(Reader& reader) : reader_(reader) {}

  void put_into(Block& block) { reader_.set_area(block.room(0), block.room_left()); }

  // What the reader has of the next row waits here for another block.
  void put_aside() {
    const std::size_t bytes = reader_.row_bytes() + Reader::room_least;
    if (aside_.size() < bytes) aside_.resize(bytes);
    reader_.set_area(aside_.data(), aside_.size());
  }

  // The next row does not fit. false: the block has rows and goes first; otherwise it has grown.
  Result<bool> make_room(BlockFiller& filler, const std::stop_token& stop) {
    if (filler.has_rows()) return false;
    TRY(filler.grow(stop));
    reader_.moved_area(filler.block().room(0), filler.block().room_left());
    return true;
  }

 private:
  Reader& reader_;
  std::string aside_;
};

}  // namespace tideway
