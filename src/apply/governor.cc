#include "apply/governor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tideway {
namespace {

constexpr Duration between_decreases = std::chrono::seconds(1);
constexpr Duration between_increases = std::chrono::seconds(5);

}  // namespace

Governor::Governor(Limits limits, const Clock& clock)
    : limits_(limits), clock_(clock), allowed_(limits.writers), batch_bytes_(limits.batch_bytes) {}

Governor::Turn::Turn(Turn&& other) noexcept
    : governor_(std::exchange(other.governor_, nullptr)), batch_bytes_(other.batch_bytes_) {}
Governor::Turn::~Turn() {
  if (governor_ != nullptr) governor_->give_back();
}

std::optional<Governor::Turn> Governor::take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [this] { return taken_ < allowed_; })) return std::nullopt;
  ++taken_;
  return Turn(this, batch_bytes_);
}

void Governor::give_back() {
  {
    const std::scoped_lock lock(mutex_);
    --taken_;
  }
  changed_.notify_all();
}

// One step up at a time: first the batch, by an eighth of the whole, then a writer.
void Governor::went_well() {
  bool is_more = false;
  {
    const std::scoped_lock lock(mutex_);
    if (!last_change_ || clock_.now() - *last_change_ < between_increases) return;
    last_change_ = clock_.now();
    if (batch_bytes_ < limits_.batch_bytes) {
      batch_bytes_ = std::min(batch_bytes_ + limits_.batch_bytes / 8, limits_.batch_bytes);
    } else if (allowed_ < limits_.writers) {
      ++allowed_;
      is_more = true;
    } else {
      last_change_.reset();
    }
  }
  if (is_more) changed_.notify_all();
}

void Governor::was_busy() {
  const std::scoped_lock lock(mutex_);
  ++times_busy_;
  if (last_change_ && clock_.now() - *last_change_ < between_decreases) return;
  last_change_ = clock_.now();
  batch_bytes_ =
      std::max(batch_bytes_ / 2, std::min(limits_.batch_bytes_least, limits_.batch_bytes));
  allowed_ = std::max<std::uint32_t>(allowed_ - allowed_ / 2, 1);
}

void Governor::begin_waiting_for_space() {
  const std::scoped_lock lock(mutex_);
  ++waiting_for_space_;
}

void Governor::end_waiting_for_space() {
  const std::scoped_lock lock(mutex_);
  --waiting_for_space_;
}

Governor::Pressure Governor::pressure() const {
  const std::scoped_lock lock(mutex_);
  return {.writers_allowed = allowed_,
          .writers = limits_.writers,
          .waiting_for_space = waiting_for_space_,
          .batch_bytes = batch_bytes_,
          .times_busy = times_busy_,
          .is_reduced = allowed_ < limits_.writers || batch_bytes_ < limits_.batch_bytes};
}

std::string Governor::to_text() const {
  const Pressure now = pressure();
  if (now.waiting_for_space > 0) return "waiting for space on the target";
  if (!now.is_reduced) return {};
  return fmt::format("target busy: {} of {} writers, batch {}", now.writers_allowed, now.writers,
                     human_bytes(now.batch_bytes));
}

}  // namespace tideway
