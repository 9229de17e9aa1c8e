#include "apply/failure.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tideway {
namespace {

// What servers say when a file cannot grow. MySQL prints the number of the operating system's error
// inside several of its own.
bool says_no_space(const Evidence& evidence) {
  constexpr std::array numbers = {1021U, 1114U};
  if (std::ranges::find(numbers, evidence.server_errno) != numbers.end()) return true;
  constexpr std::array<std::string_view, 4> texts = {"No space left", "Errcode: 28", "errno: 28",
                                                     "error 28 "};
  return std::ranges::any_of(texts, [&](std::string_view text) {
    return evidence.server_text.find(text) != std::string::npos;
  });
}

}  // namespace

Failure failure_of(const Error& error) {
  if (says_no_space(error.evidence())) return Failure::space;
  switch (error.code()) {
    case ErrorCode::fenced:
      return Failure::fenced;
    case ErrorCode::duplicate_key:
      return Failure::duplicate;
    case ErrorCode::row_rejected:
    case ErrorCode::packet_too_large:
      return Failure::row;
    case ErrorCode::server_busy:
    case ErrorCode::too_many_connections:
      return Failure::busy;
    default:
      break;
  }
  switch (error.retry()) {
    case Retry::same_session:
      return Failure::again;
    case Retry::new_session:
      return Failure::lost;
    case Retry::never:
    case Retry::after_operator:
      break;
  }
  return Failure::fatal;
}

}  // namespace tideway
