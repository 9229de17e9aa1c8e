#include "apply/unit_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace tideway {
namespace {

// Units that only say what they touch: keys that are written, tables that are chained.
struct Unit {
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> chains, tables;
  bool is_change = false, is_split = false, is_empty = false;
};

UnitEnd end_of(std::uint64_t number) {
  UnitEnd end;
  end.unit = {0, number, number};
  return end;
}

void add(UnitQueue& queue, const Unit& unit, std::uint64_t number) {
  PendingUnit& pending = queue.begin();
  if (!unit.is_empty) pending.rows = 1;
  if (unit.is_change) pending.change = std::make_shared<SchemaChange>();
  if (unit.is_split) {
    queue.split();
  } else {
    for (const std::uint32_t table : unit.chains) queue.touch_chain(table);
    for (const std::uint32_t table : unit.tables) queue.touch_table(table);
    for (const std::uint64_t key : unit.keys) queue.touch_key(key);
  }
  queue.end(end_of(number));
}

std::vector<Unit> random_units(std::mt19937_64& random, std::size_t count) {
  std::vector<Unit> units(count);
  for (Unit& unit : units) {
    const auto draw = [&](std::uint64_t below) { return random() % below; };
    unit.is_empty = draw(10) == 0;
    if (unit.is_empty) continue;
    unit.is_split = draw(40) == 0;
    unit.is_change = !unit.is_split && draw(40) == 0;
    for (std::uint64_t i = draw(4); i > 0; --i) {
      const auto table = static_cast<std::uint32_t>(draw(3));
      unit.tables.push_back(table);
      unit.keys.push_back(1 + table * 100 + draw(12));
    }
    if (unit.is_change || draw(12) == 0) unit.chains.push_back(static_cast<std::uint32_t>(draw(3)));
  }
  return units;
}

// Whether the second has to see what the first did, said without the queue's ways.
bool conflict(const Unit& first, const Unit& second) {
  if (first.is_empty || second.is_empty) return false;
  if (first.is_split || second.is_split) return true;
  const auto touches = [](const Unit& unit, std::uint32_t table) {
    return std::ranges::find(unit.chains, table) != unit.chains.end() ||
           std::ranges::find(unit.tables, table) != unit.tables.end();
  };
  return std::ranges::any_of(first.keys,
                             [&](std::uint64_t key) {
                               return std::ranges::find(second.keys, key) != second.keys.end();
                             }) ||
         std::ranges::any_of(first.chains, [&](auto table) { return touches(second, table); }) ||
         std::ranges::any_of(second.chains, [&](auto table) { return touches(first, table); });
}

// Every schedule: several groups under way, ended in any order. Whatever is applied, all that it
// conflicts with and that stands before it in the log is applied or before it in its group.
TEST(UnitQueue, applied_units_are_closed_under_dependency_in_any_schedule) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Unit> units = random_units(random, 120);
    UnitQueue queue(seed % 3 == 0 ? 8 : 4096);  // with 8 the history overflows again and again
    std::set<std::uint64_t> applied;
    std::vector<std::vector<PendingUnit*>> groups;
    std::map<std::uint64_t, PendingUnit*> split;
    std::size_t next = 0;
    const auto check = [&](std::uint64_t number, const std::set<std::uint64_t>& before) {
      for (std::uint64_t earlier = 1; earlier < number; ++earlier) {
        if (!conflict(units[earlier - 1], units[number - 1])) continue;
        ASSERT_TRUE(applied.contains(earlier) || before.contains(earlier))
            << "seed " << seed << ": " << number << " ran before " << earlier;
      }
    };
    while (applied.size() < units.size()) {
      const std::uint64_t what = random() % 3;
      if (what == 0 && next < units.size()) {
        const std::uint64_t number = ++next;
        if (units[number - 1].is_empty) {
          applied.insert(number);
          add(queue, units[number - 1], number);
          continue;
        }
        if (units[number - 1].is_split) {
          PendingUnit& pending = queue.begin();
          pending.rows = 1;
          queue.split();
          split[number] = &pending;
          queue.end(end_of(number));
        } else {
          add(queue, units[number - 1], number);
        }
      } else if (what == 1) {
        auto group = queue.take({.rows = 1 + random() % 20, .bytes = 1000, .units = 1000});
        std::set<std::uint64_t> before;
        for (const PendingUnit* const unit : group) {
          check(unit->number, before);
          before.insert(unit->number);
          ASSERT_TRUE(!units[unit->number - 1].is_change || group.size() == 1);
        }
        if (!group.empty()) groups.push_back(std::move(group));
        if (!split.empty() && UnitQueue::is_free(*split.begin()->second)) {
          check(split.begin()->first, {});
          groups.push_back({split.begin()->second});
          split.erase(split.begin());
        }
      } else if (!groups.empty()) {
        const std::size_t at = random() % groups.size();
        for (const PendingUnit* const unit : groups[at]) applied.insert(unit->number);
        queue.finish(groups[at]);
        groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (next == units.size() && !queue.has_ready()) {
        const bool has_split = !split.empty() && UnitQueue::is_free(*split.begin()->second);
        ASSERT_TRUE(has_split) << "seed " << seed << ": nothing can run, and not all is applied";
      }
    }
    EXPECT_TRUE(queue.is_all_applied());
    UnitSet all;
    all.add({0, 1, units.size()});
    EXPECT_EQ(queue.take_applied(), all);
    EXPECT_EQ(queue.applied_end()->unit.last, units.size());
  }
}

TEST(UnitQueue, independent_units_may_run_at_once_and_a_chain_of_one_key_in_one_group) {
  UnitQueue queue(1000);
  for (std::uint64_t i = 1; i <= 10; ++i) add(queue, {.keys = {i}, .chains = {}, .tables = {1}}, i);
  for (std::uint64_t i = 11; i <= 20; ++i)
    add(queue, {.keys = {99}, .chains = {}, .tables = {2}}, i);
  const auto first = queue.take({.rows = 5, .bytes = 1000, .units = 1000});
  const auto second = queue.take({.rows = 5, .bytes = 1000, .units = 1000});
  const auto third = queue.take({.rows = 100, .bytes = 1000, .units = 1000});
  EXPECT_EQ(first.size(), 5U);
  EXPECT_EQ(second.size(), 5U);
  EXPECT_EQ(third.size(), 10U);  // the chain
  EXPECT_FALSE(queue.has_ready());
}

TEST(UnitQueue, what_is_behind_the_first_unapplied_unit_is_not_behind_the_base) {
  UnitQueue queue(1000);
  for (std::uint64_t i = 1; i <= 3; ++i) add(queue, {.keys = {i}, .chains = {}, .tables = {}}, i);
  const auto first = queue.take({.rows = 1, .bytes = 1000, .units = 1000});
  const auto others = queue.take({.rows = 10, .bytes = 1000, .units = 1000});
  queue.finish(others);
  EXPECT_EQ(queue.applied_number(), 0U);
  EXPECT_TRUE(queue.take_applied().is_empty());
  queue.finish(first);
  EXPECT_EQ(queue.applied_number(), 3U);
}

}  // namespace
}  // namespace tideway
