#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tideway {

// A place in one server's binary log. Ordered as the log is: by the number behind the last dot of
// the file's name, so binlog.1000000 comes after binlog.999999, then by offset.
struct LogPosition {
  std::string file;
  std::uint64_t offset = 4;  // bytes from the file's start; 4 is behind the magic number

  std::strong_ordering operator<=>(const LogPosition& other) const;
  bool operator==(const LogPosition& other) const = default;
};
std::string to_text(const LogPosition& position);  // "binlog.000003:12345"
Result<LogPosition> parse_log_position(std::string_view text);

// The number behind the last dot of a log file's name; 0 when there is none.
std::uint64_t log_file_number(std::string_view file);

}  // namespace tideway
