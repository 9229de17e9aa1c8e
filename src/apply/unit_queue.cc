#include "apply/unit_queue.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace tideway {
namespace {

void push(std::vector<std::uint64_t>& heap, std::uint64_t number) {
  heap.push_back(number);
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

void pop(std::vector<std::uint64_t>& heap) {
  std::pop_heap(heap.begin(), heap.end(), std::greater<>());
  heap.pop_back();
}

}  // namespace

PendingUnit& UnitQueue::begin() {
  CHECK(!is_open());
  PendingUnit& unit = units_.emplace_back();
  unit.number = next_++;
  if (floor_ > applied_number()) wait_for_floor(unit, floor_);
  return unit;
}

PendingUnit* UnitQueue::find(std::uint64_t number) {
  const std::uint64_t applied = applied_number();
  if (number <= applied) return nullptr;
  PendingUnit& unit = units_[number - applied - 1];
  return unit.state_ == State::finished ? nullptr : &unit;
}

void UnitQueue::link(std::uint64_t predecessor) {
  PendingUnit& unit = units_.back();
  PendingUnit* const before = predecessor == unit.number ? nullptr : find(predecessor);
  if (before == nullptr || before->linked_to_ == unit.number) return;
  before->linked_to_ = unit.number;
  before->successors_.push_back(unit.number);
  ++unit.waits_for_;
}

void UnitQueue::touch_key(std::uint64_t hash) {
  PendingUnit& unit = units_.back();
  if (const std::uint64_t last = history_.exchange(hash, unit.number); last != 0) link(last);
  if (!history_.is_full()) return;
  history_.forget_before(applied_number() + 1);
  if (!history_.is_half_full()) return;  // it would be full again too soon
  // Still too many: this unit, and whoever comes, waits for all before it.
  history_.forget_before(unit.number);
  wait_for_floor(unit, unit.number - 1);
  floor_ = std::max(floor_, unit.number - 1);
  if (!history_.is_half_full()) return;
  history_.forget_before(unit.number + 1);
  floor_ = unit.number;
}

void UnitQueue::touch_table(std::uint32_t table) {
  Table& known = tables_[table];
  const std::uint64_t number = units_.back().number;
  if (known.last_chain != 0) link(known.last_chain);
  if (!known.since.empty() && known.since.back() == number) return;
  if (known.since.size() >= 64 && known.since.front() <= applied_number()) {
    std::erase_if(known.since, [&](std::uint64_t each) { return each <= applied_number(); });
  }
  known.since.push_back(number);
}

void UnitQueue::touch_chain(std::uint32_t table) {
  Table& known = tables_[table];
  const std::uint64_t number = units_.back().number;
  if (known.last_chain != 0) link(known.last_chain);
  for (const std::uint64_t each : known.since) link(each);
  known.since.clear();
  known.last_chain = number;
}

void UnitQueue::wait_for_floor(PendingUnit& unit, std::uint64_t floor) {
  if (floor <= applied_number()) return;
  floors_.emplace(floor, unit.number);
  ++unit.waits_for_;
}

void UnitQueue::split() {
  PendingUnit& unit = units_.back();
  CHECK(unit.state_ == State::open);
  unit.is_split = true;
  wait_for_floor(unit, unit.number - 1);
  floor_ = unit.number;
}

void UnitQueue::end(const UnitEnd& end) {
  PendingUnit& unit = units_.back();
  CHECK(unit.state_ == State::open);
  unit.end = end;
  if (unit.is_split) {
    unit.state_ = State::taken;
    return;
  }
  if (unit.rows == 0 && !unit.change) {
    unit.state_ = State::finished;
    move_on();
    return;
  }
  unit.state_ = State::waiting;
  untaken_rows_ += unit.rows;
  if (unit.waits_for_ == 0) make_ready(unit);
}

void UnitQueue::make_ready(const PendingUnit& unit) { push(ready_, unit.number); }

void UnitQueue::one_less(PendingUnit& unit) {
  CHECK(unit.waits_for_ != 0);
  if (--unit.waits_for_ == 0 && unit.state_ == State::waiting) make_ready(unit);
}

bool UnitQueue::has_ready_change() {
  return !ready_.empty() && find(ready_.front())->change != nullptr;
}

std::vector<PendingUnit*> UnitQueue::take(const Limits& limits) {
  std::vector<PendingUnit*> group;
  std::vector<std::uint64_t> followers;  // heap: all they wait for is in the group
  const std::uint64_t group_number = next_group_++;
  std::uint64_t rows = 0, bytes = 0;
  while (!ready_.empty() || !followers.empty()) {
    const bool is_follower =
        ready_.empty() || (!followers.empty() && followers.front() < ready_.front());
    PendingUnit& unit = *find(is_follower ? followers.front() : ready_.front());
    const bool is_alone = unit.change != nullptr;
    const bool is_too_much = rows + unit.rows > limits.rows || bytes + unit.bytes > limits.bytes ||
                             group.size() >= limits.units;
    if (!group.empty() && (is_alone || is_too_much)) break;
    pop(is_follower ? followers : ready_);
    untaken_rows_ -= unit.rows;
    unit.state_ = State::taken;
    group.push_back(&unit);
    rows += unit.rows;
    bytes += unit.bytes;
    if (is_alone) break;
    for (const std::uint64_t number : unit.successors_) {
      PendingUnit& next = *find(number);
      if (next.state_ != State::waiting || next.change) continue;
      if (next.group_ != group_number) next.in_group_ = 0;
      next.group_ = group_number;
      if (++next.in_group_ == next.waits_for_) push(followers, number);
    }
  }
  return group;
}

void UnitQueue::finish(std::span<PendingUnit* const> group) {
  for (PendingUnit* const unit : group) {
    CHECK(unit->state_ == State::taken);
    unit->state_ = State::finished;
    unit->parts.clear();
    unit->change.reset();
  }
  for (PendingUnit* const unit : group) {
    for (const std::uint64_t number : unit->successors_) {
      if (PendingUnit* const next = find(number)) one_less(*next);
    }
    unit->successors_.clear();
  }
  move_on();
}

void UnitQueue::move_on() {
  while (!units_.empty() && units_.front().state_ == State::finished) {
    if (units_.front().end.unit.first != 0) applied_.add(units_.front().end.unit);
    applied_end_ = units_.front().end;
    units_.pop_front();
  }
  const std::uint64_t applied = applied_number();
  while (!floors_.empty() && floors_.begin()->first <= applied) {
    PendingUnit* const waiting = find(floors_.begin()->second);  // one without rows has not waited
    floors_.erase(floors_.begin());
    if (waiting != nullptr) one_less(*waiting);
  }
}

}  // namespace tideway
