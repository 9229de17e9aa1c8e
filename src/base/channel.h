#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace tideway {

// Carries items from any number of pushing threads to any number of popping ones, in order, holding
// at most `max_bytes` of them; one item larger than that is admitted when the channel is empty.
// What an item weighs is said by the pusher, because the bytes are borrowed from the memory arbiter
// before they come here. Ends by close(): what was pushed before is still delivered.
template <typename T>
class Channel {
 public:
  explicit Channel(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // Waits for room. False: closed or stopping, the item is dropped.
  bool push(T item, std::uint64_t bytes, const std::stop_token& stop) {
    {
      std::unique_lock lock(mutex_);
      const auto began = std::chrono::steady_clock::now();
      const bool room = changed_.wait(lock, stop, [&] {
        return closed_ || items_.empty() || held_bytes_ + bytes <= max_bytes_;
      });
      push_wait_ += std::chrono::steady_clock::now() - began;
      if (!room || closed_) return false;
      held_bytes_ += bytes;
      items_.emplace_back(std::move(item), bytes);
    }
    changed_.notify_all();
    return true;
  }

  // Waits for an item. nullopt: closed and drained, or stopping.
  std::optional<T> pop(const std::stop_token& stop) {
    std::optional<T> item;
    {
      std::unique_lock lock(mutex_);
      const auto began = std::chrono::steady_clock::now();
      const bool ready = changed_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
      pop_wait_ += std::chrono::steady_clock::now() - began;
      if (!ready || items_.empty()) return std::nullopt;
      item.emplace(std::move(items_.front().first));
      held_bytes_ -= items_.front().second;
      items_.pop_front();
    }
    changed_.notify_all();
    return item;
  }

  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  struct Waits {
    std::chrono::nanoseconds push,
        pop;  // summed over threads: who waits for whom tells which stage limits
  };
  Waits waits() const {
    const std::scoped_lock lock(mutex_);
    return {push_wait_, pop_wait_};
  }

 private:
  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<T, std::uint64_t>> items_;
  std::uint64_t held_bytes_ = 0;
  bool closed_ = false;
  std::chrono::nanoseconds push_wait_{0}, pop_wait_{0};
};

}  // namespace tideway
