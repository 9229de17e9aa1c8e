#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "recipe/log_place.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// Where a source's log ended: all that was committed before `asked` is before it.
struct LogEnd {
  Instant asked{};
  std::int64_t clock_us = 0;  // the source's own, then
  LogStart end;
  std::vector<LogFile> files;  // oldest first; only the last one grows
};

// What the reader of a log and the writer of its units say of themselves at one moment.
struct LogProgressed {
  LogStart base;                       // durable in the target
  std::int64_t read_commit_us = 0;     // of the last unit read, by the source's clock; 0: none yet
  std::int64_t applied_commit_us = 0;  // all up to here are applied; 0: none yet
  std::int64_t oldest_commit_us = 0;   // of what waits; 0: nothing does
  std::optional<Instant> tail;         // when the source last said that there was nothing more
  std::uint64_t units = 0, bytes = 0;  // read
};

// Makes a lag of both. Promises less rather than more: 0 is said only for as long after a proof
// that the end was reached as the heartbeat lasts; without one the lag grows with the clock.
// A proof is the source's word that nothing is behind what was read, or a base behind a place where
// the log had ended. Pure; one thread.
class LagMeter {
 public:
  explicit LagMeter(Duration heartbeat) : heartbeat_(heartbeat) {}

  void take(LogEnd end);
  Lag measure(const LogProgressed& progress, Instant now);

 private:
  struct Sample {
    Instant at;
    double value;
  };
  void look_for_proof(const LogProgressed& progress);
  std::optional<std::uint64_t> ms(const LogProgressed& progress, Instant now) const;
  std::optional<Duration> since(std::int64_t commit_us, Instant now) const;
  std::optional<std::uint64_t> bytes(const LogProgressed& progress) const;
  void add_transactions(Lag& lag, const LogProgressed& progress) const;
  void add_trend(Lag& lag, Instant now);

  const Duration heartbeat_;
  std::optional<LogEnd> last_;
  std::optional<LogEnd> unproven_;  // the oldest end that the base has not been seen behind
  std::optional<Instant> proven_;   // all committed before is durable
  std::deque<Sample> samples_;      // bytes, or milliseconds where those are not known
  bool are_samples_bytes_ = false;
};

// Asks the source every second where its log ends, on a session of its own. A source that does not
// answer is no error: what is not known is said to be not known.
class LagWatch {
 public:
  using Progress = std::function<LogProgressed()>;  // short; any thread
  LagWatch(Endpoint source, Progress progress, Duration heartbeat,
           const Clock& clock = real_clock());

  Result<void> run(const std::stop_token& stop);  // for a Crew; returns when stopped
  Lag lag() const;                                // any thread

 private:
  Result<void> ask(const std::stop_token& stop);

  const Endpoint source_;
  const Progress progress_;
  const Clock& clock_;
  mutable Guarded<LagMeter> meter_;
};

}  // namespace tideway::recipe
