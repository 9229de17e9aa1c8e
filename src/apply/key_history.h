#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tideway {

// Which unit touched a key last: hash → the unit's number. Open addressing, bounded: when it is
// full the keys of units that are long applied go, and when that is not enough it says so. One
// thread.
class KeyHistory {
 public:
  explicit KeyHistory(std::size_t most_keys) {
    std::size_t slots = 16;
    while (slots < 2 * most_keys) slots *= 2;
    slots_.resize(slots);
  }

  // The unit that was there (0: none), in whose place `unit` now is.
  std::uint64_t exchange(std::uint64_t hash, std::uint64_t unit) {
    Slot& slot = find(hash);
    if (slot.unit == 0) ++used_;
    slot.hash = hash;
    const std::uint64_t before = slot.unit;
    slot.unit = unit;
    return before;
  }

  bool is_full() const { return 2 * used_ >= slots_.size(); }
  bool is_half_full() const { return 4 * used_ >= slots_.size(); }

  // Forgets units before this one.
  void forget_before(std::uint64_t unit) {
    std::vector<Slot> old(slots_.size());
    old.swap(slots_);
    used_ = 0;
    for (const Slot& slot : old) {
      if (slot.unit >= unit && slot.unit != 0) exchange(slot.hash, slot.unit);
    }
  }

 private:
  struct Slot {
    std::uint64_t hash = 0, unit = 0;
  };
  Slot& find(std::uint64_t hash) {
    std::size_t at = (hash ^ (hash >> 32U)) & (slots_.size() - 1);
    while (slots_[at].unit != 0 && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace tideway
