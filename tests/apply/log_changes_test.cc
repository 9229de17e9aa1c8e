// The changes of random logs, merged and sorted as LogChanges does, and made again by hand on rows
// in memory: they must end as the log's own, one after another, and no two rows may ever share a
// unique value on the way.
#include "apply/log_changes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "apply/log_statements.h"
#include "apply/rows.h"

namespace tideway {
namespace {

using ::tideway::testing::Cells;
using ::tideway::testing::table_of;

const TablePtr& keyed() {
  static const TablePtr table =
      table_of("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u INT, v INT, UNIQUE KEY u (u))");
  return table;
}

struct Step {
  ChangeKind kind;
  Cells before, after;
};
using State = std::map<std::string, Cells>;  // by id

// nullopt-like: false when the target's server would have refused it.
bool make(State& state, ChangeKind kind, const Cells& before, const Cells& after) {
  if (kind != ChangeKind::insert && state.erase(*before[0]) != 1) return false;
  if (kind == ChangeKind::remove) return true;
  const bool is_taken = std::ranges::any_of(state, [&](const auto& row) {
    return row.first == *after[0] || (after[1] && row.second[1] == after[1]);
  });
  state[*after[0]] = after;
  return !is_taken;
}

std::vector<Step> random_log(std::mt19937_64& random, State& state, std::size_t count) {
  std::vector<Step> log;
  while (log.size() < count) {
    Cells row = {std::to_string(random() % 6), std::nullopt, std::to_string(random() % 100)};
    if (random() % 4 != 0) row[1] = std::to_string(random() % 6);
    Step step{ChangeKind::insert, {}, row};
    if (!state.empty() && random() % 3 != 0) {
      auto at = state.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random() % state.size()));
      step.before = at->second;
      step.kind = random() % 3 == 0 ? ChangeKind::remove : ChangeKind::update;
      if (random() % 3 != 0) step.after[0] = step.before[0];
    }
    State next = state;
    if (step.kind == ChangeKind::update && step.before == step.after) continue;
    if (!make(next, step.kind, step.before, step.after)) continue;
    state = std::move(next);
    log.push_back(std::move(step));
  }
  return log;
}

class LogChangesTest : public ::testing::Test {
 protected:
  // A group's rows, each its own item, as one block.
  std::shared_ptr<BlockWork> block_of(const std::vector<Step>& log) {
    Block block(std::make_shared<Stream>(), std::move(*arbiter_.borrow(1U << 16U, {})));
    const ColumnSet all(stored_columns(*keyed()));
    for (const Step& step : log) {
      block.begin_rows(keyed(), step.kind, step.kind == ChangeKind::insert ? ColumnSet() : all,
                       step.kind == ChangeKind::remove ? ColumnSet() : all);
      if (step.kind != ChangeKind::insert) add(block, step.before);
      if (step.kind != ChangeKind::remove) add(block, step.after);
      block.end_row();
    }
    auto work = std::make_shared<BlockWork>(std::move(block));
    for (const Item& item : std::as_const(work->block).items()) {
      RowsWork& rows = work->rows.emplace_back();
      rows.rows = &std::get<Rows>(item);
      rows.table = &table_;
      rows.plan = *plans_.plan(*rows.rows, table_, shape_);
      rows.first_hash = work->hashes.size();
      EXPECT_TRUE(rows.plan->hash(work->block, *rows.rows, work->hashes));
    }
    return work;
  }
  static void add(Block& block, const Cells& cells) {
    for (const auto& cell : cells) block.add_cell(cell ? block.append(*cell) : Cell{});
  }
  std::span<const ChangeRun> runs_of(const BlockWork& work) {
    changes_.begin();
    for (const RowsWork& rows : work.rows) {
      changes_.add(
          work, rows,
          std::span(work.hashes)
              .subspan(rows.first_hash, rows.plan->hashes_per_row() * rows.rows->row_count));
    }
    return changes_.finish();
  }
  static Cells cells_of(const Image& image) {
    Cells cells;
    for (std::size_t i = 0; i < 3; ++i) {
      const Cell& cell = image.cells[i];
      cells.push_back(cell.is_null() ? std::nullopt
                                     : std::optional(std::string(image.block->text(cell))));
    }
    return cells;
  }

