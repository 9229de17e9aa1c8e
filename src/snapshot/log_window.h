#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "binlog/gtid_set.h"
#include "binlog/log_position.h"
#include "mysql/session.h"
#include "snapshot/log_events.h"

namespace tideway {

// Where a server's log ends now, and what it leaves out.
struct LogStatus {
  LogPosition position;
  std::vector<std::string> only_databases, without_databases;  // binlog-do-db, binlog-ignore-db
  bool logs(const std::string& database) const;
};
Result<std::optional<LogStatus>> parse_log_status(const ResultTable& answer);
// nullopt: the server writes no log. TW401 with the GRANT as evidence without REPLICATION CLIENT.
Result<std::optional<LogStatus>> log_status(Session& session, const std::stop_token& stop);

// TW401 when the log lacks what the server changes: it is a replica that does not log what it
// applies (log_slave_updates is off). What a session changes under sql_log_bin = 0 nobody can see.
Result<void> require_whole_log(Session& session, const std::stop_token& stop);

// The transactions of the log that begin at or after `begin` and before `end`, without those whose
// GTID is in `skip`.
struct LogRange {
  LogPosition begin, end;
  GtidSet skip;
  bool sees_older_branches = false;  // Touches'
};

// Reads the log from the least begin to the greatest end once, by SHOW BINLOG EVENTS in pages small
// enough not to hold up commits on servers that lock their log meanwhile (5.7), and says of each
// range what it touched. A range ends with the first transaction boundary at or after its end.
// TW401: purged, no longer the same log (RESET), or not allowed (the GRANT is in the evidence).
Result<std::vector<Touches>> read_log(Session& session, std::span<const LogRange> ranges,
                                      const std::stop_token& stop);

// The GTIDs of all files before this one, as its header says; nullopt: the file has none.
Result<std::optional<GtidSet>> previous_gtids(Session& session, const std::string& file,
                                              const std::stop_token& stop);

}  // namespace tideway
