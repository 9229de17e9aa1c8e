#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "assess/log_retention.h"
#include "base/clock.h"
#include "base/result.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "recipe/lag.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// What of a source's log a job still needs.
struct LogNeed {
  LogStart from;                         // all before it may go
  std::optional<std::uint64_t> seconds;  // until the job has read what there is; nullopt: not known
  bool is_endless = false;               // at this rate it never has
};
LogNeed need_of(const LogStart& base, const Lag& lag);

// What a source said of its log at one moment.
struct LogKept {
  std::string server_uuid;
  LogRetention retention;
  std::vector<LogFile> files;  // oldest first
  std::int64_t clock_s = 0;    // the source's own
  // When the file with the first byte that is needed was closed, which is when the next was begun;
  // nullopt: it is still written, or nobody knows.
  std::optional<std::int64_t> closed_s;
};

// Compares for how long the source keeps what is needed with for how long it is needed. Says each
// thing once, and again when it has become true anew. One for all phases of a job, so that what was
// raised in one is put back in another. Pure; one thread.
class RetentionGuard {
 public:
  struct Verdict {
    std::optional<double> hours_left;  // until the source purges what is needed; nullopt: never, or
                                       // not known
    std::string warning;               // with the statement to type; empty: nothing new
  };
  Verdict judge(const LogKept& kept, const LogNeed& need, Instant now);

 private:
  std::optional<double> hours_left(const LogKept& kept, const LogNeed& need, Instant now);
  std::string too_short(const LogKept& kept, const LogNeed& need, double left);
  std::string long_enough(const LogKept& kept, const LogNeed& need, Instant now);

  std::optional<LogRetention> first_;  // as it was when the job's process began
  std::optional<double> warned_at_;    // hours left
  std::optional<Instant> even_since_;
  bool is_lowering_told_ = false;
  std::optional<std::pair<Instant, std::uint64_t>> written_;  // bytes of all files ever seen
};

// Time left of a copy, by the rows it has done since it was first asked. One thread.
class CopyRate {
 public:
  std::optional<std::uint64_t> seconds_left(const Status& status, Instant now);

 private:
  std::optional<std::pair<Instant, std::uint64_t>> first_;
};

// Asks the source four times a minute on a session of its own, and puts on the board what comes of
// it. A source that does not answer is no error. All that it refers to outlives it.
class RetentionWatch {
 public:
  using Need = std::function<LogNeed()>;  // called by run()'s thread
  RetentionWatch(Endpoint source, StatusBoard& board, RetentionGuard& guard, Need need,
                 const Clock& clock = real_clock());

  Result<void> run(const std::stop_token& stop);  // for a Crew; returns when stopped

 private:
  Result<void> look(const std::stop_token& stop);
  Result<std::optional<std::int64_t>> closed_at(const std::vector<LogFile>& files,
                                                const std::string& file,
                                                const std::stop_token& stop);

  const Endpoint source_;
  StatusBoard& board_;
  RetentionGuard& guard_;
  const Need need_;
  const Clock& clock_;
  std::map<std::string, std::int64_t> begun_;  // by file
};

}  // namespace tideway::recipe
