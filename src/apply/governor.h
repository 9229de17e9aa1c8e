#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"

namespace tideway {

// How hard the target is driven, shared by all writers of a sink: additive increase, multiplicative
// decrease of how many write at once and of how large their batches are. A target that is busy or
// short of memory slows a job and never fails it. Any thread.
class Governor {
 public:
  struct Limits {
    std::uint32_t writers = 4;
    std::uint64_t batch_bytes = 1ULL << 20U, batch_bytes_least = 16ULL << 10U;
  };
  Governor(Limits limits, const Clock& clock);

  // The right to have one transaction open.
  class Turn {
   public:
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    std::uint64_t batch_bytes() const { return batch_bytes_; }

   private:
    friend class Governor;
    Turn(Governor* governor, std::uint64_t batch_bytes)
        : governor_(governor), batch_bytes_(batch_bytes) {}
    Governor* governor_;
    std::uint64_t batch_bytes_;
  };
  // Waits until one is free. nullopt: stopping.
  std::optional<Turn> take(const std::stop_token& stop);

  void went_well();  // a transaction committed
  void was_busy();  // the target asked for less; counts once a second, since all writers hear it at
                    // the same time
  // Between these the sink's state is "waiting for space". Nested by several writers.
  void begin_waiting_for_space();
  void end_waiting_for_space();

  struct Pressure {
    std::uint32_t writers_allowed = 0, writers = 0, waiting_for_space = 0;
    std::uint64_t batch_bytes = 0;
    std::uint64_t times_busy = 0;
    bool is_reduced = false;
  };
  Pressure pressure() const;
  // "target busy: 2 of 4 writers, batch 256.0 KiB", "waiting for space on the target", or empty.
  std::string to_text() const;

 private:
  void give_back();
  const Limits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint32_t allowed_, taken_ = 0, waiting_for_space_ = 0;
  std::uint64_t batch_bytes_, times_busy_ = 0;
  std::optional<Instant> last_change_;
};

}  // namespace tideway
