#include "apply/log_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apply/log_lane.h"
#include "base/log.h"

namespace tideway {
namespace {

// An operator who stops does not wait for a target that does not answer.
constexpr Duration patience_at_stop = std::chrono::seconds(5);
// A unit of more goes in pieces whatever it weighs: what is known of each row is memory too.
constexpr std::uint64_t rows_most = 50'000;

Error stopped() {
  return Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while following the log");
}

Error misses_half_written(const std::string& met, const std::string& wanted) {
  return Error(ErrorCode::internal, Side::local, Retry::never,
               fmt::format("unit {} came while {} is half written", met, wanted));
}

bool is_same(const UnitId& one, const UnitId& other) {
  return one.origin == other.origin && one.first == other.first;
}

// The unit that an item of the block belongs to; nullptr: not told in this block.
const UnitId* unit_of(std::span<const Item> items, std::size_t at) {
  for (; at < items.size(); ++at) {
    if (const auto* end = std::get_if<UnitEnd>(&items[at])) return &end->unit;
    if (const auto* part = std::get_if<UnitPart>(&items[at])) return &part->unit;
  }
  return nullptr;
}

std::uint64_t bytes_of(const Block& block, const Rows& rows) {
  std::uint64_t bytes = 0;
  for (const Cell& cell : block.cells(rows)) bytes += cell.is_null() ? 4 : cell.length;
  return bytes;
}

}  // namespace

void LogWriter::Touches::clear() {
  keys.clear();
  tables.clear();
  chains.clear();
}

LogWriter::LogWriter(LogSink::Shared& shared, std::uint64_t piece_bytes)
    : shared_(shared),
      piece_bytes_(piece_bytes),
      half_written_(shared.progress.found().split),
      crew_(std::stop_token()) {}

LogWriter::~LogWriter() {
  shared_.give_up();
  crew_.stop();
  static_cast<void>(crew_.join());  // whoever asked for the end has its reason already
}

Result<void> LogWriter::start(std::vector<LaneRow> rows, std::vector<Loan> loans) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto lane = std::make_shared<LogLane>(shared_, std::move(rows[i]), std::move(loans[i]));
    crew_.start(fmt::format("lane {}", i), [this, lane](const std::stop_token& stop) {
      auto done = lane->run(stop);
      if (!done) shared_.give_up();
      return done;
    });
  }
  crew_.start("base", [this](const std::stop_token& stop) {
    auto done = shared_.move_base_until(stop);
    if (!done) shared_.give_up();
    return done;
  });
  return {};
}

// Why they gave up.
Result<void> LogWriter::lanes_failed() {
  shared_.give_up();
  crew_.stop();
  TRY(crew_.join());
  return fail(stopped());
}

Result<void> LogWriter::write(Block block, const std::stop_token& stop) {
  if (!shared_.wait_for_room(stop)) return lanes_failed();
  const auto work = std::make_shared<BlockWork>(std::move(block));
  TRY(plan_block(*work, stop));
  return hand_on(work);
}

Result<void> LogWriter::plan_block(BlockWork& work, const std::stop_token& stop) {
  const auto items = std::as_const(work.block).items();
  work.rows.reserve(static_cast<std::size_t>(std::ranges::count_if(
      items, [](const Item& item) { return std::holds_alternative<Rows>(item); })));
  changes_.clear();
  next_change_ = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const auto* rows = std::get_if<Rows>(&items[i])) {
      if (rows->row_count != 0) TRY(plan_rows(work, i, stop));
    } else if (const auto* change = std::get_if<std::shared_ptr<const SchemaChange>>(&items[i])) {
      TRY(take_change(*change, stop));
    } else if (const auto* unread = std::get_if<UnreadRows>(&items[i])) {
      TRY(leave_out(*unread, unit_of(items, i), stop));
    }
  }
  return {};
}

// Units of its table that were handed on before are left out by lanes that come to them later.
Result<void> LogWriter::leave_out(const UnreadRows& unread, const UnitId* unit,
                                  const std::stop_token& stop) {
  const TableId& source = unread.fault->table;
  const auto target = shared_.options.target_of ? shared_.options.target_of(source) : source;
  if (!target) return {};
  TargetTable& table = shared_.tables.table(*target);
  if (!table.is_parked) {
    TRY(shared_.parking.park(table, TRY(shared_.tables.shape_now(table, stop)),
                             unit == nullptr ? "" : shared_.progress.text_of(*unit),
                             unread.fault->reason, stop));
  }
  shared_.parking.count_dropped(table, unread.events);
  shared_.meter.dropped += unread.events;
  return {};
}

