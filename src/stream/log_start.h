#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"
#include "binlog/gtid_set.h"
#include "binlog/log_position.h"
#include "model/block.h"
#include "model/unit.h"

namespace tideway {

// Where following a source's log begins, or goes on: all that stands before it is in the target or
// was never meant for it. A value; its text is what progress keeps as a base's position.
struct LogStart {
  std::string server_uuid;  // whose file `position` is in; empty: a server that has none
  LogPosition position;     // between two transactions
  // When that file was begun, seconds since 1970: after a RESET a file of the same name is another.
  // 0: not known.
  std::uint32_t file_created = 0;
  std::optional<GtidSet> gtids;  // all before it; nullopt: the source has no GTIDs
  // XA branches prepared before it and neither committed nor rolled back: where the transaction
  // that holds each one's changes begins, by xid as XA statements write it.
  std::map<std::string, LogPosition> branches;

  // All that stands before `other` stands before this too: by GTIDs where both have them, and by
  // position in the log of one server.
  bool reaches(const LogStart& other) const;
  std::string to_text() const;  // for people: "binlog.000003:157"
  std::string to_json() const;
  static Result<LogStart> parse_json(std::string_view text);
  bool operator==(const LogStart&) const = default;
};

// An origin of OriginNames is a GTID's source, or a file of the log.
bool is_gtid_source(std::string_view origin);

// Knows of each place the reader has passed how to begin there: the writer's base moves behind the
// reader. Shared by both; any thread.
class LogPlaces {
 public:
  LogPlaces(LogStart start, OriginNames& names);

  // By the reader: a branch was prepared in the transaction that begins and ends there; it was
  // ended (committed, rolled back) by the one that ends there. The server that is read is another
  // one now: files from here on are its own.
  void prepared(const std::string& xid, const LogPosition& begin, const LogPosition& end);
  void ended(const std::string& xid, const LogPosition& end);
  void moved_to(const std::string& server_uuid);
  void begun(const std::string& file, std::uint32_t created);
  // Where the changes begin of the branch that is open at `end`, or ended by the transaction that
  // ends there; nullopt: none of that name is known.
  std::optional<LogPosition> branch(const std::string& xid, const LogPosition& end) const;
  std::optional<std::uint32_t> created(const std::string& file) const;
  std::string server_uuid() const;
  const LogStart& start() const { return start_; }

  // The start behind a unit, all before it being done: `units` are those since the first start.
  // Forgets branches that ended before it: ask for ever later ones.
  LogStart behind(const UnitEnd& last, const UnitSet& units);

 private:
  struct Branch {
    LogPosition begin, prepared;
    std::optional<LogPosition> ended;
  };
  struct State {
    std::string server_uuid;
    std::map<std::string, std::uint32_t> created;  // by file
    std::multimap<std::string, Branch> branches;
  };
  const LogStart start_;
  OriginNames& names_;
  Guarded<State> state_;
};

}  // namespace tideway
