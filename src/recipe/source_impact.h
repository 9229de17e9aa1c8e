#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "base/result.h"
#include "flow/control.h"
#include "flow/status.h"
#include "mysql/endpoint.h"

namespace tideway::recipe {

// What a source bears: --source-impact. Readers are slowed down for as long as it is more.
struct SourceImpact {
  std::optional<std::uint32_t>
      threads_running;              // of others: as many as we have readers are taken off
  std::optional<Duration> latency;  // of a statement that does nothing
  bool is_off() const { return !threads_running && !latency; }
  friend bool operator==(const SourceImpact&, const SourceImpact&) = default;
};
// "threads-running=20,latency=5ms", one of them, or "off". TW103.
Result<SourceImpact> parse_source_impact(std::string_view text);
std::string impact_text(const SourceImpact& impact);

// What was seen of a source in one look.
struct SourceLoad {
  std::uint32_t threads_running = 0;
  Duration latency{0};
};

// How many readers may read, from one look to the next: half as many, down to none, after each look
// that shows more than the source bears; one more after three looks in a row that show clearly less
// (below four fifths). In between nothing changes, or readers would come and go with every look.
class ImpactThrottle {
 public:
  explicit ImpactThrottle(std::uint32_t readers) : readers_(readers), allowed_(readers) {}
  std::uint32_t next(const SourceImpact& impact, const SourceLoad& load);

 private:
  const std::uint32_t readers_;
  std::uint32_t allowed_;
  int calm_looks_ = 0;
};

// Looks at the source each second, with a session of its own, and throttles the board's gate; the
// verb `source-impact` changes what it bears, also from and to nothing. While it cannot look
// nothing changes. All it did is undone on destruction.
class SourceWatch {
 public:
  // `readers`: the most there can be. The references outlive it.
  SourceWatch(const Endpoint& source, const SourceImpact& impact, std::uint32_t readers,
              StatusBoard& board);
  ~SourceWatch();
  SourceWatch(const SourceWatch&) = delete;
  SourceWatch& operator=(const SourceWatch&) = delete;

 private:
  Result<void> run(const std::stop_token& stop);
  void follow(const std::stop_token& stop);

  const Endpoint& source_;
  const std::uint32_t readers_;
  StatusBoard& board_;
  Guarded<SourceImpact> impact_;
  bool has_warned_ = false;  // the watching thread's
  const JobControl::Offer offer_;
  Crew crew_{std::stop_token{}};
};

}  // namespace tideway::recipe
