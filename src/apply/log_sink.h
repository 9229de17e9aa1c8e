#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apply/governor.h"
#include "base/clock.h"
#include "base/memory.h"
#include "flow/sink.h"
#include "model/schema_change.h"
#include "model/unit.h"
#include "progress/log_progress.h"

namespace tideway {

struct LogSinkOptions {
  std::uint32_t threads = 4;  // lanes
  // The words of stream/ for "everything up to this unit's end is applied". Any thread.
  std::function<std::string(const UnitEnd& last, const UnitSet& units)> position;
  // Where a table of the source is on the target; nullopt: it is filtered out. For the names in
  // DDL: rows come here renamed. Databases are asked for with an empty name. Default: where it was.
  std::function<std::optional<TableId>(const TableId&)> target_of;
  std::uint32_t group_rows = 50;                       // a group waits for so many rows …
  Duration group_wait = std::chrono::milliseconds(4);  // … or so long
  std::uint64_t batch_bytes = 1ULL << 20U;             // text of one statement
  std::uint64_t piece_bytes = 0;  // a unit larger than this is written in pieces; 0: as the target
                                  // and the memory allow
  std::uint32_t units_ahead = 1U << 16U;  // of the base
  Duration base_interval = std::chrono::seconds(1);
  Duration patience =
      std::chrono::minutes(10);  // a target that stays away longer than this fails the job
};

// What a log's lanes did, for the status block. Figures only grow but for those that say "now".
struct LogMeter {
  std::atomic<std::uint64_t> units = 0, groups = 0, pieces = 0, schema_changes = 0;
  std::atomic<std::uint64_t> inserted = 0, updated = 0, removed = 0;  // rows of the log
  std::atomic<std::uint64_t> replayed = 0;   // of these, written per key whatever was there
  std::atomic<std::uint64_t> compacted = 0;  // of these, needed no statement of their own
  std::atomic<std::uint64_t> dropped = 0;    // of parked tables
  std::atomic<std::uint64_t> retries = 0, reconnects = 0;
  std::atomic<std::uint32_t> lanes_busy = 0;        // now
  std::atomic<std::uint64_t> units_waiting = 0;     // now: taken and not yet applied
  std::atomic<std::int64_t> oldest_commit_us = 0;   // now: of the units that wait; 0: none does
  std::atomic<std::int64_t> applied_commit_us = 0;  // all up to here are applied
};

// The changes of a log into a target server, each exactly once (exactness §4 to §7). Takes the
// blocks of one stream, in order, with one writer; lanes of its own apply the units, in any order
// that no key can tell from the log's. What a lane has done is in its row of tideway_meta in the
// same transaction, so kills anywhere lose and double nothing.
//
//  * A unit is one target transaction, with neighbours; one larger than piece_bytes is written in
//  pieces as it arrives.
//  * Rows of a table whose target says otherwise than the log (another number of rows changed, a
//  duplicate, a refused row or DDL, columns missing) park that table and its foreign-key children:
//  parked() and the log of the process say why; the others go on.
//  * write() holds the reader back when lanes are behind: memory is the blocks' own loans.
//
//  * UnreadRows park their table like a row that could not be applied.
//  * base() stands at the last UnitEnd of which all before it is applied: at the end of the log
//  once the reader, which says at least at each of the source's heartbeats where it is, has come
//  there.
//
// finish(): everything taken is applied and the base has moved behind it; a unit whose end has not
// come is left out. complete() does nothing. Errors: TW802 when the job was taken over; what the
// target refused for other reasons than rows. Everything it borrows outlives it.
class LogSink : public Sink {
 public:
  LogSink(LogProgress& progress, MemoryArbiter& arbiter, LogSinkOptions options,
          const Clock& clock = real_clock());
  ~LogSink() override;

  std::size_t writers_max() const override { return 1; }
  Result<std::unique_ptr<Writer>> open_writer(const std::stop_token& stop) override;
  Result<void> complete(const std::stop_token& stop) override;

  const LogMeter& meter() const;
  LogBase base() const;  // durable
  std::vector<ParkedTable> parked() const;
  std::string pressure_text() const;  // empty: nothing to say

  struct Shared;  // what the lanes share

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace tideway
