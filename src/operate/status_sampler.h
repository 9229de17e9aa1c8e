#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/crew.h"

namespace tideway {

// What is said of a job: one line of JSON, and what in it counts as news.
struct Told {
  std::string line, gist;
};

// Asks a job how it is, in a thread of its own: twice a second, and when somebody wants to know.
// Whoever answers for the job never waits for it.
class StatusSampler {
 public:
  // `ask` is called by that thread alone, `on_told` after each answer.
  StatusSampler(std::function<Told()> ask, std::function<void()> on_told);
  ~StatusSampler();
  StatusSampler(const StatusSampler&) = delete;
  StatusSampler& operator=(const StatusSampler&) = delete;

  // Has the job asked soon. Returns a number for number().
  std::uint64_t want();
  struct Sample {
    Told told;
    std::uint64_t number = 0;  // of the latest want() before it was asked; 0: never asked so far
    std::uint64_t count = 0;   // how many there were
  };
  Sample last() const;

 private:
  const std::function<Told()> ask_;
  const std::function<void()> on_told_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t wanted_ = 1;
  Sample last_;
  Crew crew_{std::stop_token{}};
};

}  // namespace tideway
