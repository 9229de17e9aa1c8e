#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "binlog/event.h"
#include "binlog/log_position.h"
#include "stream/log_connection.h"

namespace tideway {

// Events of one XA branch, from behind its XA START to its XA PREPARE, as the log has them.
struct BranchEvents {
  LogPosition begin;  // of the transaction that prepared it
  EventReader reader{true};
  std::string bytes;
  std::vector<std::size_t> ends;  // of each event in `bytes`
};

// Branches that were read and neither committed nor rolled back, as far as they are small: the
// others are read again where they were prepared. One thread. Private to the room.
class XaBranches {
 public:
  // At most so much is borrowed of the arbiter, once, when the first branch comes.
  XaBranches(MemoryArbiter& arbiter, std::uint64_t most_bytes)
      : arbiter_(arbiter), most_bytes_(most_bytes) {}

  // An event of the transaction that is read now, of a branch.
  Result<void> add(std::string_view event, const std::stop_token& stop);
  // That transaction is over: its branch is known by this name from now on, or nobody wants it.
  // `reader` is who read it.
  void prepared(const std::string& xid, const LogPosition& begin, const EventReader& reader);
  void give_up();
  // What was added so far, for a branch committed in one phase.
  std::optional<BranchEvents> take_open(const EventReader& reader);
  std::optional<BranchEvents> take(const std::string& xid, const LogPosition& begin);
  void forget(const std::string& xid);

 private:
  MemoryArbiter& arbiter_;
  const std::uint64_t most_bytes_;
  Loan loan_;
  bool has_loan_ = false;
  BranchEvents open_;
  bool is_too_large_ = false;  // what is open
  std::uint64_t bytes_ = 0;    // of all that are kept
  std::map<std::string, BranchEvents> kept_;
  std::list<std::string> order_;  // oldest first
};

// Hands out the events of a branch, from memory or from the log. One thread.
class BranchReader {
 public:
  explicit BranchReader(BranchEvents events) : events_(std::move(events)) {}
  // Reads them where they were prepared.
  static Result<BranchReader> open(const Endpoint& source, Duration heartbeat,
                                   const std::string& server_uuid, const LogPosition& begin,
                                   const std::stop_token& stop);

  // As LogConnection::next().
  Result<std::optional<std::string_view>> next(const std::stop_token& stop);
  Result<Event> read(std::string_view event) { return events_.reader.read(event); }
  const FormatDescription& format() const { return events_.reader.format(); }

 private:
  BranchEvents events_;
  std::size_t next_ = 0;
  std::unique_ptr<LogConnection> log_;  // null: from memory
};

}  // namespace tideway
