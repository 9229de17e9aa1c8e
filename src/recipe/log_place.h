#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "mysql/session.h"
#include "stream/log_start.h"

namespace tideway::recipe {

struct LogFile {
  std::string name;
  std::uint64_t bytes = 0;
};
// A source's, oldest first.
Result<std::vector<LogFile>> log_files(Session& source, const std::stop_token& stop);

// A place in a source's log as an operator names it:
//   now                    where it ends
//   binlog.000003:157      a file and an offset at which a transaction begins
//   3e11fa47-…:1-5,…       a set of GTIDs: behind all of them
//   2026-03-01 12:00:00    UTC, also with T between: before the first transaction committed then or
//                          later
// TW103 where it is none of these; TW406, TW407 where the source does not have it.
Result<LogStart> find_log_place(Session& source, const std::string& text,
                                const std::stop_token& stop);

// Where the source's log ends now: all that was committed before the call is before it.
Result<LogStart> end_of_log(Session& source, const std::stop_token& stop);

}  // namespace tideway::recipe
