#pragma once

#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace tideway {

// Calls `ask` (which returns a Result) until it succeeds, `attempts` times at most, with growing
// pauses between them. Tried again is only what the error says may be tried again in the same
// session: `ask` must begin anew what the server rolled back. Any other error, and the last one, is
// the result; a stop during a pause gives the error that was to be tried again.
template <typename Ask>
auto retry_transient(const Clock& clock, const std::stop_token& stop, unsigned attempts, Ask&& ask)
    -> decltype(ask()) {
  Backoff backoff;
  while (true) {
    auto answer = ask();
    const bool is_final =
        answer || answer.error().retry() != Retry::same_session || --attempts == 0;
    if (is_final || !clock.wait(backoff.next(), stop)) return answer;
  }
}

}  // namespace tideway
