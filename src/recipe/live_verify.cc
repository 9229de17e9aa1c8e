#include "recipe/live_verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "model/certificate.h"
#include "recipe/matched_tables.h"

namespace tideway::recipe {
namespace {

constexpr Duration shortest_pause = std::chrono::seconds(10);

}  // namespace

std::string difference_text(const TableReport& report) {
  if (report.missing + report.extra + report.different == 0)
    return fmt::format("{}: {}", quoted(report.target), report.reason);
  return fmt::format("{} differs: {} missing, {} extra, {} different rows on the target{}",
                     quoted(report.target), report.missing, report.extra, report.different,
                     report.examples.empty() ? "" : ", first " + report.examples.front().key);
}

Result<LivePass> LiveVerify::pass(double share, std::size_t threads, const std::stop_token& stop) {
  LivePass pass;
  pass.began = std::chrono::system_clock::now();
  // What the source has must have come before the target is asked what it has.
  const Matched matched = TRY(match_servers(
      parts_.source, parts_.target, parts_.router, "", [&] { return parts_.catch_up(stop); },
      stop));
  const std::set<TableId> left_out = parts_.left_out();
  std::vector<TablePair> pairs;
  for (const TablePair& pair : matched.pairs) {
    if (!left_out.contains(pair.target->id)) pairs.push_back(pair);
  }
  LiveOptions options;
  options.strength = strength_;
  options.share = share;
  options.threads = threads;
  LiveComparison comparison(parts_.source, parts_.target, parts_.catch_up, options);
  LiveMeter meter;
  pass.tables = TRY(comparison.pass(pairs, meter, stop));
  for (const TableReport& report : matched.unpaired) {
    if (!left_out.contains(report.target)) pass.tables.push_back({report, 0});
  }
  pass.extra = matched.extra;
  keep(pass);
  return pass;
}

void LiveVerify::keep(const LivePass& pass) {
  std::vector<std::string> warnings;
  standing_.with([&](Standing& standing) {
    standing.as_of = pass.began;
    standing.equal = standing.different = standing.open = 0;
    for (const LiveReport& table : pass.tables) {
      switch (table.report.state) {
        case ComparisonState::equal:
          ++standing.equal;
          break;
        case ComparisonState::different:
          ++standing.different;
          if (standing.warned.insert(table.report.target).second)
            warnings.push_back(difference_text(table.report));
          break;
        case ComparisonState::not_compared:
          ++standing.open;
          break;
      }
    }
  });
  for (std::string& warning : warnings) parts_.board.warn(std::move(warning));
}

void LiveVerify::run(double share, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Instant began = real_clock().now();
    const auto done = pass(share, 1, stop);
    if (!done && done.error().code() != ErrorCode::stopped)
      LOG(warn, "a pass of the verification failed", {{"error", done.error().to_line()}});
    real_clock().wait(std::max(shortest_pause, real_clock().now() - began), stop);
  }
}

void LiveVerify::describe(Status& status) const {
  standing_.with([&](const Standing& standing) {
    if (!standing.as_of) return;
    status.verified_as_of = to_text(*standing.as_of);
    status.tables_equal = standing.equal;
    status.tables_different = standing.different;
    status.tables_open = standing.open;
  });
}

}  // namespace tideway::recipe
