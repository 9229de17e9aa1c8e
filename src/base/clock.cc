#include "base/clock.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

namespace tideway {
namespace {

class RealClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }

  bool wait(Duration duration, const std::stop_token& stop) const override {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

Backoff::Backoff(Duration first, Duration most) : first_(first), most_(most), current_(first) {}

Duration Backoff::next() {
  thread_local std::minstd_rand random(std::random_device{}());
  const double spread = std::uniform_real_distribution<double>(0.75, 1.25)(random);
  const auto wait = std::chrono::duration_cast<Duration>(current_ * spread);
  current_ = std::min(current_ * 2, most_);
  return wait;
}

}  // namespace tideway
