#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "snapshot/chunk_range.h"

namespace tideway {

// What a planner may ask of one table's keys. The source asks its snapshot session, tests an array.
class KeySpace {
 public:
  virtual ~KeySpace() = default;
  // The leading column of the least and the greatest key; nullopt: no row.
  virtual Result<std::optional<std::pair<std::string, std::string>>> ends() = 0;
  // About how many rows the range has: cheap, and may be wrong by a factor.
  virtual Result<std::uint64_t> estimate_rows(const ChunkRange& range) = 0;
  // The key of the n-th row (n ≥ 1) behind `low`; nullopt: there are fewer. Costs a walk over n
  // index entries.
  virtual Result<std::optional<KeyCells>> nth_key(const KeyCells& low, std::uint64_t n) = 0;
};

struct PlannerOptions {
  std::uint64_t chunk_bytes = 64ULL << 20U;
  std::uint64_t chunk_rows = 100'000;  // most: the fast digest is meant for no more
};

// Cuts one table into chunks that tile its key space: each begins where the one before ends, the
// first has no lower and the last no upper bound. By interpolation where the leading key column is
// an integer, corrected by the index's own estimates; by counting rows otherwise, where one leading
// value has too many rows, and where the estimates contradict the table's size. What chunks turn
// out to hold corrects the size of those to come. One thread at a time.
class ChunkPlanner {
 public:
  // `rows`, `bytes`: the server's estimates for the table. `start`: where planning goes on, the
  // last planned bound; empty: at the beginning.
  ChunkPlanner(std::vector<KeyColumn> columns, PlannerOptions options, std::uint64_t rows,
               std::uint64_t bytes, KeyCells start);

  bool is_done() const { return is_done_; }
  Result<ChunkRange> next(KeySpace& keys);  // not when done. One without a high bound is the last
  void learn(std::uint64_t rows, std::uint64_t bytes);  // what a chunk turned out to hold
  std::uint64_t rows_wanted() const;                    // in a chunk, as things are known now

 private:
  using Wide = __int128;  // holds every BIGINT, signed or not, and the distance of any two
  struct Ends {
    Wide least = 0, greatest = 0;
  };
  // How wide a chunk from `first` on should be, in values of the leading column.
  struct Width {
    Wide values = 0;
    std::uint64_t rows = 0;  // estimated in it
    bool reaches_end = false;
  };

  Result<std::optional<KeyCells>> cut(KeySpace& keys);
  Result<std::optional<KeyCells>> cut_by_interpolation(KeySpace& keys);
  Result<Width> find_width(KeySpace& keys, Wide first, std::uint64_t wanted);
  Result<void> look_at_ends(KeySpace& keys);

  const std::vector<KeyColumn> columns_;
  const PlannerOptions options_;
  const std::uint64_t rows_estimate_;
  double row_bytes_, caution_ = 1;
  KeyCells low_;
  bool is_done_ = false;
  bool has_looked_ = false, interpolates_;
  std::optional<Ends> ends_;
  Wide width_ = 0;  // of the chunk before
};

}  // namespace tideway
