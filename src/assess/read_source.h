#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "assess/facts.h"
#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// Asks a source everything that the rules want to know of it. Abilities are tried: a snapshot is
// opened and closed, an event of the log is pulled as a replica would. Changes nothing. The error
// is a lost connection or a stop.
Result<SourceFacts> read_source(Session& session, const Purpose& purpose,
                                const std::stop_token& stop);

// Those of the tables that may not be read, by trying each. No row is read.
struct UnreadableTable {
  TableId table;
  Error error;
};
Result<std::vector<UnreadableTable>> find_unreadable(Session& session,
                                                     std::span<const TableId> tables,
                                                     const std::stop_token& stop);

}  // namespace tideway