Result<void> LogWriter::plan_rows(BlockWork& work, std::size_t item, const std::stop_token& stop) {
  const auto items = std::as_const(work.block).items();
  RowsWork& rows = work.rows.emplace_back();
  rows.rows = &std::get<Rows>(items[item]);
  rows.table = &shared_.tables.table(rows.rows->table->id);
  rows.first_hash = work.hashes.size();
  if (rows.table->is_parked) return {};
  const ShapePtr shape = TRY(shared_.tables.shape(*rows.table, stop));
  if (!shape) return {};  // a DDL comes first: a lane plans them behind it
  const auto park = [&](const std::string& reason) {
    const UnitId* const unit = unit_of(items, item);
    return shared_.parking.park(
        *rows.table, shape, unit == nullptr ? "" : shared_.progress.text_of(*unit), reason, stop);
  };
  auto plan = shared_.plan(rows, shape);
  if (!plan) return park(plan.error().to_line());
  if (rows.rows->is_replay && (*plan)->is_keyless())
    return park("its rows have no key, and the copy of it was still moving");
  rows.plan = *std::move(plan);
  rows.is_known = rows.plan->hash(work.block, *rows.rows, work.hashes);
  return {};
}

// From here on nobody plans for its tables until it is applied.
Result<void> LogWriter::take_change(const std::shared_ptr<const SchemaChange>& change,
                                    const std::stop_token& stop) {
  ChangedTables tables = tables_of(*change, shared_);
  std::vector<TargetTable*> all = tables.changed;
  all.insert(all.end(), tables.referenced.begin(), tables.referenced.end());
  for (TargetTable* const table : std::vector(all)) {
    const ShapePtr shape = TRY(shared_.tables.shape_now(*table, stop));
    all.insert(all.end(), shape->relatives.begin(), shape->relatives.end());
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  shared_.tables.begin_change(all);
  tables.referenced = std::move(all);
  changes_.push_back(std::move(tables));
  return {};
}

Result<void> LogWriter::hand_on(const std::shared_ptr<BlockWork>& work) {
  rows_ = {work, 0, 0};
  std::size_t next_rows = 0;
  const UnitPart* part = nullptr;
  for (const Item& item : std::as_const(work->block).items()) {
    if (const auto* rows = std::get_if<Rows>(&item)) {
      if (rows->row_count != 0) take_rows(work, work->rows[next_rows++]);
    } else if (const auto* change = std::get_if<std::shared_ptr<const SchemaChange>>(&item)) {
      PendingUnit& unit = open_unit();
      unit.change = *change;
      unit.change_tables = std::move(changes_[next_change_++].referenced);
      for (const TargetTable* const table : unit.change_tables)
        touches_.chains.push_back(table->ordinal);
      touches_.chains.push_back(UnitQueue::all_changes);
    } else if (const auto* end = std::get_if<UnitEnd>(&item)) {
      TRY(end_unit(*end));
      rows_ = {work, static_cast<std::uint32_t>(next_rows), 0};
    } else if (const auto* found = std::get_if<UnitPart>(&item)) {
      part = found;
    }
  }
  TRY(end_block(work->block, part));
  rows_ = {};
  const std::scoped_lock lock(shared_.mutex);
  shared_.say_more_is_ready();
  return {};
}

PendingUnit& LogWriter::open_unit() {
  if (open_ == nullptr) {
    const std::scoped_lock lock(shared_.mutex);
    open_ = &shared_.queue.begin();
    touches_.clear();
    parts_.clear();
    held_bytes_ = 0;
  }
  return *open_;
}

void LogWriter::take_rows(const std::shared_ptr<BlockWork>& work, RowsWork& rows) {
  PendingUnit& unit = open_unit();
  unit.rows += rows.rows->row_count;
  unit.bytes += bytes_of(work->block, *rows.rows);
  ++rows_.count;
  if (unit.is_split) return;
  if (!rows.plan || !rows.is_known || rows.plan->is_chained()) {
    touches_.chains.push_back(rows.table->ordinal);
    if (rows.plan) {
      for (const TargetTable* const table : rows.plan->shape()->cascaded)
        touches_.chains.push_back(table->ordinal);
    }
  } else {
    touches_.tables.push_back(rows.table->ordinal);
  }
  if (!rows.plan) return;
  const std::size_t count = rows.plan->hashes_per_row() * rows.rows->row_count;
  for (std::size_t i = rows.first_hash; i < rows.first_hash + count; ++i) {
    if (work->hashes[i] != 0) touches_.keys.push_back(work->hashes[i]);
  }
}

void LogWriter::hand_out_touches() {
  UnitQueue& queue = shared_.queue;
  for (const std::uint32_t table : touches_.chains) queue.touch_chain(table);
  for (const std::uint32_t table : touches_.tables) queue.touch_table(table);
  for (const std::uint64_t key : touches_.keys) queue.touch_key(key);
}

Result<void> LogWriter::end_unit(const UnitEnd& end) {
  PendingUnit& unit = open_unit();
  const bool is_half_written = half_written_ && is_same(half_written_->unit, end.unit);
  if (half_written_ && !is_half_written && (unit.rows != 0 || unit.change)) {
    return fail(misses_half_written(shared_.progress.text_of(end.unit),
                                    shared_.progress.text_of(half_written_->unit)));
  }
  if (is_half_written && !unit.is_split) split(end.unit);
  const bool is_split = unit.is_split;
  if (is_split) add_piece(end.unit, {std::exchange(rows_, {}), 0}, true);
  const std::scoped_lock lock(shared_.mutex);
  if (is_split) {
    half_written_.reset();
  } else {
    for (Part& part : parts_) unit.parts.push_back(std::move(part.rows));
    if (rows_.count != 0) unit.parts.push_back(std::exchange(rows_, {}));
    hand_out_touches();
  }
  const bool was_ready = shared_.queue.has_ready();
  shared_.queue.end(end);
  if (!was_ready && shared_.queue.has_ready()) shared_.ready_since = shared_.clock.now();
  if (is_split || shared_.queue.untaken_rows() >= shared_.options.group_rows)
    shared_.say_more_is_ready();
  shared_.meter.units_waiting = shared_.queue.last_number() - shared_.queue.applied_number();
  open_ = nullptr;
  parts_.clear();
  return {};
}

// The unit goes on in the next block: its rows are kept, or written now where they are many.
Result<void> LogWriter::end_block(const Block& block, const UnitPart* part) {
  if (open_ == nullptr && part == nullptr) return {};
  if (part == nullptr) {
    return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                      "a block of the log ended inside a unit without a word"));
  }
  PendingUnit& unit = open_unit();
  Part rows{rows_.count != 0 ? std::exchange(rows_, {}) : UnitRows(), part->rows};
  if (unit.is_split) {
    add_piece(part->unit, std::move(rows), false);
    return {};
  }
  if (rows.rows.block) {
    held_bytes_ += block.loan_bytes();
    parts_.push_back(std::move(rows));
  }
  const bool is_half_written = half_written_ && is_same(half_written_->unit, part->unit);
  // Of rows larger than a block there may be one at a time: nobody may wait for the next with it.
  const bool is_oversize = block.loan_bytes() > 2 * std::uint64_t{Block::usual_bytes};
  if (!unit.change &&
      (is_half_written || held_bytes_ > piece_bytes_ || unit.rows > rows_most || is_oversize))
    split(part->unit);
  return {};
}

