#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "flow/ledger.h"
#include "snapshot/chunk_planner.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_source.h"

namespace tideway {

// One chunk for one reader.
struct ChunkTask {
  std::size_t table = 0;  // in the plan
  StreamPtr stream;
  ChunkRange range;
  std::optional<KeyCells> after;  // taken up behind this key
};

// What is left to read of a set of tables, shared by all readers: which chunks there are, who has
// taken which, which tables failed. Readers plan by turns, each with its own session. Any thread;
// no lock is held while a server or the ledger is asked.
class ReadPlan {
 public:
  ReadPlan(std::vector<ListedTable> tables, Ledger& ledger, ReadOptions options);

  // The next chunk; plans more when few are left, which is when `session` is used. nullopt: nothing
  // is left, or stopping.
  Result<std::optional<ChunkTask>> next(Session& session, const std::stop_token& stop);
  // It was read to its end, under that point.
  void finished(const ChunkTask& task, std::uint64_t rows, std::uint64_t bytes, std::size_t point);
  // The table cannot be read on: what is planned of it is dropped. The first reason is kept.
  void failed(std::size_t table, Error error);
  void reading(const ChunkTask& task, std::uint64_t rows, std::uint64_t bytes);  // more of it

  const ListedTable& table(std::size_t index) const { return works_[index].listed; }
  const Key* key(std::size_t index) const { return works_[index].key; }
  const std::vector<KeyColumn>& columns(std::size_t index) const { return works_[index].columns; }

  ReadEstimate estimate() const;
  std::vector<FailedTable> failed_tables() const;
  struct Read {
    TableId table;
    std::size_t first_point = 0, last_point = 0;
  };
  std::vector<Read> read_tables() const;  // those read to their end

 private:
  struct Work {
    ListedTable listed;
    const Key* key = nullptr;
    std::vector<KeyColumn> columns;  // of the key
    // --- of the thread that plans it ---
    bool is_loaded = false;
    std::unique_ptr<ChunkPlanner> planner;
    std::uint64_t next_ordinal = 0;
    // --- under the lock ---
    bool is_planning = false, is_planned = false;
    std::size_t open_chunks = 0;
    std::uint64_t rows = 0, bytes = 0, rows_before = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>>
        learnt;  // rows, bytes of chunks, for the planner
    std::optional<std::size_t> first_point, last_point;
    std::optional<Error> error;
    bool is_read() const { return is_planned && open_chunks == 0 && !error; }
  };
  struct Planned {
    std::vector<ChunkTask> tasks;
    bool is_complete = false;
    std::uint64_t rows_before = 0;
    bool has_begun = false;  // the ledger had something of it
  };

  bool is_small(const Work& work) const;
  std::vector<std::size_t> choose_tables();  // marks them as being planned
  Result<void> plan(std::span<const std::size_t> tables, Session& session,
                    const std::stop_token& stop);
  Result<void> load(Work& work, std::size_t index, Planned& planned);
  Result<void> cut(Work& work, std::size_t index, Planned& planned, Session& session,
                   const std::stop_token& stop);
  void publish(std::span<const std::size_t> tables, std::vector<Planned> planned);

  Ledger& ledger_;
  const ReadOptions options_;
  std::vector<Work> works_;  // largest first; never resized

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<ChunkTask> ready_;
  std::size_t next_table_ = 0;  // those before it are planned or being planned to their end
  std::size_t planners_ = 0;
  std::uint64_t chunks_planned_ = 0, chunks_read_ = 0;
};

}  // namespace tideway
