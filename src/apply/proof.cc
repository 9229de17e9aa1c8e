#include "apply/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "apply/table_plan.h"
#include "base/channel.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "model/table_id.h"
#include "mysql/inquirer.h"
#include "mysql/nth_row.h"
#include "mysql/table_digest.h"
#include "sql/key_range.h"

namespace tideway {
namespace {

// One question to the target: one stream of a table, or all its rows after a key.
struct Question {
  std::size_t table = 0;
  std::optional<Stream> stream;
  std::string where;  // of the stream
  Digest expected;
  KeyCells after;  // empty: all rows
};

// A table as the target is asked about it.
struct Asked {
  TablePtr columns;            // those compared
  std::vector<KeyColumn> key;  // empty: it has no order, or it is small; it is asked in one piece
  std::string key_cells;       // a select list
};

struct Prepared {
  std::vector<Question> questions;
  std::vector<Asked> asked;
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
    const Column& filled = plan.target()->columns[plan.target_columns()[i]];
    column.name = filled.name;
    if (class_of(filled.type) == TypeClass::characters) column.type.charset = filled.type.charset;
    asked->columns.push_back(std::move(column));
  }
  return asked;
}

Asked asked_about(const TablePlan& plan, const Digest& expected, std::uint64_t range_rows) {
  Asked asked{asked_over(plan), {}, {}};
  const TableDef& target = *plan.target();
  const Key* key = ordering_key(target);
  if (key == nullptr || expected.rows <= range_rows) return asked;
  asked.key = key_columns(target, *key);
  for (const KeyPart& part : key->parts)
    asked.key_cells +=
        (asked.key_cells.empty() ? "" : ",") + cell_expression(target.columns[part.column]);
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
    if (where) by_stream.push_back({index, state.stream, std::move(*where), state.digest, {}});
  }
  const PlanPtr plan =
      TRY(TablePlan::make(table.source, table.target, ColumnSet(stored_columns(*table.source))));
  prepared.asked.push_back(asked_about(*plan, proof.expected, options.range_rows));
  if (has_conditions && !by_stream.empty()) {
    std::ranges::move(by_stream, std::back_inserter(prepared.questions));
  } else {
    prepared.questions.push_back({index, std::nullopt, "", proof.expected, {}});
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

// What the threads of one proof share.
class Proving {
 public:
  Proving(const Endpoint& target, std::size_t threads, const ProofOptions& options,
          Prepared prepared, ProofMeter& meter, const std::stop_token& stop)
      : target_(target, threads, options.patience),
        options_(options),
        meter_(meter),
        asked_(std::move(prepared.asked)),
        proofs_(std::move(prepared.proofs)),
        open_(prepared.questions.size()) {
    if (prepared.questions.empty()) questions_.close();
    for (Question& question : prepared.questions) questions_.push(std::move(question), 0, stop);
  }

  // Of one thread: answers questions until all are answered.
  Result<void> ask_all(const std::stop_token& stop) {
    while (auto question = questions_.pop(stop)) {
      TRY(ask(*question, stop));
      if (--open_ == 0) questions_.close();
    }
    return {};
  }

  std::vector<TableProof> take_proofs() {
    return proofs_.with([](auto& kept) { return std::move(kept); });
  }

 private:
  Result<void> ask(const Question& question, const std::stop_token& stop) {
    const Asked& asked = asked_[question.table];
    const std::string name = quoted(asked.columns->id);
    const std::string where = asked.key.empty() || question.stream
                                  ? question.where
                                  : key_range_condition(asked.key, question.after,
                                                        TRY(end_of_range(question, asked, stop)));
    const Digest found = TRY(target_.ask(
        "asking the target for the digest of " + name, stop, [&](Session& open) -> Result<Digest> {
          return digest_rows(open, name, *asked.columns, all_columns(*asked.columns), where,
                             options_.strength, stop);
        }));
    meter_.rows_found += found.rows;
    proofs_.with([&](auto& all) { take_answer(all[question.table], question, found); });
    return {};
  }

  // The key up to which this question asks, empty for the last one; the rest is a question of its
  // own, for whoever comes first.
  Result<KeyCells> end_of_range(const Question& question, const Asked& asked,
                                const std::stop_token& stop) {
    const std::string after = key_range_condition(asked.key, question.after, {});
    const std::string select =
        fmt::format("SELECT {} FROM {}{}{} ORDER BY {}", asked.key_cells, quoted(asked.columns->id),
                    after.empty() ? "" : " WHERE ", after, key_column_list(asked.key));
    auto end = TRY(target_.ask(
        "counting off the rows of " + quoted(asked.columns->id), stop,
        [&](Session& open) { return nth_row(open, select, options_.range_rows, stop); }));
    if (!end) return KeyCells();
    ++open_;
    questions_.push({question.table, std::nullopt, "", {}, *end}, 0, stop);
    return *std::move(end);
  }

  Inquirer target_;
  const ProofOptions& options_;
  ProofMeter& meter_;
  const std::vector<Asked> asked_;
  Guarded<std::vector<TableProof>> proofs_;
  Channel<Question> questions_{1};  // a question weighs nothing
  std::atomic<std::size_t> open_;   // questions not yet answered; the last answer ends the channel
};

}  // namespace

Result<std::vector<TableProof>> prove_tables(const JobProgress& progress, TargetLedger& ledger,
                                             std::span<const TableToProve> tables,
                                             const ProofOptions& options, ProofMeter& meter,
                                             const std::stop_token& stop) {
  Prepared prepared;
  for (const TableToProve& table : tables) TRY(prepare_table(prepared, ledger, table, options));
  const bool is_shared =
      std::ranges::any_of(prepared.asked, [](const Asked& asked) { return !asked.key.empty(); });
  const std::size_t most = is_shared ? options.threads : prepared.questions.size();
  const auto threads = std::clamp<std::size_t>(options.threads, 1, std::max<std::size_t>(most, 1));
  Proving proving(progress.target(), threads, options, std::move(prepared), meter, stop);
  Crew crew(stop);
  for (std::size_t i = 0; i < threads; ++i)
    crew.start("prover",
               [&proving](const std::stop_token& crew_stop) { return proving.ask_all(crew_stop); });
  TRY(crew.join());
  if (stop.stop_requested())
    return fail(Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while proving"));
  auto proofs = proving.take_proofs();
  for (TableProof& proof : proofs)
    proof.is_equal = proof.expected == proof.found && !proof.first_difference;
  return proofs;
}

}  // namespace tideway
