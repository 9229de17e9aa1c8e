#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "mysql/endpoint.h"
#include "verify/compare.h"
#include "verify/report.h"
#include "verify/table_pair.h"

namespace tideway {

struct LiveOptions {
  DigestStrength strength = DigestStrength::strong;
  std::uint64_t range_rows = 20'000;  // rows of a digest query: smaller ones are written to less
  std::uint64_t leaf_rows = 200;      // a range this small is halved no more
  std::uint32_t batch = 64;           // ranges that wait for the target together
  std::uint32_t confirmations = 3;    // a difference that stands still so often is one
  std::uint32_t patience_for_writers = 4;  // so often a range may change before it is halved
  std::uint32_t examples = 100;            // keys named per table
  std::size_t threads = 1;                 // sessions on each side
  double share = 1.0;  // of the time may be spent asking; the rest is waited, for the servers' sake
  Duration patience = std::chrono::minutes(5);  // for a server that stays away
};

// How far a pass is. Any thread.
struct LiveMeter {
  std::atomic<std::uint64_t> tables_done = 0, ranges_done = 0, rows = 0;
  std::atomic<std::uint64_t> ranges_asked_again = 0;  // they differed: in flight, or for good
};

// A table as one pass left it. `report.state`: equal when every range was seen equal; different
// when a range differed and the source's side of it stood still; not_compared when it could not be
// asked for, or `unsettled` ranges changed whenever they were looked at.
struct LiveReport {
  TableReport report;
  std::uint64_t unsettled = 0;
};

// Compares tables while the source is written to and a log brings its changes to the target
// (replication §7.8). A range of keys is equal when the target's digest, asked for once it holds
// everything the source's digest saw, is the source's before or after. It differs when the source's
// digest has not moved around the target's, `confirmations` times in a row. A range that moves is
// halved until what moves is small, and left for the next pass when it never rests. Reads only.
class LiveComparison {
 public:
  // Returns when everything that was committed at the source before the call is in the target.
  using CatchUp = std::function<Result<void>(const std::stop_token&)>;

  LiveComparison(Endpoint source, Endpoint target, CatchUp catch_up, LiveOptions options);
  ~LiveComparison();

  // One report for each pair, in their order. TW106 on stop, or the error of a server that stays
  // away or of catching up; a table that cannot be compared ends no pass.
  Result<std::vector<LiveReport>> pass(std::span<const TablePair> pairs, LiveMeter& meter,
                                       const std::stop_token& stop);

 private:
  struct Sides;
  std::unique_ptr<Sides> sides_;
  const CatchUp catch_up_;
  const LiveOptions options_;
};

}  // namespace tideway
