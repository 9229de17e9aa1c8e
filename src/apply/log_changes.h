#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "apply/log_work.h"

namespace tideway {

// A row's image: its cells and the block they point into.
struct Image {
  const Block* block = nullptr;
  const Cell* cells = nullptr;
};

// What is to be done to one row of the target. Of an update that came of several the images are
// those of the first and the last.
struct RowChange {
  ChangeKind kind = ChangeKind::insert;
  bool is_replay = false;
  bool is_dropped = false;               // made and removed again
  const LogPlan* before_plan = nullptr;  // whose values() say where a cell of `before` is
  const LogPlan* after_plan = nullptr;
  Image before, after;
  const LogPlan& plan() const { return after_plan != nullptr ? *after_plan : *before_plan; }
};

// Changes of one kind to one table that may be made in any order, or one after another where
// is_ordered.
struct ChangeRun {
  TargetTable* table = nullptr;
  ChangeKind kind = ChangeKind::insert;
  bool is_ordered = false;
  bool foreign_key_checks = false;  // the target's server has to act on foreign keys
  std::vector<RowChange> changes;
};

// Brings the rows of a group's units, in their order, into as few runs as come to the same: changes
// of one row become one, and what is left is sorted by table and kind as far as no unique key tells
// the difference. Two changes that share a key's value stay in order unless they are of one row.
// Used again and again; one thread.
class LogChanges {
 public:
  void begin();
  // Rows of the next of the units. `hashes`: hashes_per_row() for each row.
  void add(const BlockWork& block, const RowsWork& rows, std::span<const std::uint64_t> hashes);
  // All runs, to be made one after another. Valid until begin().
  std::span<const ChangeRun> finish();
  std::uint64_t merged() const { return merged_; }  // changes that needed none of their own

 private:
  struct Slot {
    TargetTable* table;
    std::uint32_t place;  // among the table's changes
    std::uint64_t round;  // of the table
  };
  struct Open {
    TargetTable* table = nullptr;
    std::uint64_t round = 1;
    std::vector<RowChange> changes;
  };
  Open& open(TargetTable& table);
  void close(Open& open);
  void close_all();
  void add_ordered(const RowsWork& rows, RowChange change);
  void add_row(Open& open, RowChange change, std::span<const std::uint64_t> hashes);
  RowChange* slot_to_join(Open& open, const RowChange& change,
                          std::span<const std::uint64_t> hashes, bool& is_free);

  std::vector<ChangeRun> runs_;
  std::unordered_map<TargetTable*, Open> open_;
  std::unordered_map<std::uint64_t, Slot> slots_;
  std::uint64_t merged_ = 0;
};

}  // namespace tideway
