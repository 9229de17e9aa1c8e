#include "base/memory.h"

#include <algorithm>

#include "base/check.h"

namespace tideway {

Loan& Loan::operator=(Loan&& other) noexcept {
  if (this != &other) {
    if (arbiter_ != nullptr) arbiter_->give_back(bytes_);
    arbiter_ = std::exchange(other.arbiter_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

Loan::~Loan() {
  if (arbiter_ != nullptr) arbiter_->give_back(bytes_);
}

void Loan::shrink_to(std::uint64_t bytes) {
  if (arbiter_ == nullptr || bytes >= bytes_) return;
  arbiter_->give_back(std::exchange(bytes_, bytes) - bytes);
}

MemoryArbiter::~MemoryArbiter() { CHECK(used_ == 0); }

MemoryArbiter::OversizeTurn::~OversizeTurn() {
  if (arbiter_ == nullptr) return;
  {
    const std::scoped_lock lock(arbiter_->mutex_);
    arbiter_->oversize_taken_ = false;
  }
  arbiter_->changed_.notify_all();
}

std::optional<Loan> MemoryArbiter::borrow(std::uint64_t bytes, const std::stop_token& stop) {
  if (!take(bytes, stop)) return std::nullopt;
  return Loan(this, bytes);
}

std::optional<MemoryArbiter::OversizeTurn> MemoryArbiter::take_oversize_turn(
    const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [this] { return !oversize_taken_; })) return std::nullopt;
  oversize_taken_ = true;
  return OversizeTurn(this);
}

bool MemoryArbiter::grow(Loan& loan, std::uint64_t bytes, const OversizeTurn& turn,
                         const std::stop_token& stop) {
  CHECK(turn.arbiter_ == this && (loan.arbiter_ == this || loan.arbiter_ == nullptr));
  if (loan.bytes_ + bytes > total_ || !take(bytes, stop)) return false;
  loan.arbiter_ = this;
  loan.bytes_ += bytes;
  return true;
}

bool MemoryArbiter::take(std::uint64_t bytes, const std::stop_token& stop) {
  if (bytes > total_) return false;
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  queue_.push_back(ticket);
  const bool mine = changed_.wait(
      lock, stop, [&] { return queue_.front() == ticket && used_ + bytes <= total_; });
  std::erase(queue_, ticket);
  if (mine) {
    used_ += bytes;
    peak_ = std::max(peak_, used_);
  }
  lock.unlock();
  changed_.notify_all();  // the next in the queue may fit too
  return mine;
}

void MemoryArbiter::give_back(std::uint64_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    CHECK(bytes <= used_);
    used_ -= bytes;
  }
  changed_.notify_all();
}

std::uint64_t MemoryArbiter::used_bytes() const {
  const std::scoped_lock lock(mutex_);
  return used_;
}

std::size_t MemoryArbiter::waiting() const {
  const std::scoped_lock lock(mutex_);
  return queue_.size();
}

std::uint64_t MemoryArbiter::peak_bytes() const {
  const std::scoped_lock lock(mutex_);
  return peak_;
}

}  // namespace tideway
