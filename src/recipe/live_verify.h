#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "route/router.h"
#include "verify/live_comparison.h"

namespace tideway::recipe {

// What a pass over all tables found.
struct LivePass {
  std::chrono::system_clock::time_point began;
  std::vector<LiveReport> tables;
  std::vector<TableReport> extra;  // of the target only
};

// Whom a verification asks. All references outlive it.
struct LiveVerifyParts {
  const Endpoint &source, &target;
  RouterPtr router;
  LiveComparison::CatchUp catch_up;
  // Tables of the target that are known not to hold what the source does: they are left out.
  std::function<std::set<TableId>()> left_out;
  StatusBoard& board;
};

// Compares a target with the source whose log it follows, while both change. pass() and run() by
// one thread at a time; describe() by any.
class LiveVerify {
 public:
  LiveVerify(LiveVerifyParts parts, DigestStrength strength)
      : parts_(std::move(parts)), strength_(strength) {}

  // One pass over all tables, `share` of the time of `threads` sessions on each side. Errors:
  // LiveComparison::pass()'s and those of listing tables.
  Result<LivePass> pass(double share, std::size_t threads, const std::stop_token& stop);
  // Passes until stopped, with pauses; tables that differ are warned of, each once.
  void run(double share, const std::stop_token& stop);

  void describe(Status& status) const;

 private:
  struct Standing {
    std::optional<std::chrono::system_clock::time_point> as_of;
    std::uint64_t equal = 0, different = 0, open = 0;
    std::set<TableId> warned;
  };
  void keep(const LivePass& pass);

  const LiveVerifyParts parts_;
  const DigestStrength strength_;
  Guarded<Standing> standing_;
};

// "`s`.`t` differs: 1 missing, 0 extra, 2 different rows on the target, first `id`=5".
std::string difference_text(const TableReport& report);

}  // namespace tideway::recipe
