#include "verify/live_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "base/clock.h"
#include "base/crew.h"
#include "base/log.h"
#include "mysql/inquirer.h"
#include "verify/matching.h"
#include "verify/side_table.h"

namespace tideway {

struct LiveComparison::Sides {
  Sides(Endpoint of_source, Endpoint of_target, const LiveOptions& options)
      : source(std::move(of_source), options.threads, options.patience),
        target(std::move(of_target), options.threads, options.patience) {}
  Inquirer source, target;
};

namespace {

// A range that both sides are asked for.
struct Probe {
  std::size_t table = 0;
  KeySpan span;
  std::uint32_t still = 0;  // differed so often while the source's side did not move
  std::uint32_t moved = 0;  // changed so often while it was looked at
  std::optional<Digest> before, target, after;  // the source's around the target's
  std::optional<Error> failure;
};

struct Table {
  Table(const TablePair& of, const std::string& where)
      : pair(of), source(of, Side::source, where), target(of, Side::target, where) {}
  const TablePair& pair;
  SideTable source, target;
  LiveReport result;
  std::uint64_t open = 0;  // probes of it not judged yet
  bool is_planned = false, has_failed = false;
  KeySpan next;  // the rest that is not yet cut into ranges
};

Error stopped() {
  return {ErrorCode::stopped, Side::local, Retry::after_operator,
          "the comparison was stopped before it was complete"};
}

class Pass {
 public:
  Pass(Inquirer& source, Inquirer& target, const LiveComparison::CatchUp& catch_up,
       const LiveOptions& options, std::span<const TablePair> pairs, LiveMeter& meter)
      : source_(source), target_(target), catch_up_(catch_up), options_(options), meter_(meter) {
    matching_.strength = options.strength;
    matching_.examples = options.examples;
    matching_.leaf_rows = std::max<std::uint64_t>(options.leaf_rows, 1);
    for (const TablePair& pair : pairs) {
      Table& table = tables_.emplace_back(pair, std::string());
      TableReport& report = table.result.report;
      report.source = pair.source->id;
      report.target = pair.target->id;
      report.strength = options.strength;
      report.reason = fmt::format("{}", fmt::join(pair.left_out, "; "));
    }
  }

  Result<std::vector<LiveReport>> run(const std::stop_token& stop);

 private:
  Result<std::vector<Probe>> next_batch(const std::stop_token& stop);
  Result<std::optional<Probe>> plan_next(const std::stop_token& stop);
  Result<void> ask(std::vector<Probe*>& probes, Side side, std::optional<Digest> Probe::* answer,
                   const std::stop_token& stop);
  Result<void> judge(Probe probe, const std::stop_token& stop);
  Result<void> confirm(Probe probe, const std::stop_token& stop);
  Result<void> moved(Probe probe, const std::stop_token& stop);
  void settle(const Probe& probe, const Digest& digest);
  void give_up(std::size_t table, const Error& error);
  void close(std::size_t table);
  void wait_a_share(Instant began, const std::stop_token& stop) const;

