#include "verify/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/channel.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "base/log.h"
#include "mysql/inquirer.h"
#include "verify/matching.h"
#include "verify/side_table.h"

namespace tideway {
namespace {

// One digest question to both sides, and their answers.
struct Range {
  std::size_t table = 0;
  KeySpan span;
  std::optional<Digest> source, target;
  bool is_same() const { return source && target && *source == *target; }
};

// What the threads of one comparison share.
class Comparison {
 public:
  Comparison(const Endpoint& source, const Endpoint& target, std::span<const TablePair> pairs,
             const CompareOptions& options, CompareMeter& meter)
      : source_(source, options.threads + 1, options.patience),  // one names the ranges
        target_(target, options.threads, options.patience),
        options_(options),
        meter_(meter) {
    for (const TablePair& pair : pairs) {
      tables_.push_back(Table{pair,
                              SideTable(pair, Side::source, options.where),
                              SideTable(pair, Side::target, options.where),
                              {}});
      TableReport& report = tables_.back().report;
      report.source = pair.source->id;
      report.target = pair.target->id;
      report.strength = options.strength;
      report.counted_only = options.count_only;
      report.reason = fmt::format("{}", fmt::join(pair.left_out, "; "));
    }
  }

  Result<std::vector<TableReport>> run(const std::stop_token& stop);

 private:
  struct Table {
    const TablePair& pair;
    SideTable source, target;
    TableReport report;
    bool failed = false;
  };

  Result<void> plan(const std::stop_token& stop);
  Result<void> plan_table(std::size_t table, const std::stop_token& stop);
  bool add_range(std::size_t table, KeySpan span, const std::stop_token& stop);
  Result<void> answer(Side side, const std::stop_token& stop);
  Result<Digest> ask(Session& session, const SideTable& table, const KeySpan& span,
                     const std::stop_token& stop) const;
  void give_up(std::size_t table, const Error& error);
  bool has_failed(std::size_t table) {
    return failures_.with(
        [&](const auto& failed) { return std::ranges::find(failed, table) != failed.end(); });
  }
  Result<void> match(const std::stop_token& stop);
  Result<void> match_table(std::size_t table, const std::vector<const Range*>& suspects,
                           const std::stop_token& stop);
  void conclude();

