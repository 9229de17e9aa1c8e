#include "flow/gate.h"

#include <algorithm>
#include <iterator>

namespace tideway {

void Gate::allow(std::uint32_t readers) {
  {
    const std::scoped_lock lock(mutex_);
    wished_ = readers;
  }
  changed_.notify_all();
}

void Gate::throttle(std::uint32_t readers) {
  {
    const std::scoped_lock lock(mutex_);
    borne_ = readers;
  }
  changed_.notify_all();
}

std::uint32_t Gate::allowed() const {
  const std::scoped_lock lock(mutex_);
  return std::min(wished_, borne_);
}

std::uint32_t Gate::readers() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::uint32_t>(places_.size());
}

bool Gate::is_throttled() const {
  const std::scoped_lock lock(mutex_);
  return borne_ < places_.size();
}

std::uint32_t Gate::borne() const {
  const std::scoped_lock lock(mutex_);
  return borne_;
}

void Gate::pause() {
  const std::scoped_lock lock(mutex_);
  is_paused_ = true;
}

void Gate::resume() {
  {
    const std::scoped_lock lock(mutex_);
    is_paused_ = false;
  }
  changed_.notify_all();
}

bool Gate::is_paused() const {
  const std::scoped_lock lock(mutex_);
  return is_paused_;
}

bool Gate::is_standing() const {
  const std::scoped_lock lock(mutex_);
  return is_paused_ && !places_.empty();
}

// Of five readers two may read: in one slice the first and the second, in the next the second and
// the third, and so on.
bool Gate::has_turn(std::uint64_t number) const {
  if (is_paused_) return false;
  const std::uint64_t allowed = std::min(wished_, borne_), count = places_.size();
  if (allowed >= count) return true;
  const auto rank =
      static_cast<std::uint64_t>(std::distance(places_.begin(), places_.find(number)));
  const auto turn =
      static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin_) / slice_);
  return (rank + count - turn % count) % count < allowed;
}

Gate::Place::Place(Gate* gate) : gate_(gate) {
  if (gate_ == nullptr) return;
  const std::scoped_lock lock(gate_->mutex_);
  number_ = gate_->next_place_++;
  gate_->places_.insert(number_);
}

Gate::Place::~Place() {
  if (gate_ == nullptr) return;
  {
    const std::scoped_lock lock(gate_->mutex_);
    gate_->places_.erase(number_);
  }
  gate_->changed_.notify_all();
}

bool Gate::Place::enter(const std::stop_token& stop) {
  if (gate_ == nullptr) return !stop.stop_requested();
  std::unique_lock lock(gate_->mutex_);
  while (!stop.stop_requested()) {
    if (gate_->has_turn(number_)) return true;
    // Nobody tells of the next slice.
    gate_->changed_.wait_for(lock, stop, gate_->slice_,
                             [this] { return gate_->has_turn(number_); });
  }
  return false;
}

bool Gate::Place::leave(const std::stop_token& stop) {
  if (gate_ == nullptr) return !stop.stop_requested();
  std::unique_lock lock(gate_->mutex_);
  return gate_->changed_.wait(lock, stop, [this] { return !gate_->is_paused_; }) &&
         !stop.stop_requested();
}

}  // namespace tideway