  Inquirer &source_, &target_;
  const LiveComparison::CatchUp& catch_up_;
  const LiveOptions& options_;
  LiveMeter& meter_;
  CompareOptions matching_;
  std::deque<Table> tables_;
  std::size_t planning_ = 0;  // the table that is being cut into ranges
  std::deque<Probe> again_;   // differed, to be looked at later
};

// The next range of about range_rows rows of the table; the last one has no upper bound.
Result<std::optional<Probe>> Pass::plan_next(const std::stop_token& stop) {
  while (planning_ < tables_.size()) {
    Table& table = tables_[planning_];
    if (table.is_planned || table.has_failed) {
      ++planning_;
      continue;
    }
    Probe probe;
    probe.table = planning_;
    std::optional<KeyCells> upper;
    if (table.pair.ranges_agree) {
      auto found = source_.ask("naming ranges", stop, [&](Session& session) {
        return table.source.nth_key(session, table.next, options_.range_rows, stop);
      });
      if (!found) {
        if (!concerns_one_table(found.error())) return fail(std::move(found).error());
        give_up(planning_, found.error());
        continue;
      }
      upper = *std::move(found);
    }
    probe.span = table.next;
    if (upper) {
      probe.span.upper = *upper;
      table.next.lower = *std::move(upper);
    } else {
      table.is_planned = true;
    }
    ++table.open;
    return probe;
  }
  return std::nullopt;
}

Result<std::vector<Probe>> Pass::next_batch(const std::stop_token& stop) {
  std::vector<Probe> batch;
  while (batch.size() < options_.batch) {
    auto planned = TRY(plan_next(stop));
    if (!planned) break;
    batch.push_back(*std::move(planned));
  }
  while (batch.size() < options_.batch && !again_.empty()) {
    Probe probe = std::move(again_.front());
    again_.pop_front();
    if (tables_[probe.table].has_failed) continue;
    probe.before.reset();
    probe.target.reset();
    probe.after.reset();
    batch.push_back(std::move(probe));
  }
  return batch;
}

Result<void> Pass::ask(std::vector<Probe*>& probes, Side side,
                       std::optional<Digest> Probe::* answer, const std::stop_token& stop) {
  Inquirer& server = side == Side::source ? source_ : target_;
  std::atomic<std::size_t> next = 0;
  Crew crew(stop);
  for (std::size_t i = 0; i < std::min(options_.threads, probes.size()); ++i) {
    crew.start("live verify", [&](const std::stop_token& crew_stop) -> Result<void> {
      for (std::size_t at = next++; at < probes.size(); at = next++) {
        Probe& probe = *probes[at];
        const Table& table = tables_[probe.table];
        const SideTable& asked = side == Side::source ? table.source : table.target;
        auto digest = server.ask("asking for a digest", crew_stop, [&](Session& session) {
          return asked.digest(session, probe.span, options_.strength, crew_stop);
        });
        if (digest) {
          probe.*answer = *digest;
        } else if (concerns_one_table(digest.error())) {
          probe.failure = std::move(digest).error();
        } else {
          return fail(std::move(digest).error());
        }
      }
      return {};
    });
  }
  return crew.join();
}

void Pass::close(std::size_t index) {
  Table& table = tables_[index];
  if (table.open > 0 || !table.is_planned || table.has_failed) return;
  TableReport& report = table.result.report;
  if (report.missing + report.extra + report.different > 0) {
    report.state = ComparisonState::different;
  } else if (table.result.unsettled > 0) {
    report.reason = fmt::format("{} of its ranges were written to whenever they were compared",
                                table.result.unsettled);
  } else {
    report.state = ComparisonState::equal;
  }
  ++meter_.tables_done;
}

void Pass::settle(const Probe& probe, const Digest& digest) {
  Table& table = tables_[probe.table];
  table.result.report.source_digest += digest;
  table.result.report.target_digest += digest;
  meter_.rows += digest.rows;
  ++meter_.ranges_done;
  --table.open;
  close(probe.table);
}

void Pass::give_up(std::size_t index, const Error& error) {
  Table& table = tables_[index];
  if (table.has_failed) return;
  LOG(warn, "table cannot be compared",
      {{"table", quoted(table.pair.source->id)}, {"error", error.to_line()}});
  table.has_failed = true;
  table.result.report.state = ComparisonState::not_compared;
  table.result.report.reason = error.to_line();
  ++meter_.tables_done;
}

// It changed while it was looked at: what moves is made small, so that the rest can be told.
Result<void> Pass::moved(Probe probe, const std::stop_token& stop) {
  probe.still = 0;
  Table& table = tables_[probe.table];
  if (++probe.moved < options_.patience_for_writers) {
    again_.push_back(std::move(probe));
    return {};
  }
  const std::uint64_t rows = probe.after->rows;
  if (table.pair.ranges_agree && rows > options_.leaf_rows) {
    auto middle = source_.ask("halving a range", stop, [&](Session& session) {
      return table.source.nth_key(session, probe.span, rows / 2, stop);
    });
    if (!middle) {
      if (!concerns_one_table(middle.error())) return fail(std::move(middle).error());
      give_up(probe.table, middle.error());
      return {};
    }
    if (*middle) {
      Probe lower = probe;
      lower.span.upper = **middle;
      lower.moved = 0;
      probe.span.lower = **std::move(middle);
      probe.moved = 0;
      ++table.open;
      again_.push_back(std::move(lower));
      again_.push_back(std::move(probe));
      return {};
    }
  }
  ++table.result.unsettled;
  ++meter_.ranges_done;
  --table.open;
  close(probe.table);
  return {};
}

// It differs, and the source's side of it stands still: the keys are named.
Result<void> Pass::confirm(Probe probe, const std::stop_token& stop) {
  Table& table = tables_[probe.table];
  TableReport found = table.result.report;
  Matching matching({source_, table.source}, {target_, table.target}, matching_, found);
  const auto matched =
      table.pair.ranges_agree ? matching.match_span(probe.span, stop) : matching.match_whole(stop);
  if (!matched) {
    if (!concerns_one_table(matched.error())) return matched;
    give_up(probe.table, matched.error());
    return {};
  }
  TableReport& report = table.result.report;
  const bool is_found = found.missing + found.extra + found.different !=
                        report.missing + report.extra + report.different;
  if (!is_found) return moved(std::move(probe), stop);  // it settled meanwhile
  report = std::move(found);
  report.source_digest += *probe.after;
  report.target_digest += *probe.target;
  ++meter_.ranges_done;
  --table.open;
  close(probe.table);
  return {};
}

Result<void> Pass::judge(Probe probe, const std::stop_token& stop) {
  if (tables_[probe.table].has_failed) return {};
  if (probe.failure) {
    give_up(probe.table, *probe.failure);
    return {};
  }
  if (*probe.before == *probe.target || *probe.after == *probe.target) {
    settle(probe, *probe.target);
    return {};
  }
  ++meter_.ranges_asked_again;
  if (*probe.before != *probe.after) return moved(std::move(probe), stop);
  if (++probe.still >= options_.confirmations) return confirm(std::move(probe), stop);
  again_.push_back(std::move(probe));
  return {};
}

void Pass::wait_a_share(Instant began, const std::stop_token& stop) const {
  if (options_.share >= 1.0) return;
  const Duration busy = real_clock().now() - began;
  real_clock().wait(std::chrono::duration_cast<Duration>(busy * (1.0 / options_.share - 1.0)),
                    stop);
}

Result<std::vector<LiveReport>> Pass::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Instant began = real_clock().now();
    std::vector<Probe> batch = TRY(next_batch(stop));
    if (batch.empty()) break;
    const auto are_open = [&batch](auto still_open) {
      std::vector<Probe*> probes;
      for (Probe& probe : batch) {
        if (!probe.failure && still_open(probe)) probes.push_back(&probe);
      }
      return probes;
    };
    auto all = are_open([](const Probe&) { return true; });
    TRY(ask(all, Side::source, &Probe::before, stop));
    const Instant asked = real_clock().now();
    TRY(catch_up_(stop));
    began += real_clock().now() - asked;  // nobody is kept busy by waiting
    auto alive = are_open([](const Probe&) { return true; });
    TRY(ask(alive, Side::target, &Probe::target, stop));
    auto unequal = are_open([](const Probe& probe) { return *probe.before != *probe.target; });
    TRY(ask(unequal, Side::source, &Probe::after, stop));
    if (stop.stop_requested()) break;
    for (Probe& probe : batch) {
      if (!probe.after) probe.after = probe.before;
      TRY(judge(std::move(probe), stop));
    }
    wait_a_share(began, stop);
  }
  if (stop.stop_requested()) return fail(stopped());
  std::vector<LiveReport> reports;
  for (Table& table : tables_) reports.push_back(std::move(table.result));
  return reports;
}

}  // namespace

LiveComparison::LiveComparison(Endpoint source, Endpoint target, CatchUp catch_up,
                               LiveOptions options)
    : sides_(std::make_unique<Sides>(std::move(source), std::move(target), options)),
      catch_up_(std::move(catch_up)),
      options_(options) {}

LiveComparison::~LiveComparison() = default;

Result<std::vector<LiveReport>> LiveComparison::pass(std::span<const TablePair> pairs,
                                                     LiveMeter& meter,
                                                     const std::stop_token& stop) {
  return Pass(sides_->source, sides_->target, catch_up_, options_, pairs, meter).run(stop);
}

}  // namespace tideway
