#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tideway {

// A write found no room: what it was for, what it needs at least and what is there.
struct SpaceShortage {
  std::string path;
  std::uint64_t need_bytes = 0, have_bytes = 0;
};

// need 64.0 KiB, have 12.0 KiB for /data/dump/a.sql; and what else may be short when it is not
// bytes.
std::string to_text(const SpaceShortage& shortage);

// Who is told that writers wait for room on the disk. Any thread; several writers can wait at once.
class SpaceObserver {
 public:
  virtual ~SpaceObserver() = default;
  virtual void waiting(
      const SpaceShortage& shortage) = 0;  // again every few seconds, with new numbers
  virtual void resumed(std::string_view path) = 0;
};

// What may be on disk at all, where somebody set a limit: --disk. A limit does not move while it is
// waited for, so that going over it is an error and no waiting. Any thread.
class DiskBudget {
 public:
  explicit DiskBudget(std::uint64_t bytes) : limit_(bytes) {}
  // Before bytes are written. Error not_enough_space with both numbers; then nothing was taken.
  Result<void> take(std::uint64_t bytes, std::string_view path);
  void give_back(std::uint64_t bytes) { used_ -= bytes; }  // they are not on disk any more
  std::uint64_t left() const;

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_ = 0;
};

// How a full disk is met: not as an error but as the state "waiting for space". Borrowed by a
// storage, which it outlives.
struct SpacePolicy {
  const Clock* clock = &real_clock();
  SpaceObserver* observer = nullptr;  // nullptr: the log is told
  DiskBudget* budget = nullptr;       // nullptr: as much as there is
  Duration look_again = std::chrono::seconds(1);
};

// Calls `attempt` until it returns something other than ENOSPC or EDQUOT, which is the result (0 or
// an errno); waits in between. Error `stopped` when `stop` asked for it first.
Result<int> retry_for_space(const SpacePolicy& policy, std::string_view path,
                            std::uint64_t need_bytes,
                            const std::function<std::uint64_t()>& have_bytes,
                            const std::function<int()>& attempt, const std::stop_token& stop);

}  // namespace tideway
