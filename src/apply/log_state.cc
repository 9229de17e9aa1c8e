#include "apply/log_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace tideway {
namespace {

constexpr std::size_t keys_most = 256U << 10U;
constexpr std::uint64_t group_rows_most = 2000;

std::int64_t position_of_commit(const PendingUnit* unit) {
  return unit == nullptr ? 0 : unit->end.commit_us;
}

}  // namespace

LogSink::Shared::Shared(LogProgress& log, MemoryArbiter& memory, LogSinkOptions given,
                        const Clock& time)
    : progress(log),
      arbiter(memory),
      options(std::move(given)),
      clock(time),
      governor({.writers = options.threads, .batch_bytes = options.batch_bytes}, time),
      tables(log.job().control()),
      parking(log),
      queue(keys_most),
      ready_since(time.now()) {
  auto base = std::make_shared<DurableBase>();
  base->base = log.found().base;
  base_ = std::move(base);
}

bool LogSink::Shared::wait_for_room(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  const auto ahead = [&] { return queue.last_number() - base_->number; };
  if (ahead() > options.units_ahead / 2 && !is_base_wanted) {
    is_base_wanted = true;
    base_wanted.notify_all();
  }
  work_ended.wait(lock, stop, [&] { return is_given_up || ahead() < options.units_ahead; });
  return !is_given_up && !stop.stop_requested();
}

void LogSink::Shared::say_more_is_ready() {
  if (idle == 0 || (!queue.has_ready() && pieces.empty())) return;
  // Pieces are for one lane only.
  if (pieces.empty()) {
    work_came.notify_one();
  } else {
    work_came.notify_all();
  }
}

std::optional<LaneWork> LogSink::Shared::take(std::uint32_t lane) {
  if (lane == 0 && !pieces.empty() && UnitQueue::is_free(*pieces.front().unit)) {
    LaneWork work{{}, std::move(pieces.front())};
    pieces.pop_front();
    return work;
  }
  if (!queue.has_ready()) return std::nullopt;
  UnitQueue::Limits limits;
  limits.rows = std::clamp<std::uint64_t>(queue.untaken_rows() / options.threads,
                                          options.group_rows, group_rows_most);
  limits.bytes = governor.pressure().batch_bytes;
  LaneWork work{queue.take(limits), {}};
  if (queue.has_ready()) {
    ready_since = clock.now();
    if (idle != 0) work_came.notify_one();
  }
  return work;
}

std::optional<LaneWork> LogSink::Shared::next(std::uint32_t lane, const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  const auto has_piece = [&] {
    return lane == 0 && !pieces.empty() && UnitQueue::is_free(*pieces.front().unit);
  };
  const auto is_over = [&] { return is_closed && queue.is_all_applied(); };
  while (!stop.stop_requested() && !is_given_up) {
    const Instant until = ready_since + options.group_wait;
    const bool is_time = is_closed || queue.untaken_rows() >= options.group_rows ||
                         clock.now() >= until || queue.has_ready_change();
    if (has_piece() || (queue.has_ready() && is_time)) {
      auto work = take(lane);
      ++meter.lanes_busy;
      return work;
    }
    if (is_over()) break;
    ++idle;
    if (queue.has_ready()) {
      work_came.wait_until(lock, stop, until, [] { return false; });
    } else {
      work_came.wait(lock, stop,
                     [&] { return is_given_up || queue.has_ready() || has_piece() || is_over(); });
    }
    --idle;
  }
  return std::nullopt;
}

void LogSink::Shared::finish(const LaneWork& work) {
  std::vector<UnitRows> freed;  // blocks go outside the lock
  {
    const std::scoped_lock lock(mutex);
    --meter.lanes_busy;
    const bool had_ready = queue.has_ready();
    if (work.piece) {
      ++meter.pieces;
      if (work.piece->is_last) {
        ++meter.units;
        queue.finish(std::span(&work.piece->unit, 1));
      }
    } else {
      ++meter.groups;
      meter.units += work.units.size();
      for (PendingUnit* const unit : work.units)
        std::move(unit->parts.begin(), unit->parts.end(), std::back_inserter(freed));
      queue.finish(work.units);
    }
    show_oldest();
    if (!had_ready && queue.has_ready()) ready_since = clock.now();
    say_more_is_ready();
    if (is_closed) work_came.notify_all();
  }
  work_ended.notify_all();
}

void LogSink::Shared::show_oldest() {
  meter.units_waiting = queue.last_number() - queue.applied_number();
  meter.oldest_commit_us = position_of_commit(queue.oldest());
  if (queue.applied_end()) meter.applied_commit_us = queue.applied_end()->commit_us;
}

Result<LogPlanPtr> LogSink::Shared::plan(const RowsWork& rows, const ShapePtr& shape) {
  return plans.plan(*rows.rows, *rows.table, shape);
}

std::shared_ptr<const DurableBase> LogSink::Shared::durable_base() const {
  const std::scoped_lock lock(mutex);
  return base_;
}

void LogSink::Shared::want_base() {
  {
    const std::scoped_lock lock(mutex);
    if (is_base_wanted) return;
    is_base_wanted = true;
  }
  base_wanted.notify_all();
}

Result<void> LogSink::Shared::move_base(const std::stop_token& stop) {
  auto next = std::make_shared<DurableBase>();
  {
    const std::scoped_lock lock(mutex);
    is_base_wanted = false;
    if (queue.applied_number() == base_->number) return {};
    next->number = queue.applied_number();
    next->base.units = base_->base.units;
    next->base.units.add(queue.take_applied());
    const UnitEnd& end = *queue.applied_end();
    next->base.position = options.position
                              ? options.position(end, next->base.units)
                              : fmt::format("{}:{}", progress.names().name(end.file), end.offset);
  }
  // A reader that says again where it is moves nothing.
  const bool is_same =
      next->base.position == base_->base.position && next->base.units == base_->base.units;
  if (!is_same) TRY(progress.advance_base(next->base, stop));
  {
    const std::scoped_lock lock(mutex);
    base_ = std::move(next);
  }
  work_ended.notify_all();
  return {};
}

Result<void> LogSink::Shared::move_base_until(const std::stop_token& stop) {
  constexpr Duration least = std::chrono::milliseconds(50);
  while (clock.wait(least, stop)) {
    {
      std::unique_lock lock(mutex);
      base_wanted.wait_for(lock, stop, options.base_interval,
                           [&] { return is_base_wanted || is_given_up; });
      if (is_given_up) break;
    }
    if (stop.stop_requested()) break;
    // On a log that brings nothing no lane would find out.
    if (auto lost = progress.job().lost()) return fail(*std::move(lost));
    TRY(move_base(stop));
    TRY(parking.write_counts(stop));
  }
  return {};
}

void LogSink::Shared::close() {
  {
    const std::scoped_lock lock(mutex);
    is_closed = true;
  }
  work_came.notify_all();
}

void LogSink::Shared::give_up() {
  {
    const std::scoped_lock lock(mutex);
    is_given_up = true;
  }
  work_came.notify_all();
  work_ended.notify_all();
  base_wanted.notify_all();
}

bool LogSink::Shared::wait_until_applied(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  work_ended.wait(lock, stop, [&] { return is_given_up || queue.is_all_applied(); });
  return queue.is_all_applied();
}

}  // namespace tideway
