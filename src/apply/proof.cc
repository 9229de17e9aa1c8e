#include "apply/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "apply/table_plan.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "base/log.h"
#include "model/table_id.h"
#include "mysql/table_digest.h"

namespace tideway {
namespace {

// One question to the target: a whole table, or one stream of it.
struct Question {
  std::size_t table = 0;
  std::optional<Stream> stream;
  std::string where;
  Digest expected;
};

struct Prepared {
  std::vector<Question> questions;
  std::vector<TablePtr> asked;  // of each table: what the target is asked over
  std::vector<TableProof> proofs;
};

Error not_done(const Stream& stream) {
  return Error(ErrorCode::internal, Side::local, Retry::never,
               fmt::format("chunk {} of {} is to be proven and is not done", stream.ordinal,
                           quoted(stream.table)));
}

// The source's columns under the target's names: digest texts follow the type the rows were read
// as, whatever wider type the target has.
TablePtr asked_over(const TablePlan& plan) {
  auto asked = std::make_shared<TableDef>();
  asked->id = plan.target()->id;
  for (std::size_t i = 0; i < plan.target_columns().size(); ++i) {
    Column column = plan.source()->columns[plan.source_columns()[i]];
    column.name = plan.target()->columns[plan.target_columns()[i]].name;
    asked->columns.push_back(std::move(column));
  }
  return asked;
}

ColumnSet all_columns(const TableDef& table) {
  std::vector<std::uint32_t> ordinals(table.columns.size());
  std::iota(ordinals.begin(), ordinals.end(), 0U);
  return ColumnSet(std::move(ordinals));
}

Result<void> prepare_table(Prepared& prepared, TargetLedger& ledger, const TableToProve& table,
                           const ProofOptions& options) {
  const std::size_t index = prepared.proofs.size();
  const auto streams = TRY(ledger.streams(table.source->id));
  TableProof proof;
  proof.table = table.source->id;
  std::vector<Question> by_stream;
  bool has_conditions = options.condition != nullptr;
  for (const StreamState& state : streams) {
    if (!state.is_done) return fail(not_done(state.stream));
    proof.expected += state.digest;
    if (!has_conditions) continue;
    auto where = options.condition(table, state.stream);
    has_conditions = where.has_value();
    if (where) by_stream.push_back({index, state.stream, std::move(*where), state.digest});
  }
  const PlanPtr plan =
      TRY(TablePlan::make(table.source, table.target, ColumnSet(stored_columns(*table.source))));
  prepared.asked.push_back(asked_over(*plan));
  if (has_conditions && !by_stream.empty()) {
    std::ranges::move(by_stream, std::back_inserter(prepared.questions));
  } else {
    prepared.questions.push_back({index, std::nullopt, "", proof.expected});
  }
  prepared.proofs.push_back(std::move(proof));
  return {};
}

void take_answer(TableProof& proof, const Question& question, const Digest& found) {
  proof.found += found;
  if (!question.stream || found == question.expected) return;
  if (!proof.first_difference || question.stream->ordinal < proof.first_difference->ordinal)
    proof.first_difference = question.stream;
}

}  // namespace

Result<std::vector<TableProof>> prove_tables(const JobProgress& progress, TargetLedger& ledger,
                                             std::span<const TableToProve> tables,
                                             const ProofOptions& options,
                                             const std::stop_token& stop) {
  Prepared prepared;
  for (const TableToProve& table : tables) TRY(prepare_table(prepared, ledger, table, options));
  Guarded<std::vector<TableProof>> proofs(std::move(prepared.proofs));
  std::atomic<std::size_t> next = 0;
  const auto ask_all = [&](const std::stop_token& crew_stop) -> Result<void> {
    std::optional<Session> session;
    Backoff backoff;
    const Instant give_up = real_clock().now() + options.patience;
    for (std::size_t i = next++; i < prepared.questions.size(); i = next++) {
      const Question& question = prepared.questions[i];
      const TableDef& target = *prepared.asked[question.table];
      const auto ask = [&]() -> Result<Digest> {
        if (!session || session->is_broken())
          session.emplace(TRY(Session::open(progress.target(), {}, crew_stop)));
        return digest_rows(*session, quoted(target.id), target, all_columns(target), question.where,
                           options.strength, crew_stop);
      };
      auto found = ask();
      while (!found &&
             (found.error().retry() == Retry::same_session ||
              found.error().retry() == Retry::new_session) &&
             real_clock().now() < give_up && real_clock().wait(backoff.next(), crew_stop)) {
        LOG(warn, "the target is asked for a digest again",
            {{"table", quoted(target.id)}, {"error", found.error().to_line()}});
        found = ask();
      }
      if (!found)
        return fail(std::move(found).error().during("asking the target for the digest of " +
                                                    quoted(target.id)));
      proofs.with([&](auto& all) { take_answer(all[question.table], question, *found); });
    }
    return {};
  };
  Crew crew(stop);
  const std::size_t threads = std::clamp<std::size_t>(
      options.threads, 1, std::max<std::size_t>(prepared.questions.size(), 1));
  for (std::size_t i = 0; i < threads; ++i) crew.start("prover", ask_all);
  TRY(crew.join());
  if (stop.stop_requested())
    return fail(Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while proving"));
  auto all = proofs.with([](auto& kept) { return std::move(kept); });
  for (TableProof& proof : all)
    proof.is_equal = proof.expected == proof.found && !proof.first_difference;
  return all;
}

}  // namespace tideway
