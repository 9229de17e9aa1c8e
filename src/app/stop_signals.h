#pragma once

#include <functional>
#include <stop_token>

#include "base/crew.h"

namespace tideway {

// Turns SIGINT, SIGTERM and SIGHUP into a stop request: the first asks everybody to stop, the
// second ends the process at once (130, 143, 129). A signal that was ignored when the process
// started (nohup, a background job of a script) stays ignored. Make it in main before any other
// thread starts: they inherit the blocked signals. One in a process. SIGPIPE is ignored from here
// on: a closed pipe is a write that fails.
class StopSignals {
 public:
  // `on_first` runs in the signal thread.
  explicit StopSignals(std::function<void()> on_first);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  Result<void> wait(const std::stop_token& over);

  std::stop_source source_;
  const std::function<void()> on_first_;
  Crew crew_{std::stop_token{}};
};

}  // namespace tideway
