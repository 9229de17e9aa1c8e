#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/memory.h"
#include "base/result.h"
#include "flow/source.h"
#include "model/table_def.h"
#include "model/unit.h"
#include "mysql/endpoint.h"
#include "sql/track_ddl.h"
#include "stream/copied_table.h"
#include "stream/log_start.h"

namespace tideway {

// What the reader of a log has seen, for the status block. Figures only grow; any thread.
struct LogReadMeter {
  std::atomic<std::uint64_t> units = 0, events = 0, bytes = 0;
  std::atomic<std::uint64_t> events_overlapped = 0;    // of rows that a copy has
  std::atomic<std::uint64_t> events_unread = 0;        // of tables that have a fault
  std::atomic<std::uint64_t> rows_applied_before = 0;  // of a unit that was cut: left out
  std::atomic<std::uint64_t> reconnects = 0;
  std::atomic<std::int64_t> commit_us = 0;  // of the last unit read, by the source's clock
  // When the source last said that there was nothing behind what was read, by our steady clock in
  // nanoseconds; 0: never.
  std::atomic<std::int64_t> tail_ns = 0;
};

struct LogSourceOptions {
  UnitSet done;  // units behind the start that are applied: they are left out
  // A unit of which the first rows are applied: they are left out. `last` of it may be 0.
  std::optional<UnitId> split;
  std::uint64_t split_rows = 0;
  std::map<TableId, CopiedTable> copied;
  // Tables and, with an empty name, databases that are followed. Default: all but the server's own.
  std::function<bool(const TableId&)> is_wanted;
  // Asks for the definition of a wanted table that is not known; nullopt: there is none. Default:
  // nobody is asked.
  std::function<Result<std::optional<TableDef>>(const TableId&, const std::stop_token&)>
      find_definition;
  // XA branches that were prepared before the start and end behind it were visible to the copy
  // already: what ends one is passed over. Else its changes are looked for before the start: TW403
  // where the log there is purged.
  bool sees_older_branches = false;
  bool ends = false;  // at the end of the log there is, instead of waiting
  Duration heartbeat = std::chrono::seconds(1);
  std::uint32_t block_bytes = 1U << 20U;
};

// A source's binary log as one stream of blocks, from a start on: rows under the definition their
// table has there, ends of transactions, statements that change definitions. One reader.
//
// A table whose rows or statements do not fit its definition (TW405, TW504, TW505), or of which
// something is not decoded (TW111), has a fault: UnreadRows stand for what the log has of it from
// there on, until a statement defines it anew. The others go on.
//
// The reader says where it is by a UnitEnd: at the end of each transaction, where nothing more is
// to be had behind what is no transaction, and whenever the source says by a heartbeat that it is
// there. A writer that has applied all is therefore soon at the end of the log.
//
// A lost source is waited for and the log taken up behind the last row handed on. TW406 purged;
// TW407 another log; TW408 a change logged as a statement; TW409 what is not decoded; TW410 damaged
// bytes: each names place and table.
class LogSource : public Source {
 public:
  // `definitions`: of the wanted tables, as they are at the start (of copied tables: at their
  // high). `places` is of the start; it, `names` and `arbiter` outlive this.
  LogSource(Endpoint source, LogSourceOptions options, Definitions definitions, LogPlaces& places,
            OriginNames& names, MemoryArbiter& arbiter);
  ~LogSource() override;

  std::size_t readers_max() const override { return 1; }
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) override;

  // The stream ends once everything up to there has been handed on; a later call moves the end.
  void read_until(LogStart end);
  // Or before the first transaction whose time is not before `seconds` since 1970, as
  // find_log_time() goes by; one that is yet to come is waited for, by the source's clock.
  void read_until_time(std::int64_t seconds);
  const LogReadMeter& meter() const;

  struct State;  // private to the room

 private:
  std::unique_ptr<State> state_;
};

}  // namespace tideway
