#include "snapshot/read_plan.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "snapshot/reader_sessions.h"
#include "snapshot/session_key_space.h"

namespace tideway {
namespace {

// Tables of one chunk that are planned in one act of the ledger.
constexpr std::size_t small_tables_at_once = 256;
// Chunks of one table planned in a row: what earlier ones held is to be known for later ones.
constexpr std::size_t chunks_at_once = 4;

bool is_about_the_table(const Error& error) {
  switch (error.code()) {
    case ErrorCode::table_gone:
    case ErrorCode::definition_changed:
    case ErrorCode::server_refused:
      return true;
    default:
      return false;
  }
}

// MySQL takes a selected `*` for all columns, quoted or not: its rows would be others than asked
// for.
Result<void> refuse_star_column(const TableDef& table) {
  const auto star = std::ranges::find(table.columns, "*", &Column::name);
  if (star == table.columns.end()) return {};
  Evidence evidence;
  evidence.table = quoted(table.id);
  evidence.column = "*";
  return fail(Error(ErrorCode::server_refused, Side::source, Retry::after_operator,
                    std::move(evidence),
                    "a column named * cannot be read, since the server takes it for all columns: "
                    "rename it, or leave the table out with --filter"));
}

}  // namespace

ReadPlan::ReadPlan(std::vector<ListedTable> tables, Ledger& ledger, ReadOptions options)
    : ledger_(ledger), options_(std::move(options)) {
  std::ranges::stable_sort(tables, [](const ListedTable& a, const ListedTable& b) {
    return std::pair(a.bytes, a.rows) > std::pair(b.bytes, b.rows);
  });
  for (ListedTable& table : tables) {
    Work work;
    work.key = ordering_key(*table.def);
    if (work.key != nullptr) work.columns = key_columns(*table.def, *work.key);
    work.listed = std::move(table);
    works_.push_back(std::move(work));
  }
}

// One chunk without bounds: there is nothing to gain from asking for some.
bool ReadPlan::is_small(const Work& work) const {
  return work.key == nullptr ||
         (work.listed.rows <= options_.chunk_rows && work.listed.bytes <= options_.chunk_bytes);
}

Result<std::optional<ChunkTask>> ReadPlan::next(Session& session, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::size_t> to_plan;
    {
      std::unique_lock lock(mutex_);
      const bool is_low = ready_.size() < std::max<std::size_t>(options_.chunks_ahead / 2, 1);
      if (ready_.empty() || (is_low && planners_ == 0)) to_plan = choose_tables();
      if (to_plan.empty()) {
        if (!ready_.empty()) {
          ChunkTask task = std::move(ready_.front());
          ready_.pop_front();
          return std::optional(std::move(task));
        }
        if (planners_ == 0) return std::optional<ChunkTask>();
        changed_.wait(lock, stop, [this] { return !ready_.empty() || planners_ == 0; });
        continue;
      }
      ++planners_;
    }
    auto planned = plan(to_plan, session, stop);
    {
      const std::scoped_lock lock(mutex_);
      --planners_;
      for (const std::size_t index : to_plan) works_[index].is_planning = false;
    }
    changed_.notify_all();
    TRY(std::move(planned));
  }
  return std::optional<ChunkTask>();
}

std::vector<std::size_t> ReadPlan::choose_tables() {
  const auto is_open = [](const Work& work) {
    return !work.is_planned && !work.is_planning && !work.error;
  };
  while (next_table_ < works_.size() &&
         (works_[next_table_].is_planned || works_[next_table_].error))
    ++next_table_;
  std::vector<std::size_t> chosen;
  for (std::size_t i = next_table_; i < works_.size() && chosen.size() < small_tables_at_once;
       ++i) {
    if (!is_open(works_[i])) continue;
    if (!is_small(works_[i])) {
      if (chosen.empty()) chosen.push_back(i);
      break;
    }
    chosen.push_back(i);
  }
  for (const std::size_t index : chosen) works_[index].is_planning = true;
  return chosen;
}

Result<void> ReadPlan::plan(std::span<const std::size_t> tables, Session& session,
                            const std::stop_token& stop) {
  std::vector<Planned> planned(tables.size());
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Work& work = works_[tables[i]];
    if (!work.is_loaded) TRY(load(work, tables[i], planned[i]));
    const std::size_t known = planned[i].tasks.size();
    if (!planned[i].is_complete && planned[i].tasks.size() < chunks_at_once) {
      auto done = cut(work, tables[i], planned[i], session, stop);
      if (!done) {
        if (session.is_broken() || !is_about_the_table(done.error()))
          return fail(
              std::move(done).error().during("planning chunks of " + quoted(work.listed.id())));
        failed(tables[i], std::move(done).error());
        planned[i].tasks.clear();
        continue;
      }
    }
    for (std::size_t task = known; task < planned[i].tasks.size(); ++task)
      streams.push_back(*planned[i].tasks[task].stream);
  }
  if (!streams.empty()) TRY_DURING("writing down planned chunks", ledger_.plan(streams));
  publish(tables, std::move(planned));
  return {};
}

