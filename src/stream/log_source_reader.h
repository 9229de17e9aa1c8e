#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "binlog/event.h"
#include "flow/source.h"
#include "stream/log_connection.h"
#include "stream/log_source.h"
#include "stream/logged_tables.h"
#include "stream/xa_branches.h"

namespace tideway {

// What the one reader and who asks after it share.
struct LogSource::State {
  State(Endpoint endpoint, LogSourceOptions log_options, Definitions definitions_,
        LogPlaces& log_places, OriginNames& origin_names, MemoryArbiter& memory)
      : source(std::move(endpoint)),
        options(std::move(log_options)),
        definitions(std::move(definitions_)),
        places(log_places),
        names(origin_names),
        arbiter(memory) {}

  const Endpoint source;
  const LogSourceOptions options;
  Definitions definitions;
  LogPlaces& places;
  OriginNames& names;
  MemoryArbiter& arbiter;
  LogReadMeter meter;
  Guarded<std::optional<LogStart>> until;
  std::atomic<std::uint64_t> until_version = 0;
  static constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::int64_t> until_seconds = no_time;
};

// Turns events into the items of blocks. Private to the room.
class LogSourceReader final : public Reader {
 public:
  explicit LogSourceReader(LogSource::State& state);
  Result<std::optional<Block>> next(const std::stop_token& stop) override;

 private:
  // The transaction being read.
  struct Unit {
    UnitPlace place;
    UnitId id;                    // without GTID `last` is not known before its end
    std::uint64_t begin = 0;      // in its file
    std::uint64_t rows = 0;       // read so far, those left out included
    std::uint64_t leave_out = 0;  // its first rows: the target has them, or will
    std::int64_t commit_us = 0;
    bool is_done = false;    // the target has all of it
    bool is_branch = false;  // behind XA START: what it changes happens when it is committed
    bool is_begun = false;   // behind BEGIN
    std::string branch;      // the XA transaction it holds or ends
  };
  // Rows of an event that are not all in blocks yet.
  struct OpenRows {
    RowsEvent event;
    LoggedTables::Table* table = nullptr;
    RowCursor cursor;
  };

  // --- log_source_reader.cc: the connection, blocks ---
  Result<void> reopen(const std::stop_token& stop);
  Result<void> read_event(const std::stop_token& stop);
  Result<void> lose(Error error);
  Result<void> make_block(std::uint64_t bytes, const std::stop_token& stop);
  Result<void> make_oversize_block(std::uint64_t bytes, const std::stop_token& stop);
  Error no_memory(std::uint64_t bytes, const std::stop_token& stop) const;
  Block hand_on();
  std::uint64_t small_block_bytes() const;
  bool is_ripe() const;
  bool is_at_limit();
  LogResume resume() const;

  // --- log_source_rows.cc ---
  Result<void> begin_rows(const RowsEvent& event, const std::stop_token& stop);
  Result<void> leave_unread(const std::shared_ptr<const TableFault>& fault, std::uint64_t events,
                            const std::stop_token& stop);
  Result<void> decode_rows(const std::stop_token& stop);
  Result<void> fail_rows(const Error& error, const std::stop_token& stop);
  Result<void> leave_rows_out(const std::stop_token& stop);

  // --- log_source_units.cc: what events mean ---
  Result<void> take(const Event& event, const std::stop_token& stop);
  Result<void> take_format(const EventHeader& header);
  Result<void> take_rotate(const Rotate& rotate);
  Result<void> take_query(const EventHeader& header, const QueryEvent& query,
                          const std::stop_token& stop);
  Result<void> take_ddl(const QueryEvent& query, const SessionContext& session,
                        const std::stop_token& stop);
  Result<void> take_prepare(bool is_one_phase, const std::stop_token& stop);
  Result<void> commit_branch(const std::string& xid, const std::stop_token& stop);
  Result<void> open_branch(const LogPosition& begin, std::optional<BranchEvents> events,
                           const std::stop_token& stop);
  void take_heartbeat(const Heartbeat& heartbeat);
  bool has_moved() const;
  void end_place();
  Result<void> begin_unit(const EventHeader& header, const GtidEvent* gtid);
  Result<void> end_unit();
  void advance(const EventHeader& header);
  LogPosition here() const { return {file_, offset_}; }
  Error at_place(Error error) const;
  Error cut_off(const Unit& unit) const;

  LogSource::State& state_;
  const StreamPtr stream_;
  LogConnection connection_;
  EventReader events_{true};
  LoggedTables tables_;

  // Changes of an XA branch are taken when it is committed.
  XaBranches branches_;
  std::optional<BranchReader> branch_;

  std::string file_;
  std::uint32_t file_ordinal_ = 0;
  std::uint64_t file_number_ = 0;
  std::uint64_t offset_ = 4;    // behind the last event
  std::uint64_t unit_end_ = 4;  // behind the last unit, in unit_file_
  std::string unit_file_;
  std::optional<GtidSet> gtids_;  // of all units read; nullopt: the source has none
  std::optional<Unit> unit_;
  // Of which only the rest is wanted: it was being read when the connection was lost, or the target
  // has its first rows.
  std::optional<Unit> cut_;
  bool is_cut_next_ = false;  // the former
  std::optional<OpenRows> rows_;
  std::optional<UnitEnd> pending_end_;  // for the block
  // The last place that was told by a UnitEnd.
  std::pair<std::uint64_t, std::uint64_t> told_;  // number of the file, offset
  bool is_asked_ = false;                         // it is to be told again
  std::optional<Block> block_;
  Instant block_since_{};  // when it was made
  bool is_full_ = false;   // of the block
  bool is_over_ = false, has_ended_ = false;
  std::uint64_t until_version_ = 0;
  std::optional<LogStart> until_;
};

}  // namespace tideway
