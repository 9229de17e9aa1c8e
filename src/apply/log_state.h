#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "apply/governor.h"
#include "apply/log_parking.h"
#include "apply/log_plan.h"
#include "apply/log_sink.h"
#include "apply/target_tables.h"
#include "apply/unit_queue.h"

namespace tideway {

// Rows of a split unit that came with one block.
struct LogPiece {
  PendingUnit* unit = nullptr;
  UnitRows rows;
  UnitId id;                   // as far as it is known
  std::uint64_t log_rows = 0;  // of the unit, up to the end of the piece, before any stage
  bool is_last = false;
};

// What a lane does next: units in one transaction, or a piece of one.
struct LaneWork {
  std::vector<PendingUnit*> units;
  std::optional<LogPiece> piece;
};

// The base as the target has it.
struct DurableBase {
  LogBase base;
  std::uint64_t number = 0;  // of its last unit in this run
};

// What the writer, the lanes and the base's mover share. Private to the room. Any thread.
struct LogSink::Shared {
  Shared(LogProgress& log, MemoryArbiter& memory, LogSinkOptions given, const Clock& time);

  // --- the writer ---
  // Waits until few enough units are ahead of the base. false: stopping, or somebody failed.
  bool wait_for_room(const std::stop_token& stop);
  void say_more_is_ready();  // under the mutex

  // --- lanes ---
  // nullopt: nothing more will come, or stopping.
  std::optional<LaneWork> next(std::uint32_t lane, const std::stop_token& stop);
  void finish(const LaneWork& work);
  Result<LogPlanPtr> plan(const RowsWork& rows, const ShapePtr& shape);

  // --- the base ---
  Result<void> move_base_until(const std::stop_token& stop);  // a thread of its own
  Result<void> move_base(const std::stop_token& stop);
  std::shared_ptr<const DurableBase> durable_base() const;
  void want_base();  // soon, not after the interval

  // --- the end ---
  void close();    // nothing more is read: groups wait for nobody
  void give_up();  // no further group is begun
  bool wait_until_applied(const std::stop_token& stop);  // all that was taken

  LogProgress& progress;
  MemoryArbiter& arbiter;
  const LogSinkOptions options;
  const Clock& clock;
  Governor governor;
  LogMeter meter;
  TargetTables tables;
  LogPlans plans;
  LogParking parking;

  mutable std::mutex mutex;
  std::condition_variable_any work_came, work_ended, base_wanted;
  UnitQueue queue;
  std::deque<LogPiece> pieces;
  bool is_closed = false, is_given_up = false, is_base_wanted = false;
  Instant ready_since;
  std::uint32_t idle = 0;  // lanes that wait

 private:
  std::optional<LaneWork> take(std::uint32_t lane);
  void show_oldest();
  std::shared_ptr<const DurableBase> base_;
};

}  // namespace tideway