// What the ledger has of the table: done chunks are left out, others are read again or taken up
// behind their mark.
Result<void> ReadPlan::load(Work& work, std::size_t index, Planned& planned) {
  const TableId& id = work.listed.id();
  KeyCells last_bound;
  for (StreamState& state :
       TRY_DURING("asking what there is of " + quoted(id), ledger_.streams(id))) {
    planned.has_begun = true;
    ChunkRange range = TRY(parse_chunk_range(state.stream.range));
    work.next_ordinal = std::max(work.next_ordinal, state.stream.ordinal + 1);
    planned.is_complete = planned.is_complete || state.stream.is_last;
    last_bound = range.high;
    planned.rows_before += state.digest.rows;
    if (state.is_done) continue;
    ChunkTask task{index, std::make_shared<const Stream>(state.stream), std::move(range), {}};
    if (!state.mark.empty() && work.key != nullptr) task.after = TRY(parse_mark(state.mark));
    planned.tasks.push_back(std::move(task));
  }
  work.is_loaded = true;
  if (planned.is_complete || work.key == nullptr) return {};
  work.planner = std::make_unique<ChunkPlanner>(
      work.columns, PlannerOptions{options_.chunk_bytes, options_.chunk_rows}, work.listed.rows,
      work.listed.bytes, std::move(last_bound));
  return {};
}

Result<void> ReadPlan::cut(Work& work, std::size_t index, Planned& planned, Session& session,
                           const std::stop_token& stop) {
  TRY(refuse_star_column(*work.listed.def));
  const auto add = [&](ChunkRange range, bool is_last) {
    auto stream = std::make_shared<Stream>();
    *stream = {work.listed.id(), work.next_ordinal++, to_json(range), is_last};
    planned.tasks.push_back({index, std::move(stream), std::move(range), {}});
    planned.is_complete = is_last;
  };
  if (is_small(work) && work.next_ordinal == 0) {
    add({}, true);
    return {};
  }
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [rows, bytes] : std::exchange(work.learnt, {}))
      work.planner->learn(rows, bytes);
  }
  SessionKeySpace keys(session, *work.listed.def, *work.key, stop);
  while (!work.planner->is_done() && planned.tasks.size() < chunks_at_once) {
    ChunkRange range = TRY(work.planner->next(keys));
    const bool is_last = work.planner->is_done();
    add(std::move(range), is_last);
  }
  return release_metadata_locks(session, stop);
}

void ReadPlan::publish(std::span<const std::size_t> tables, std::vector<Planned> planned) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Work& work = works_[tables[i]];
    if (work.error) continue;
    work.is_planned = planned[i].is_complete;
    work.rows_before += planned[i].rows_before;
    if (planned[i].has_begun) {
      work.first_point = 0;
      if (!work.last_point) work.last_point = 0;
    }
    work.open_chunks += planned[i].tasks.size();
    chunks_planned_ += planned[i].tasks.size();
    for (ChunkTask& task : planned[i].tasks) ready_.push_back(std::move(task));
  }
}

void ReadPlan::reading(const ChunkTask& task, std::uint64_t rows, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  works_[task.table].rows += rows;
  works_[task.table].bytes += bytes;
}

void ReadPlan::finished(const ChunkTask& task, std::uint64_t rows, std::uint64_t bytes,
                        std::size_t point) {
  const std::scoped_lock lock(mutex_);
  Work& work = works_[task.table];
  --work.open_chunks;
  ++chunks_read_;
  work.first_point = std::min(work.first_point.value_or(point), point);
  work.last_point = std::max(work.last_point.value_or(point), point);
  if (!work.is_planned && !task.after) work.learnt.emplace_back(rows, bytes);
}

void ReadPlan::failed(std::size_t table, Error error) {
  const std::scoped_lock lock(mutex_);
  Work& work = works_[table];
  if (work.error) return;
  LOG(warn, "a table cannot be read on; the others are",
      {{"table", quoted(work.listed.id())}, {"error", error.to_line()}});
  work.error = std::move(error);
  std::erase_if(ready_, [table](const ChunkTask& task) { return task.table == table; });
}

ReadEstimate ReadPlan::estimate() const {
  const std::scoped_lock lock(mutex_);
  ReadEstimate estimate;
  estimate.tables = works_.size();
  estimate.chunks_planned = chunks_planned_;
  estimate.chunks_read = chunks_read_;
  for (const Work& work : works_) {
    const bool is_over = work.is_read() || work.error;
    if (work.is_read()) ++estimate.tables_read;
    estimate.rows_before += work.rows_before;
    const std::uint64_t guessed = work.listed.rows;
    const std::uint64_t left = guessed - std::min(guessed, work.rows_before);
    estimate.rows += is_over ? work.rows : std::max(left, work.rows);
    const std::uint64_t left_bytes =
        guessed == 0
            ? work.listed.bytes
            : static_cast<std::uint64_t>(static_cast<double>(work.listed.bytes) *
                                         static_cast<double>(left) / static_cast<double>(guessed));
    estimate.bytes_before += work.listed.bytes - std::min(work.listed.bytes, left_bytes);
    estimate.bytes += is_over ? work.bytes : std::max(left_bytes, work.bytes);
  }
  return estimate;
}

std::vector<FailedTable> ReadPlan::failed_tables() const {
  const std::scoped_lock lock(mutex_);
  std::vector<FailedTable> failed;
  for (const Work& work : works_) {
    if (work.error) failed.push_back({work.listed.id(), *work.error});
  }
  return failed;
}

std::vector<ReadPlan::Read> ReadPlan::read_tables() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Read> read;
  for (const Work& work : works_) {
    if (work.is_read())
      read.push_back({work.listed.id(), work.first_point.value_or(0), work.last_point.value_or(0)});
  }
  return read;
}

}  // namespace tideway
