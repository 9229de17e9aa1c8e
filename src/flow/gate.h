#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <stop_token>

namespace tideway {

// Where the readers of a run stop when the operator pauses the job, and where so many of them read
// at a time as the operator and the source's load allow. Any thread.
//
// A reader that must wait may have begun something that the others wait for (a snapshot is renewed
// only when all have finished their chunks). So it is not always the same ones that wait: they take
// turns.
class Gate {
 public:
  static constexpr std::uint32_t all = UINT32_MAX;
  // How long a reader's turn lasts.
  explicit Gate(std::chrono::milliseconds slice = std::chrono::seconds(1)) : slice_(slice) {}

  void allow(std::uint32_t readers);     // what the operator wishes
  void throttle(std::uint32_t readers);  // what the source bears
  std::uint32_t allowed() const;         // the lesser
  std::uint32_t readers() const;         // that there are now, reading or waiting
  bool is_throttled() const;             // the source bears fewer than there are
  std::uint32_t borne() const;           // what throttle() was told last

  // On return no reader hands on another block until resume(); what was handed on before is still
  // written.
  void pause();
  void resume();
  bool is_paused() const;    // asked for
  bool is_standing() const;  // paused, and there is a reader: the run does not move

  // One reader of a run, while it lives; its thread's. Without a gate it never waits.
  class Place {
   public:
    explicit Place(Gate* gate);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Before a block is read: waits for the turn. False: stop was requested.
    bool enter(const std::stop_token& stop);
    // Before it is handed on: waits while the job is paused. False: stop was requested.
    bool leave(const std::stop_token& stop);

   private:
    Gate* const gate_;
    std::uint64_t number_ = 0;
  };

 private:
  bool has_turn(std::uint64_t number) const;

  const std::chrono::milliseconds slice_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint32_t wished_ = all, borne_ = all;
  bool is_paused_ = false;
  std::set<std::uint64_t> places_;
  std::uint64_t next_place_ = 0;
};

}  // namespace tideway
