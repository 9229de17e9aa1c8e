#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/digest.h"
#include "model/table_id.h"

namespace tideway {

// Names a stream: blocks that one writer takes in order. A chunk of a table or a part (one file) of
// a dump. It stays the same over restarts of a job: (table, ordinal) is its key in the progress of
// every sink.
struct Stream {
  TableId table;  // as the source names it, before any renaming
  std::uint64_t ordinal =
      0;  // unique in its table; ascending in key order for chunks, in file order for parts
  std::string range;     // what it covers, in words only its source reads (snapshot: JSON bounds;
                         // dumpfile: path)
  bool is_last = false;  // nothing of the table follows it: planning of the table is complete
  bool operator==(const Stream&) const = default;
};
using StreamPtr = std::shared_ptr<const Stream>;

// What a sink has of a stream, durably.
struct StreamState {
  Stream stream;
  bool is_done = false;
  std::string mark;  // Block::mark() of the last block that is durable; empty: none is
  Digest digest;     // of the rows up to the mark (or of all, when done)
};

}  // namespace tideway
