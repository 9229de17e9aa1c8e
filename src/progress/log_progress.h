#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "model/schema_change.h"
#include "model/table_id.h"
#include "model/unit.h"
#include "mysql/session.h"
#include "progress/job_progress.h"

namespace tideway {

// Where a log is taken up again. Everything at or before `position` is in the target, and so is
// every unit in `units`, some of which may lie behind it.
struct LogBase {
  std::string position;  // in the words of stream/, opaque here
  UnitSet units;
};

// A unit too large for one target transaction that stood half written when its writer ended. Its
// first `rows` row changes, counted in the log before any stage, are in the target: the source
// leaves them out and goes on counting behind them.
struct SplitUnit {
  UnitId unit;  // `last` may be 0: origin and first name it
  std::uint64_t rows = 0;
};

// How far a table's rows were when following began: exact at `high`, or somewhere in (low, high].
// Positions are opaque here.
struct TableStart {
  TableId table;  // the source's
  std::string low, high;
  bool is_exact = true;
};

// A table's definition at the source, as CREATE TABLE says it, behind all units of it that are
// applied: what its next rows in the log are decoded with.
struct SourceDefinition {
  TableId table;
  std::string create_text;
};

// A table of the target that is left out from a unit on, since its rows or a statement about it
// could not be applied. It has to be copied again.
struct ParkedTable {
  TableId table;          // the target's
  std::string from_unit;  // UnitSet text of one unit
  std::string reason;
  std::uint64_t dropped = 0;  // row changes left out so far
};

// A statement that changes definitions, between the decision to run it and its end.
struct DdlEntry {
  std::string unit;    // UnitSet text of one unit
  std::string intent;  // what is run, for people
  std::string tag;     // stands as a comment in what is run
  std::string before_hash, after_hash;
};

// What a takeover found of a log being followed. Empty position: nobody has begun().
struct LogState {
  LogBase base;  // with what lanes had done above it
  std::optional<SplitUnit> split;
  std::vector<ParkedTable> parked;
  std::optional<DdlEntry> ddl;  // intended, and not known to be done
};

// One line of writing to the target and its row in tideway_meta.lane, as it is in the target. Used
// by the lane's thread only.
struct LaneRow {
  std::uint32_t lane = 0;
  std::uint64_t commit_no = 0;
  UnitSet done;                    // above the base
  std::optional<SplitUnit> piece;  // written in part by this lane
};

// The log's part of a job's progress: base, lanes, the journal of DDL, parked tables. Opened after
// JobProgress::open(), which fenced the lanes and folded what they had done into the base.
// `progress` and `names` outlive it. Any thread.
class LogProgress {
 public:
  static Result<std::unique_ptr<LogProgress>> open(JobProgress& progress, OriginNames& names,
                                                   const std::stop_token& stop);
  const LogState& found() const { return found_; }
  JobProgress& job() const { return progress_; }
  OriginNames& names() const { return names_; }

  // Following begins (or begins anew) here: lanes, journal and parked tables are as new. One
  // transaction. found() tells it from then on.
  Result<void> begin(const LogBase& base, std::span<const TableStart> starts,
                     std::span<const SourceDefinition> definitions, const std::stop_token& stop);
  Result<void> begin(const LogBase& base, std::span<const TableStart> starts,
                     const std::stop_token& stop) {
    return begin(base, starts, {}, stop);
  }
  // Before that, while tables are copied: where each stands so far. One transaction.
  Result<void> set_starts(std::span<const TableStart> starts, const std::stop_token& stop);
  Result<std::vector<TableStart>> starts(const std::stop_token& stop) const;
  // A table that was copied again: its new start, and it is parked no longer.
  Result<void> set_start(const TableStart& start, const TableId& target,
                         const std::stop_token& stop);

  // Definitions known so far; those given replace what was said of the same tables. One
  // transaction.
  Result<std::vector<SourceDefinition>> definitions(const std::stop_token& stop) const;
  Result<void> set_definitions(std::span<const SourceDefinition> definitions,
                               const std::stop_token& stop);
  // For the lane's transaction that ends a unit with this statement: its tables are from then on
  // as the statement leaves them.
  std::vector<std::string> definition_statements(const SchemaChange& change) const;

  // The base moves; durable on return.
  Result<void> advance_base(const LogBase& base, const std::stop_token& stop);

  // --- lanes ---
  // Rows 0 … count-1; those that are missing are made, none is ever deleted.
  Result<std::vector<LaneRow>> lanes(std::uint32_t count, const std::stop_token& stop);
  // The first statement of a lane's transaction: moves its row from `now` to `next` (commit_no
  // + 1). Error 1048 from the server: the job was taken over, or the row is not where `now` says;
  // 0 affected rows: the row is gone. Neither may be followed by COMMIT.
  std::string advance_statement(const LaneRow& now, const LaneRow& next) const;
  // A COMMIT whose answer never came: did it happen? `session` is a new one, made with
  // JobProgress::open_session(), which killed the old one. TW802 if the row moved otherwise.
  Result<bool> was_committed(Session& session, const LaneRow& now,
                             const std::stop_token& stop) const;

  // --- DDL, parked tables: each call one transaction, durable on return ---
  Result<void> intend(const DdlEntry& entry, const std::stop_token& stop);
  // A statement for a lane's transaction that ends the entry of that unit.
  std::string end_ddl_statement(const std::string& unit) const;
  Result<void> park(std::span<const ParkedTable> tables, const std::stop_token& stop);
  Result<void> count_dropped(std::span<const ParkedTable> tables, const std::stop_token& stop);

  std::string text_of(const UnitId& unit) const;

 private:
  LogProgress(JobProgress& progress, OriginNames& names) : progress_(progress), names_(names) {}
  Result<void> read(const std::stop_token& stop);
  Result<void> replace_starts(Session& session, std::span<const TableStart> starts,
                              const std::stop_token& stop) const;
  JobProgress& progress_;
  OriginNames& names_;
  LogState found_;
};

}  // namespace tideway
