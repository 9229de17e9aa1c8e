#include "operate/status_sampler.h"

#include <chrono>
#include <utility>

namespace tideway {
namespace {

constexpr auto tick = std::chrono::milliseconds(500);

}  // namespace

StatusSampler::StatusSampler(std::function<Told()> ask, std::function<void()> on_told)
    : ask_(std::move(ask)), on_told_(std::move(on_told)) {
  crew_.start("status-sample", [this](const std::stop_token& stop) -> Result<void> {
    while (!stop.stop_requested()) {
      std::uint64_t number = 0;
      {
        const std::scoped_lock lock(mutex_);
        number = wanted_;
      }
      Told told = ask_();
      {
        const std::scoped_lock lock(mutex_);
        last_ = {std::move(told), number, last_.count + 1};
      }
      on_told_();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, tick, [this, number] { return wanted_ > number; });
    }
    return {};
  });
}

StatusSampler::~StatusSampler() = default;

std::uint64_t StatusSampler::want() {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = ++wanted_;
  }
  changed_.notify_all();
  return number;
}

StatusSampler::Sample StatusSampler::last() const {
  const std::scoped_lock lock(mutex_);
  return last_;
}

}  // namespace tideway
