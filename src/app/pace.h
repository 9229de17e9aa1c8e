#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "flow/status.h"

namespace tideway {

// What an operator is shown of a status: rates, a share done, a time to go. Within one phase no
// figure moves backwards, whatever the recipe says: rows that are read again were done once.
struct Figures {
  Status status;
  std::optional<double> share;  // of the phase, 0 to 1; 1 only when everything known is done
  double rows_per_s = 0, bytes_per_s = 0;
  std::optional<Duration> least_left,
      most_left;           // a range: the rate of these seconds, of this minute, of the phase
  std::string limited_by;  // "writing (readers wait 63 %)"; empty: nothing stands out
  Duration elapsed{0}, phase_elapsed{0};
};

// Makes figures from one status after another. One thread.
class Pace {
 public:
  explicit Pace(Instant start) : start_(start) {}
  Figures next(const Status& status, Instant now);

 private:
  // Exponentially weighted mean of a rate; a young one is not drawn towards zero.
  class Rate {
   public:
    explicit Rate(double seconds) : seconds_(seconds) {}
    void add(double amount, double over_seconds);
    double per_second() const { return weight_ > 0 ? sum_ / weight_ : 0; }

   private:
    const double seconds_;
    double sum_ = 0, weight_ = 0;
  };
  struct Phase {
    explicit Phase(Instant began) : begin(began) {}
    Instant begin;
    std::uint64_t rows_at_begin = 0, bytes_at_begin = 0;
    std::uint64_t rows = 0, bytes = 0, tables = 0;  // the most seen
    double share = 0;
    Rate rows_now{5}, bytes_now{5}, rows_minute{60}, bytes_minute{60};
    Rate readers_wait{10}, writers_wait{10};  // seconds of waiting a second and thread
  };
  void begin_phase(const Status& status, Instant now);
  void measure(const Status& status, double seconds);
  void estimate(Figures& figures) const;
  std::string limit() const;

  const Instant start_;
  std::optional<Phase> phase_;
  Status last_;
  Instant last_time_{};
};

}  // namespace tideway
