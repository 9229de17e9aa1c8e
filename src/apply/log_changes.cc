#include "apply/log_changes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tideway {
namespace {

std::string_view text_of(const Image& image, std::uint32_t cell) {
  return image.block->text(image.cells[cell]);
}

// The row that an image names, byte for byte: images of one row in one log spell its key alike.
bool name_same_row(const RowChange& first, const RowChange& second) {
  if (first.after_plan == nullptr || second.before_plan == nullptr) return false;
  const auto& is = first.after_plan->values();
  const auto& was = second.before_plan->values();
  return std::ranges::all_of(second.before_plan->identity(), [&](std::uint32_t place) {
    const auto& value = was[place];
    const auto same = std::ranges::find(is, value.target, &LogPlan::Value::target);
    return same != is.end() && same->after != LogPlan::none &&
           text_of(first.after, same->after) == text_of(second.before, value.before);
  });
}

bool can_merge(const RowChange& first, const RowChange& second) {
  return second.before_plan != nullptr && first.plan().is_full() && second.plan().is_full() &&
         first.plan().source() == second.plan().source() && name_same_row(first, second);
}

void merge(RowChange& first, const RowChange& second) {
  if (second.kind == ChangeKind::remove) {
    first.is_dropped = first.kind == ChangeKind::insert;
    first.kind = ChangeKind::remove;
    first.after_plan = nullptr;
  } else {
    first.after_plan = second.after_plan;
    first.after = second.after;
  }
}

bool is_ordered(const RowsWork& rows) {
  const LogPlan& plan = *rows.plan;
  return rows.rows->is_replay || plan.is_keyless() || plan.is_chained();
}

}  // namespace

void LogChanges::begin() {
  runs_.clear();
  slots_.clear();
  open_.clear();
  merged_ = 0;
}

LogChanges::Open& LogChanges::open(TargetTable& table) {
  Open& found = open_[&table];
  found.table = &table;
  return found;
}

void LogChanges::add(const BlockWork& block, const RowsWork& rows,
                     std::span<const std::uint64_t> hashes) {
  const LogPlan& plan = *rows.plan;
  const std::size_t per_row = rows.rows->cells_per_row(), before_cells = rows.rows->before.size(),
                    hashes_per_row = plan.hashes_per_row();
  const Cell* cells = block.block.cells(*rows.rows).data();
  const bool in_order = is_ordered(rows);
  const bool acts =
      !plan.shape()->cascaded.empty() || (rows.rows->is_replay && plan.has_foreign_keys());
  if (acts) close_all();
  for (std::uint32_t i = 0; i < rows.rows->row_count; ++i, cells += per_row) {
    RowChange change;
    change.kind = plan.kind();
    change.is_replay = rows.rows->is_replay;
    if (plan.has_before()) {
      change.before_plan = &plan;
      change.before = {&block.block, cells};
    }
    if (plan.has_after()) {
      change.after_plan = &plan;
      change.after = {&block.block, cells + before_cells};
    }
    if (in_order) {
      add_ordered(rows, change);
    } else {
      add_row(open(*rows.table), change, hashes.subspan(i * hashes_per_row, hashes_per_row));
    }
  }
  if (acts) close_all();
}

void LogChanges::add_ordered(const RowsWork& rows, RowChange change) {
  close(open(*rows.table));
  const bool checks = rows.rows->foreign_key_checks && rows.plan->has_foreign_keys() &&
                      (!rows.plan->shape()->cascaded.empty() || rows.rows->is_replay);
  // Another table between two runs is no obstacle unless the server acts on foreign keys.
  ChangeRun* last = nullptr;
  for (auto run = runs_.rbegin(); run != runs_.rend() && last == nullptr; ++run) {
    if (run->table == rows.table) last = &*run;
    if (run->foreign_key_checks || checks) break;
  }
  const bool joins = last != nullptr && last->is_ordered && last->kind == change.kind &&
                     last->foreign_key_checks == checks &&
                     last->changes.back().is_replay == change.is_replay;
  if (!joins) {
    last = &runs_.emplace_back();
    last->table = rows.table;
    last->kind = change.kind;
    last->is_ordered = true;
    last->foreign_key_checks = checks;
  }
  last->changes.push_back(change);
}

// Where a change goes: nullptr and is_free: behind what is there; nullptr: behind a new beginning.
RowChange* LogChanges::slot_to_join(Open& open, const RowChange& change,
                                    std::span<const std::uint64_t> hashes, bool& is_free) {
  RowChange* only = nullptr;
  bool goes_behind = true;  // an insert, all of what it meets made before inserts are
  is_free = true;
  for (const std::uint64_t hash : hashes) {
    if (hash == 0) continue;
    const auto slot = slots_.find(hash);
    if (slot == slots_.end() || slot->second.table != open.table ||
        slot->second.round != open.round)
      continue;
    RowChange* const met = &open.changes[slot->second.place];
    is_free = false;
    goes_behind &=
        change.kind == ChangeKind::insert && met->kind != ChangeKind::insert && !met->is_dropped;
    if (only != nullptr && only != met) {
      if (!goes_behind) return nullptr;
    }
    only = met;
  }
  if (is_free) return nullptr;
  if (goes_behind) {
    is_free = true;
    return nullptr;
  }
  return only;
}

void LogChanges::add_row(Open& open, RowChange change, std::span<const std::uint64_t> hashes) {
  bool is_free = false;
  RowChange* joined = slot_to_join(open, change, hashes, is_free);
  if (joined != nullptr && (joined->is_dropped || !can_merge(*joined, change))) joined = nullptr;
  if (joined != nullptr) {
    merge(*joined, change);
    ++merged_;
  } else {
    if (!is_free) close(open);
    open.changes.push_back(change);
    joined = &open.changes.back();
  }
  const auto place = static_cast<std::uint32_t>(joined - open.changes.data());
  for (const std::uint64_t hash : hashes) {
    if (hash != 0) slots_.insert_or_assign(hash, Slot{open.table, place, open.round});
  }
}

// Removals, then updates, then inserts: two of them that share a value were let in only in that
// order.
void LogChanges::close(Open& open) {
  if (open.changes.empty()) return;
  for (const ChangeKind kind : {ChangeKind::remove, ChangeKind::update, ChangeKind::insert}) {
    ChangeRun run;
    run.table = open.table;
    run.kind = kind;
    for (const RowChange& change : open.changes) {
      if (change.kind == kind && !change.is_dropped) run.changes.push_back(change);
    }
    if (!run.changes.empty()) runs_.push_back(std::move(run));
  }
  open.changes.clear();
  ++open.round;
}

void LogChanges::close_all() {
  for (auto& [table, open] : open_) close(open);
}

std::span<const ChangeRun> LogChanges::finish() {
  close_all();
  return runs_;
}

}  // namespace tideway
