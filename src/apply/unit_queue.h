#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "apply/key_history.h"
#include "apply/log_work.h"
#include "model/schema_change.h"
#include "model/unit.h"

namespace tideway {

// A unit between its place in the log and its commit.
struct PendingUnit {
  std::uint64_t number = 0;  // in the order of the log, from 1 on
  UnitEnd end;
  std::vector<UnitRows> parts;
  std::shared_ptr<const SchemaChange> change;
  std::vector<TargetTable*> change_tables;  // that nobody may plan for meanwhile
  std::uint64_t rows = 0, bytes = 0;
  bool is_split = false;  // its parts are written as they come, by somebody who knows

 private:
  friend class UnitQueue;
  enum class State : std::uint8_t { open, waiting, taken, finished };
  State state_ = State::open;
  std::uint32_t waits_for_ = 0;  // units, and 1 for a floor
  std::vector<std::uint64_t> successors_;
  std::uint64_t linked_to_ = 0;             // the last successor, so that none is there twice
  std::uint64_t group_ = 0, in_group_ = 0;  // of those it waits for, how many are in that group
};

// Which units may run: those whose predecessors (write sets in conflict, the chain of a table, a
// DDL) are applied, or stand before it in the same group. The set of applied units is therefore
// always closed under dependency. Keys are hashes, tables are ordinals; knows nothing of servers.
// Not locked: its owner has the mutex.
class UnitQueue {
 public:
  static constexpr std::uint32_t all_changes = 0xFFFFFFFF;  // the table that every DDL touches

  explicit UnitQueue(std::size_t keys_max) : history_(keys_max) {}

  // --- in the order of the log ---
  PendingUnit& begin();  // the unit that is open until end()
  // What it touches. A chain waits for all that touched the table and is waited for by all that
  // will.
  void touch_key(std::uint64_t hash);
  void touch_table(std::uint32_t table);
  void touch_chain(std::uint32_t table);
  // It waits for all units before it, all after it wait for it, and it may run before its end.
  void split();
  // Its end has come: it may run, or is nothing to run and applied in its place.
  void end(const UnitEnd& end);
  bool is_open() const { return !units_.empty() && units_.back().state_ == State::open; }
  bool is_all_applied() const { return units_.size() == (is_open() ? 1 : 0); }  // that ended
  static bool is_free(const PendingUnit& unit) { return unit.waits_for_ == 0; }

  // --- taking ---
  struct Limits {
    std::uint64_t rows = 2000, bytes = 1U << 20U, units = 1024;
  };
  // The first units in the log's order that may run together; a DDL and a split unit alone. Empty:
  // none.
  std::vector<PendingUnit*> take(const Limits& limits);
  bool has_ready() const { return !ready_.empty(); }
  bool has_ready_change();                                      // the first of them is a DDL
  std::uint64_t untaken_rows() const { return untaken_rows_; }  // of units that have ended
  void finish(std::span<PendingUnit* const> group);  // they are applied; the pointers are void now

  // --- how far ---
  std::uint64_t last_number() const { return next_ - 1; }
  std::uint64_t applied_number() const { return next_ - 1 - units_.size(); }  // all up to here
  UnitSet take_applied() { return std::exchange(applied_, {}); }  // new ones among these
  const std::optional<UnitEnd>& applied_end() const { return applied_end_; }
  const PendingUnit* oldest() const { return units_.empty() ? nullptr : &units_.front(); }

 private:
  using State = PendingUnit::State;
  struct Table {
    std::uint64_t last_chain = 0;
    std::vector<std::uint64_t> since;  // units that touched it behind the chain
  };
  PendingUnit* find(std::uint64_t number);  // nullptr: applied
  void link(std::uint64_t predecessor);
  void wait_for_floor(PendingUnit& unit, std::uint64_t floor);
  void make_ready(const PendingUnit& unit);
  void one_less(PendingUnit& unit);
  void move_on();

  std::deque<PendingUnit> units_;  // behind the applied ones, in order, without gaps
  std::uint64_t next_ = 1, floor_ = 0, next_group_ = 1;
  KeyHistory history_;
  std::map<std::uint32_t, Table> tables_;
  std::multimap<std::uint64_t, std::uint64_t> floors_;  // floor → who waits for it
  std::vector<std::uint64_t> ready_;                    // heap, the first on top
  std::uint64_t untaken_rows_ = 0;
  UnitSet applied_;
  std::optional<UnitEnd> applied_end_;
};

}  // namespace tideway
