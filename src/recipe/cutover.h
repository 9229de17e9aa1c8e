#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "flow/status.h"
#include "recipe/live_verify.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// Where a cutover stopped, and what both sides were found to hold there.
struct CutPoint {
  LogStart
      end;  // everything before it is in the target, and nothing changed between there and here
  LivePass compared;
};

// The end of following a log, as an operator orders it: the target has caught up, nobody writes to
// the source's tables any more, both sides are compared, and still nobody has written.
class Cutover {
 public:
  struct Parts {
    // Where the source's log ended when called, once all before it is in the target.
    std::function<Result<LogStart>(const std::stop_token&)> catch_up;
    std::function<std::uint64_t()> changes;  // applied so far, of any table
    LiveVerify& verify;
    StatusBoard& board;
    std::size_t threads = 4;
  };
  explicit Cutover(Parts parts) : parts_(std::move(parts)) {}

  // The operator's side; any thread, never waits. `argument`: empty, "anyway" (tables that differ
  // or could not be compared do not hold it up) or "cancel". The sentence says what happens next.
  Result<std::string> order(const std::string& argument);
  bool is_ordered() const { return is_ordered_; }
  // An order stops this, which is what the thread that will run() does until then.
  void interrupts(std::stop_source work);
  // What run() waits for, or why the last order came to nothing.
  void describe(Status& status) const;

  // By the thread that verifies, when it was ordered: waits until the source's writers rest, and
  // compares. nullopt: cancelled, refused (a warning says why, and following goes on), or stopped.
  std::optional<CutPoint> run(const std::stop_token& stop);

 private:
  Result<std::optional<CutPoint>> attempt(const std::stop_token& stop);
  Result<bool> rests(const std::stop_token& stop);  // the source's writers
  bool holds_up(const LivePass& pass);
  void say(std::string text);

  const Parts parts_;
  std::atomic<bool> is_ordered_ = false, is_anyway_ = false;
  Guarded<std::string> saying_;
  Guarded<std::stop_source> interrupted_;
};

}  // namespace tideway::recipe
