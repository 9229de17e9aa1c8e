#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/log_sink.h"
#include "base/memory.h"
#include "base/result.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "mysql/inquirer.h"
#include "progress/log_progress.h"
#include "recipe/lag.h"
#include "recipe/retention.h"
#include "route/route_stage.h"
#include "route/router.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_point.h"
#include "stream/log_source.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// What a job that follows a log stands on. All references outlive the following.
struct FollowParts {
  const Endpoint& source;
  LogProgress& progress;
  RouterPtr router;
  MemoryArbiter& arbiter;
  StatusBoard& board;
  RetentionGuard& retention;
};

struct FollowOptions {
  std::uint32_t threads = 4;  // lanes
  std::uint32_t block_bytes = 1U << 20U;
  std::uint64_t batch_bytes = 1ULL << 20U;
  bool sees_older_branches = false;
  std::uint32_t step = 1, steps = 1;  // of the job, for the status block
  std::string phase = "following the log";
};

// How far following came.
struct Followed {
  LogBase base;  // all before it is in the target
  std::vector<ParkedTable> parked;
  std::vector<Dropped> dropped;  // by rules
  bool is_stopped = false;       // by the operator, before the end that was asked for
};

// A source's log into a target, from where the job's progress stands: reader, rules, lanes. Made
// for one run; read_until() and the figures may be asked by any thread meanwhile.
class Following {
 public:
  // Takes base, places of copied tables and definitions from the progress. TW804: they cannot be
  // read.
  static Result<std::unique_ptr<Following>> open(const FollowParts& parts,
                                                 const FollowOptions& options,
                                                 const std::stop_token& stop);
  ~Following();

  void read_until(LogStart end) { source_->read_until(std::move(end)); }
  void read_until_time(std::int64_t seconds) { source_->read_until_time(seconds); }
  // Waits until everything that was committed at the source before the call is in the target;
  // where the log ended then. Any thread, while run() runs. TW106 on stop; the source's errors.
  Result<LogStart> catch_up(const std::stop_token& stop);
  // Row changes and statements applied or left out by now, of any table.
  std::uint64_t changes() const;
  // Adds to the status of the job; before run(), and outlives it.
  void show_also(std::function<void(Status&)> describe) {
    describe_.push_back(std::move(describe));
  }
  // Errors: run()'s of its source and sink. Stopping is none.
  Result<Followed> run(const std::stop_token& stop);

  const LogSource& source() const { return *source_; }
  const LogSink& sink() const { return *sink_; }

 private:
  Following(const FollowParts& parts, const FollowOptions& options)
      : parts_(parts), options_(options) {}
  Status status() const;
  LogProgressed progressed() const;

  const FollowParts parts_;
  const FollowOptions options_;
  std::unique_ptr<LogPlaces> places_;
  std::unique_ptr<LogSource> source_;
  std::unique_ptr<RouteStage> stage_;
  std::unique_ptr<LogSink> sink_;
  std::unique_ptr<LagWatch> lag_;
  std::unique_ptr<Inquirer> asker_;  // of catch_up()
  std::vector<std::function<void(Status&)>> describe_;
  Meter meter_;
};

// What the rows of listed tables are decoded with.
std::vector<SourceDefinition> source_definitions(const ObjectList& objects);

// The place of a snapshot, as a start: its low (where following begins) and its high.
LogStart low_of(const SnapshotPoint& point);
LogStart high_of(const SnapshotPoint& point);

}  // namespace tideway::recipe
