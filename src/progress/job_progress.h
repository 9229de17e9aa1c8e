#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/table_id.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"
#include "progress/session_name.h"

namespace tideway {

class MetaSession;

struct JobOptions {
  std::string job;          // --job, 1 to 128 bytes: the name under which the target remembers it
  std::string recipe;       // "copy", "load": a job keeps its recipe
  std::string config_hash;  // of the settings that must not change between two starts of the job
  std::string
      settings;  // the same settings, one `name=value` a line: only to say which one differs
  bool takeover = false;  // --takeover: take it although its owner seems to live
  bool restart = false;   // --restart: forget what it did, whatever its recipe and settings were
  Duration heartbeat = std::chrono::seconds(3);
  Duration fresh = std::chrono::seconds(15);  // a younger heartbeat means that its owner lives
  Duration patience =
      std::chrono::minutes(5);  // a target that stays away longer than this fails the call
};

// A table the job fills. `was_empty`: nobody else's rows are in it, so it may be emptied to copy it
// again. `is_made`: the job made it, so it may be dropped and made anew where its definition
// changed.
struct FilledTable {
  TableId source, target;
  bool was_empty = true;
  bool is_made = false;
};

// A job's ownership and its whole-job facts, kept in tideway_meta of the target beside the data.
// Exactly one process owns a job: the one that took it last. Every change here, and every
// transaction of its writers, carries the owner's epoch and fails with TW802 once somebody else
// took the job; a process that saw TW802 stops and never takes it back.
//
// Made by open() and owned by the recipe for the whole run; a thread of its own renews the
// heartbeat. Any thread may call any function; each change is one transaction, durable on return,
// and safe to call again after any error (kill -9 included).
//
// A run is: open() → make_tables() (apply/schema.h, which calls fill_tables()) →
// set_position_and_reset() → clear_tables() → TargetLedger::open() → run() → finish().
class JobProgress {
 public:
  // Makes the progress tables, then takes the job:
  //  1. refuses (TW108) if its owner lives: its heartbeat is fresh and its process is not known to
  //  be gone; unless takeover
  //  2. kills the sessions its former owner recorded
  //  3. epoch + 1 in the job's row and in all its chunk rows
  // TW107: recipe or settings differ, naming the first setting that does. TW804: written by a newer
  // version. TW308: read-only.
  static Result<std::unique_ptr<JobProgress>> open(const Endpoint& target, JobOptions options,
                                                   const std::stop_token& stop);
  // Ends the heartbeat and, if the job is still ours, says that nobody owns it.
  ~JobProgress();
  JobProgress(const JobProgress&) = delete;
  JobProgress& operator=(const JobProgress&) = delete;

  const std::string& job() const;
  std::uint64_t epoch() const;
  const Endpoint& target() const;

  // As open() found them.
  bool was_begun() const;     // set_position_and_reset() was called by an earlier start
  bool was_finished() const;  // finish() was
  const std::string& certificate() const;  // what finish() was given

  // Where the copy stands in the source: opaque here, empty before the first
  // set_position_and_reset().
  std::string position() const;

  // Tables known from this and earlier starts; a table that is known keeps what was first said of
  // it.
  Result<void> fill_tables(std::span<const FilledTable> tables, const std::stop_token& stop);
  std::optional<FilledTable> filled(const TableId& source) const;  // nullopt: not yet
  std::vector<FilledTable> all_filled() const;                     // by name

  // In one transaction: the position changes, and the chunk rows of `tables_to_copy_again`, and of
  // tables that were left half written without a mark, are removed while the tables are set down as
  // to be emptied. Call once at each start, with what the log says was touched between position()
  // and the new one. TW502: a keyless table that held somebody else's rows was left half written.
  Result<void> set_position_and_reset(std::string position,
                                      std::span<const TableId> tables_to_copy_again,
                                      const std::stop_token& stop);
  // Removes the chunk rows of one table and sets it down as to be emptied: before it is dropped to
  // be made anew.
  Result<void> reset_table(const TableId& table, const std::stop_token& stop);
  // Empties every table so set down. A table that held somebody else's rows keeps its rows
  // (--on-duplicate decides again).
  Result<void> clear_tables(const std::stop_token& stop);

  // The job is as new, but for its epoch: all its tables are set down as to be emptied.
  // JobOptions::restart does this in open().
  Result<void> forget(const std::stop_token& stop);
  // The job is done; its certificate (JSON) stays to be read by anybody.
  Result<void> finish(const std::string& certificate, const std::stop_token& stop);

  // TW802 once somebody else took the job, or the error with which the heartbeat gave up. Cheap:
  // asks nobody.
  std::optional<Error> lost() const;

  // --- for writers ---
  // Opens a session to the target as writers need it (foreign_key_checks off, autocommit off) and
  // records its name before it can write. `replaces` is a session of the caller that broke: it is
  // killed first, so whatever it was doing is decided.
  Result<Session> open_session(const SessionOptions& options,
                               const std::optional<SessionName>& replaces, SessionName& name,
                               const std::stop_token& stop);

  // The session over which this room changes its rows.
  MetaSession& control() const;

 private:
  struct State;
  explicit JobProgress(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tideway
