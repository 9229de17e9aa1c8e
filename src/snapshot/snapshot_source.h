#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "flow/ledger.h"
#include "flow/source.h"
#include "model/digest.h"
#include "snapshot/consistent_point.h"
#include "snapshot/object_list.h"
#include "snapshot/standing.h"

namespace tideway {

struct ReadOptions {
  std::uint64_t chunk_bytes = 64ULL << 20U;  // aimed at, uncompressed
  std::uint64_t chunk_rows = 100'000;        // at most, about
  std::uint32_t block_bytes = 1U << 20U;     // Block::usual_bytes
  DigestStrength digest = DigestStrength::fast;
  std::string where = {};         // --where: added to every condition, in parentheses
  std::size_t chunks_ahead = 16;  // planned, and not yet taken by a reader
  // Told of each further point, before any row is read at it: the snapshot was given up for one.
  std::function<Result<void>(const SnapshotPoint&, const std::stop_token&)> on_point = {};
};

// What there is to do, for the status block. Estimates come from the server until a table is
// planned and read.
struct ReadEstimate {
  std::uint64_t rows = 0,
                bytes =
                    0;  // to be read by this run, about; what the ledger has as done is not in it
  std::uint64_t rows_before = 0;   // that the ledger had as done, or as half done
  std::uint64_t bytes_before = 0;  // their part of what the server says the tables weigh
  std::uint64_t tables = 0, tables_read = 0;
  std::uint64_t chunks_planned = 0, chunks_read = 0;
};

// A table that could not be read to its end, and why: TW304 dropped, TW404 its definition changed,
// or what the server refused.
struct FailedTable {
  TableId table;
  Error error;
};

// The rows of a snapshot's tables, as blocks of inserts. Made by the recipe for one run(); any
// thread. The largest tables come first, several readers work on one. Chunks are written down in
// the ledger before they are read; streams the ledger has as done are left out, half ones are taken
// up behind their mark, planning goes on behind the last planned bound. Every reader keeps a
// session of the snapshot, sets a savepoint, and returns to it after each chunk, so that no
// metadata lock stays.
//
// A session lost under a snapshot ends the run with TW402: start again from a new point. A table
// that fails alone is left where it is and reported by failed(); the run goes on.
class SnapshotSource : public Source {
 public:
  // All references outlive it. `tables` must be part of what the snapshot was opened for.
  SnapshotSource(Snapshot& snapshot, std::vector<ListedTable> tables, Ledger& ledger,
                 MemoryArbiter& arbiter, ReadOptions options);
  ~SnapshotSource() override;

  std::size_t readers_max() const override;
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) override;

  ReadEstimate estimate() const;            // at any time
  std::vector<FailedTable> failed() const;  // at any time; final once run() returned
  // Under which points each table was read, of those that were read to their end; what the ledger
  // had done before counts as read at the first point, which is right only if the log showed it
  // untouched (tables_touched_between).
  std::vector<TableReading> readings() const;

  class State;  // private to the room

 private:
  std::shared_ptr<State> state_;
};

}  // namespace tideway