  MemoryArbiter arbiter_{64U << 20U};
  TargetTable table_{{"shop", "t"}, 1};
  ShapePtr shape_ = [] {
    auto shape = std::make_shared<TargetShape>();
    shape->definition = keyed();
    return shape;
  }();
  LogPlans plans_;
  LogChanges changes_;
};

TEST_F(LogChangesTest, merged_and_sorted_changes_come_to_the_same_and_never_break_a_unique_key) {
  std::uint64_t merged = 0, runs = 0, steps = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    std::mt19937_64 random(seed);
    State before;
    random_log(random, before, 10);
    State expected = before;
    const auto log = random_log(random, expected, 1 + random() % 12);
    const auto work = block_of(log);
    State state = before;
    for (const ChangeRun& run : runs_of(*work)) {
      ++runs;
      // Whatever order they have in their statement: both ends first.
      std::vector<RowChange> changes = run.changes;
      if (run.kind != ChangeKind::update && random() % 2 == 0) std::ranges::reverse(changes);
      for (const RowChange& change : changes) {
        const Cells was = change.before_plan != nullptr ? cells_of(change.before) : Cells(),
                    is = change.after_plan != nullptr ? cells_of(change.after) : Cells();
        ASSERT_TRUE(was.empty() || state.at(*was[0]) == was) << "seed " << seed;
        ASSERT_TRUE(make(state, change.kind, was, is)) << "seed " << seed;
      }
    }
    ASSERT_EQ(state, expected) << "seed " << seed;
    merged += changes_.merged();
    steps += log.size();
  }
  EXPECT_GT(merged, steps / 10);
  EXPECT_LT(runs, steps * 3 / 4);
}

TEST_F(LogChangesTest, a_hot_row_is_written_once) {
  std::vector<Step> log = {{ChangeKind::insert, {}, {"1", "1", "0"}}};
  for (int i = 0; i < 50; ++i) {
    log.push_back(
        {ChangeKind::update, {"1", "1", std::to_string(i)}, {"1", "1", std::to_string(i + 1)}});
  }
  const auto work = block_of(log);
  const auto runs = runs_of(*work);
  ASSERT_EQ(runs.size(), 1U);
  ASSERT_EQ(runs[0].changes.size(), 1U);
  std::vector<LogStatement> statements;
  EXPECT_EQ(write_statement(runs[0], 0, {}, statements), 1U);
  EXPECT_EQ(statements[0].sql, "INSERT INTO `shop`.`t`(`id`,`u`,`v`)VALUES(1,1,50)");
}

TEST_F(LogChangesTest, statements_of_many_rows_say_how_many_they_must_find) {
  const auto work = block_of({{ChangeKind::remove, {"1", "1", "0"}, {}},
                              {ChangeKind::remove, {"2", "2", "0"}, {}},
                              {ChangeKind::insert, {}, {"3", std::nullopt, "0"}},
                              {ChangeKind::insert, {}, {"4", "4", "0"}},
                              {ChangeKind::update, {"5", "5", "0"}, {"5", "6", "0"}}});
  std::vector<LogStatement> statements;
  for (const ChangeRun& run : runs_of(*work)) {
    for (std::size_t at = 0; at < run.changes.size();)
      at = write_statement(run, at, {}, statements);
  }
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0].sql, "DELETE FROM `shop`.`t` WHERE `id` IN (1,2)");
  EXPECT_EQ(statements[0].expected, 2U);
  EXPECT_EQ(statements[1].sql, "UPDATE `shop`.`t` SET `u`=6 WHERE `id`=5");
  EXPECT_EQ(statements[1].expected, 1U);
  EXPECT_EQ(statements[2].sql, "INSERT INTO `shop`.`t`(`id`,`u`,`v`)VALUES(3,NULL,0),(4,4,0)");
  EXPECT_EQ(statements[2].expected, 2U);
  EXPECT_EQ(evidence_of(*statements[1].change),
            "before (`id`=5, `u`=5, `v`=0) after (`id`=5, `u`=6, `v`=0)");
}

}  // namespace
}  // namespace tideway
