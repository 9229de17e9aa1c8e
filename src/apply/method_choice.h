#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/guarded.h"

namespace tideway {

enum class Method : std::uint8_t { insert, infile };

// Which way into one table is faster here and now: both are tried, the faster stays, and the other
// is tried again now and then. Shared by the writers of a table. Any thread.
class MethodChoice {
 public:
  explicit MethodChoice(bool may_use_infile) {
    state_.with([&](State& state) { state.may_use_infile = may_use_infile; });
  }

  Method next();
  // Batches of fewer rows say nothing and are not counted.
  void record(Method method, std::uint64_t rows, Duration took);
  // The server bent or dropped something that way: after the third time the table is written by
  // statements only.
  void distrust_infile();
  void forbid_infile();
  std::optional<Method> settled() const;  // nullopt: still measuring

 private:
  static constexpr std::uint32_t tries = 6;        // of each before one is chosen
  static constexpr std::uint32_t look_again = 50;  // every so many batches the other one is tried
  static constexpr std::uint64_t rows_least = 200;
  struct Rate {
    double rows_per_second = 0;
    std::uint32_t batches = 0;
  };
  struct State {
    bool may_use_infile = false;
    std::uint32_t distrusted = 0;
    std::uint64_t asked = 0;
    Rate insert, infile;
  };
  static std::optional<Method> faster(const State& state);
  Guarded<State> state_;
};

}  // namespace tideway
