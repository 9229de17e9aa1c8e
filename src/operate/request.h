#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tideway {

// A line that a client sends: docs/control.md.
struct Request {
  std::string verb, argument;
};
constexpr std::size_t request_bytes_max = 64UL << 10U;

std::string to_line(const Request& request);
// TW100: it is none. The text is anybody's.
Result<Request> parse_request(std::string_view line);

// What a verb was answered.
std::string answer_line(const std::string& verb, const std::string& text);
// The text of an answer; the error it tells of, or TW307 when it is neither.
Result<std::string> parse_answer(std::string_view line);
// The exit code of an `end` event; nullopt: it is another event.
std::optional<unsigned> parse_end(std::string_view line);

}  // namespace tideway
