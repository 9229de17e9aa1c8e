#pragma once

#include <chrono>
#include <stop_token>

namespace tideway {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::steady_clock::time_point;

// Time, and waiting for it. Nothing else in Tideway sleeps. Any thread; tests bring their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // False: stop was requested first.
  virtual bool wait(Duration duration, const std::stop_token& stop) const = 0;
};

const Clock& real_clock();

// 50 ms, 100 ms, 200 ms … up to `most`, each ± 25 % so that sessions that failed together do not
// return together.
class Backoff {
 public:
  explicit Backoff(Duration first = std::chrono::milliseconds(50),
                   Duration most = std::chrono::seconds(5));
  Duration next();
  void reset() { current_ = first_; }

 private:
  const Duration first_, most_;
  Duration current_;
};

}  // namespace tideway
