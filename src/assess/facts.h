#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "assess/log_retention.h"
#include "base/error.h"
#include "model/table_id.h"
#include "mysql/server.h"
#include "mysql/server_identity.h"
#include "mysql/session.h"
#include "snapshot/log_window.h"
#include "sql/rewrite.h"

namespace tideway {

// What is going to be done: which rules apply.
struct Purpose {
  bool copies = true;   // rows are read in a snapshot and tables made
  bool follows = true;  // the log is read and applied
};

// What both servers say of themselves.
struct ServerFacts {
  Server server;
  std::string account;  // user@host
  Variables variables;  // global ones
  // Empty: the server has no such variable.
  std::string_view value(std::string_view name) const;
  std::uint64_t number(std::string_view name) const;
};

// The statement that sets a global variable so that it stays set, as far as the server can; where
// only a parameter group can, words that say so.
std::string statement_to_set(const Server& server, std::string_view name, std::string_view value);

struct LongTransaction {
  std::uint64_t session = 0, seconds = 0;
};

// An ability has the error with which it failed when it was tried, or none.
using Attempt = std::optional<Error>;

struct SourceFacts : ServerFacts {
  std::optional<LogStatus> log;  // nullopt: it writes none, or may not be asked
  Attempt no_snapshot, no_log_status, no_whole_log, no_log_events, no_running_transactions,
      no_branches;
  std::vector<std::string> branches;  // prepared now, by xid as XA statements write it
  std::vector<LongTransaction> long_transactions;
  LogRetention retention;
};

struct TargetFacts : ServerFacts {
  Attempt no_progress_tables, no_kill;
  TargetTraits traits;
  std::set<TableId> tables;        // that it has, as it spells them
  std::vector<TableId> triggered;  // tables with triggers
  // TiDB; nullopt: not known, or another server.
  std::optional<bool> has_global_kill, has_new_collations;
};

// SHOW GLOBAL VARIABLES, names in lower case.
Result<Variables> read_variables(Session& session, const std::stop_token& stop);
Result<ServerFacts> read_server(Session& session, const std::stop_token& stop);

}  // namespace tideway
