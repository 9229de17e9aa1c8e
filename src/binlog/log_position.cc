#include "binlog/log_position.h"

#include <fmt/format.h>

#include <charconv>

namespace tideway {

std::uint64_t log_file_number(std::string_view file) {
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  std::from_chars(file.data() + dot + 1, file.data() + file.size(), number);
  return number;
}

std::strong_ordering LogPosition::operator<=>(const LogPosition& other) const {
  if (const auto order = log_file_number(file) <=> log_file_number(other.file); order != 0)
    return order;
  if (const auto order = file <=> other.file; order != 0) return order;
  return offset <=> other.offset;
}

std::string to_text(const LogPosition& position) {
  return fmt::format("{}:{}", position.file, position.offset);
}

Result<LogPosition> parse_log_position(std::string_view text) {
  LogPosition position;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon != 0) {
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, position.offset);
    if (error == std::errc() && at == end) {
      position.file = text.substr(0, colon);
      return position;
    }
  }
  return fail(Error(ErrorCode::bad_value, Side::local, Retry::never,
                    fmt::format("'{}' is no log position (file:offset)", text)));
}

}  // namespace tideway
