#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "binlog/log_position.h"
#include "mysql/endpoint.h"

namespace tideway {

// "2026-03-01 12:00:00" or with T between, UTC, as seconds since 1970; nullopt: another text.
std::optional<std::int64_t> parse_log_time(std::string_view text);

// When a file of the log was begun, seconds since 1970 by the source's clock.
Result<std::int64_t> begin_of_log_file(const Endpoint& source, const std::string& file,
                                       const std::stop_token& stop);

// Where the first transaction begins whose time is not before `seconds`; the end of the last file
// when none is. `files`: the source's, oldest first. Times are those of events' headers: when the
// statement began, by the source's clock. TW406: even the first file begins later, so that what is
// wanted may be purged.
Result<LogPosition> find_log_time(const Endpoint& source, std::span<const std::string> files,
                                  std::int64_t seconds, const std::stop_token& stop);

}  // namespace tideway
