#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/stream.h"
#include "model/table_def.h"
#include "sql/key_range.h"

namespace tideway {

// The rows of a table with low < key <= high, in the order of its ordering_key(). A bound holds the
// cell texts of the key's first columns: all of them, or fewer, and then (5) stands behind every
// row with 5 in the first column. Empty: no bound.
//
// As text, which is what Stream::range holds: {"after":["5"],"to":["9",{"hex":"00ff"}]}, bytes that
// are not plain ASCII in hex.
struct ChunkRange {
  KeyCells low, high;
  bool operator==(const ChunkRange&) const = default;
};
std::string to_json(const ChunkRange& range);
Result<ChunkRange> parse_chunk_range(std::string_view json);

// Block::mark(): the key of the last row handed on, all columns.
std::string to_mark(const KeyCells& key);
Result<KeyCells> parse_mark(std::string_view mark);

// The range as SQL over the key's columns; empty: every row. Conditions of a table's planned
// streams hold each row exactly once.
std::string range_condition(std::span<const KeyColumn> columns, const ChunkRange& range);
// The same of a stream of `table`, whose columns may carry other names on another server
// (`columns`).
Result<std::string> stream_condition(std::span<const KeyColumn> columns, const Stream& stream);

}  // namespace tideway