void LogWriter::split(const UnitId& id) {
  {
    const std::scoped_lock lock(shared_.mutex);
    shared_.queue.split();
  }
  touches_.clear();
  for (Part& part : parts_) add_piece(id, std::move(part), false);
  parts_.clear();
}

void LogWriter::add_piece(const UnitId& id, Part part, bool is_last) {
  if (part.rows.count == 0) {
    part.rows = {};
    if (!is_last) return;
  }
  const std::scoped_lock lock(shared_.mutex);
  shared_.pieces.push_back({open_, std::move(part.rows), id, part.log_rows, is_last});
  if (is_last) open_->end.unit = id;
  shared_.say_more_is_ready();
}

Result<void> LogWriter::finish(const std::stop_token& stop) {
  shared_.close();
  const bool is_all = shared_.wait_until_applied(stop);
  const Instant limit = shared_.clock.now() + patience_at_stop;
  shared_.give_up();
  while (!is_all && shared_.meter.lanes_busy != 0 && shared_.clock.now() < limit) {
    if (!shared_.clock.wait(std::chrono::milliseconds(10), {})) break;
  }
  if (!is_all) crew_.stop();
  auto ended = crew_.join();
  const bool was_cut = !ended && !is_all && ended.error().code() == ErrorCode::stopped;
  if (!ended && !was_cut) return ended;
  TRY(shared_.move_base({}));
  TRY(shared_.parking.write_counts({}));
  if (!is_all && !stop.stop_requested()) return fail(stopped());
  return {};
}

}  // namespace tideway
