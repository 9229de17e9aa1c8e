#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/memory.h"
#include "base/result.h"
#include "model/block.h"
#include "model/digest.h"
#include "mysql/session.h"
#include "snapshot/read_plan.h"

namespace tideway {

// Reads one chunk as blocks: in key order, digested, each block marked with its last key. One
// thread; borrows the session until next() has returned the block with the StreamEnd, or until it
// is destroyed, which condemns the session when rows were left.
class ChunkReader {
 public:
  // What every chunk of a run is read with.
  struct Settings {
    MemoryArbiter& arbiter;
    const ReadOptions& options;
  };
  // `key`: the table's ordering key, may be absent.
  ChunkReader(Settings settings, ChunkTask task, const ListedTable& table, const Key* key);

  // Sends the SELECT, from behind the last block that was handed on. Call again with another
  // session when this one was lost; false: the table has no key to go on from, and rows were handed
  // on.
  Result<bool> begin(Session& session, const std::stop_token& stop);
  // The next block; the last one holds the StreamEnd. TW110: less than a block's memory can ever be
  // had.
  Result<Block> next(const std::stop_token& stop);

  // Lets go of the session, which was lost.
  void abandon() { rows_.reset(); }

  bool is_over() const { return is_over_; }
  const ChunkTask& task() const { return task_; }
  std::uint64_t rows() const { return digester_.digest().rows; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::string statement() const;
  Result<Block> empty_block(const std::stop_token& stop);
  void escape_documents(Block& block, const Rows& rows) const;
  KeyCells last_key(const Block& block, const Rows& rows) const;

  const Settings settings_;
  const ChunkTask task_;
  const ListedTable& table_;
  const Key* key_;
  const ColumnSet columns_;
  std::vector<std::size_t> key_cells_;  // where the key's columns stand in a row's cells
  RowDigester digester_;
  std::unique_ptr<RowStream> rows_;
  std::optional<KeyCells> after_;  // the key of the last row handed on
  std::uint64_t bytes_ = 0;
  bool is_over_ = false;
};

}  // namespace tideway