  Inquirer source_, target_;
  const CompareOptions& options_;
  CompareMeter& meter_;
  std::vector<Table> tables_;
  std::deque<std::unique_ptr<Range>>
      ranges_;  // grown by the planner only; read by others after it is done
  Channel<Range*> source_questions_{1U << 20U}, target_questions_{1U << 20U};
  Guarded<std::vector<std::size_t>>
      failures_;  // tables given up, their reports written under this lock
};

bool Comparison::add_range(std::size_t table, KeySpan span, const std::stop_token& stop) {
  auto range = std::make_unique<Range>();
  range->table = table;
  range->span = std::move(span);
  Range* question = range.get();
  ranges_.push_back(std::move(range));
  ++meter_.ranges;
  return source_questions_.push(question, 1, stop) && target_questions_.push(question, 1, stop);
}

Result<void> Comparison::plan_table(std::size_t table, const std::stop_token& stop) {
  const Table& entry = tables_[table];
  KeySpan span;
  if (entry.pair.ranges_agree) {
    const auto next_bound = [&](Session& open) {
      return entry.source.nth_key(open, span, options_.range_rows, stop);
    };
    while (auto upper = TRY(source_.ask("naming ranges", stop, next_bound))) {
      span.upper = *upper;
      if (!add_range(table, span, stop)) return {};
      span = KeySpan{std::move(*upper), {}};
    }
  }
  add_range(table, std::move(span), stop);
  return {};
}

Result<void> Comparison::plan(const std::stop_token& stop) {
  for (std::size_t i = 0; i < tables_.size() && !stop.stop_requested(); ++i) {
    if (auto planned = plan_table(i, stop); !planned) {
      if (!concerns_one_table(planned.error())) return planned;
      give_up(i, planned.error());
    }
  }
  source_questions_.close();
  target_questions_.close();
  return {};
}

Result<Digest> Comparison::ask(Session& session, const SideTable& table, const KeySpan& span,
                               const std::stop_token& stop) const {
  if (!options_.count_only) return table.digest(session, span, options_.strength, stop);
  Digest digest;
  digest.rows = TRY(table.count(session, span, stop));
  return digest;
}

Result<void> Comparison::answer(Side side, const std::stop_token& stop) {
  const bool is_source = side == Side::source;
  Inquirer& server = is_source ? source_ : target_;
  auto& questions = is_source ? source_questions_ : target_questions_;
  while (const auto question = questions.pop(stop)) {
    Range& range = **question;
    if (has_failed(range.table)) continue;
    const Table& table = tables_[range.table];
    auto digest = server.ask("asking for a digest", stop, [&](Session& open) {
      return ask(open, is_source ? table.source : table.target, range.span, stop);
    });
    if (!digest) {
      if (!concerns_one_table(digest.error())) return fail(std::move(digest).error());
      give_up(range.table, digest.error());
      continue;
    }
    if (is_source) {
      meter_.rows += digest->rows;
      ++meter_.ranges_done;
    }
    (is_source ? range.source : range.target) = *digest;
  }
  return {};
}

void Comparison::give_up(std::size_t table, const Error& error) {
  LOG(warn, "table cannot be compared",
      {{"table", quoted(tables_[table].pair.source->id)}, {"error", error.to_line()}});
  failures_.with([&](auto& failed) {
    if (std::ranges::find(failed, table) != failed.end()) return;
    failed.push_back(table);
    tables_[table].report.state = ComparisonState::not_compared;
    tables_[table].report.reason = error.to_line();
  });
}

Result<void> Comparison::match_table(std::size_t index, const std::vector<const Range*>& suspects,
                                     const std::stop_token& stop) {
  Table& table = tables_[index];
  Matching matching({source_, table.source}, {target_, table.target}, options_, table.report);
  if (!table.pair.ranges_agree) return matching.match_whole(stop);
  for (const Range* range : suspects) TRY(matching.match_span(range->span, stop));
  return {};
}

Result<void> Comparison::match(const std::stop_token& stop) {
  std::vector<std::vector<const Range*>> suspects(tables_.size());
  for (const auto& range : ranges_) {
    if (!range->is_same() && !has_failed(range->table))
      suspects[range->table].push_back(range.get());
  }
  std::atomic<std::size_t> next = 0;
  Crew crew(stop);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    crew.start("match", [&](const std::stop_token& crew_stop) -> Result<void> {
      for (std::size_t table = next++; table < tables_.size(); table = next++) {
        if (suspects[table].empty() || options_.count_only) continue;
        if (auto matched = match_table(table, suspects[table], crew_stop); !matched) {
          if (!concerns_one_table(matched.error())) return matched;
          give_up(table, matched.error());
        }
      }
      return {};
    });
  }
  return crew.join();
}

void Comparison::conclude() {
  std::vector<bool> same(tables_.size(), true);
  for (const auto& range : ranges_) {
    TableReport& report = tables_[range->table].report;
    if (range->source) report.source_digest += *range->source;
    if (range->target) report.target_digest += *range->target;
    same[range->table] = same[range->table] && range->is_same();
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    ++meter_.tables_done;
    if (has_failed(i)) continue;
    TableReport& report = tables_[i].report;
    const bool found = report.missing + report.extra + report.different > 0;
    if (!same[i] && !found && !options_.count_only) {
      report.reason =
          "ranges differed when first read and not when read again: somebody was writing";
    }
    report.state = same[i] || (!found && !options_.count_only) ? ComparisonState::equal
                                                               : ComparisonState::different;
  }
}

Result<std::vector<TableReport>> Comparison::run(const std::stop_token& stop) {
  Crew crew(stop);
  crew.start("ranges", [this](const std::stop_token& crew_stop) { return plan(crew_stop); });
  for (std::size_t i = 0; i < options_.threads; ++i) {
    crew.start("ask source", [this](const std::stop_token& crew_stop) {
      return answer(Side::source, crew_stop);
    });
    crew.start("ask target", [this](const std::stop_token& crew_stop) {
      return answer(Side::target, crew_stop);
    });
  }
  TRY(crew.join());
  if (stop.stop_requested()) {
    return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                      "the comparison was stopped before it was complete"));
  }
  TRY(match(stop));
  meter_.asked_again = source_.asked_again() + target_.asked_again();
  conclude();
  std::vector<TableReport> reports;
  for (Table& table : tables_) reports.push_back(std::move(table.report));
  return reports;
}

}  // namespace

bool concerns_one_table(const Error& error) {
  switch (error.code()) {
    case ErrorCode::server_refused:
    case ErrorCode::table_gone:
    case ErrorCode::missing_privilege:
    case ErrorCode::unexpected_answer:
    case ErrorCode::cannot_compare:
      return true;
    default:
      return false;
  }
}

Result<std::vector<TableReport>> compare_tables(const Endpoint& source, const Endpoint& target,
                                                std::span<const TablePair> pairs,
                                                const CompareOptions& options, CompareMeter& meter,
                                                const std::stop_token& stop) {
  Comparison comparison(source, target, pairs, options, meter);
  return comparison.run(stop);
}

}  // namespace tideway
