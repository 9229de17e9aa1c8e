#include "recipe/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "apply/copy_sink.h"
#include "dumpfile/part_source.h"
#include "flow/run.h"
#include "recipe/assess.h"
#include "recipe/certify.h"
#include "recipe/load_input.h"
#include "recipe/load_options.h"
#include "recipe/place.h"
#include "recipe/preflight.h"
#include "recipe/prove.h"
#include "recipe/routed_tables.h"
#include "recipe/servers.h"
#include "route/route_stage.h"

namespace tideway::recipe {
namespace {

// The same files as the start that began the job; others would be taken for its rest.
Result<void> check_files(const JobProgress& progress, const LoadInput& input) {
  if (progress.was_begun() && progress.position() != input.fingerprint) {
    return fail(Error(ErrorCode::job_differs, Side::local, Retry::after_operator,
                      "the input directory holds other files than when the job was begun"));
  }
  return {};
}

Result<void> begin(JobProgress& progress, const LoadInput& input, const std::stop_token& stop) {
  TRY(progress.set_position_and_reset(input.fingerprint, {}, stop));
  return progress.clear_tables(stop);
}

// What earlier starts have loaded.
Result<std::uint64_t> rows_in(Ledger& ledger, const LoadInput& input) {
  std::uint64_t rows = 0;
  for (const InputTable& table : input.parts.tables) {
    for (const StreamState& stream : TRY(ledger.streams(table.id))) rows += stream.digest.rows;
  }
  return rows;
}

Result<void> read_files(Storage& place, const LoadInput& input, const RouterPtr& router,
                        CopySink& sink, MemoryArbiter& arbiter, const LoadOptions& options,
                        StatusBoard& board, const std::stop_token& stop) {
  const Definitions definitions = [&input](const TableId& table) -> Result<TablePtr> {
    return input.definitions.at(table);
  };
  PartSource source(place, input.parts, definitions, sink.ledger(), arbiter,
                    source_options(options));
  Meter meter;
  const std::uint64_t rows_before = TRY(rows_in(sink.ledger(), input));
  const auto showing = board.show([&] {
    Status status;
    status.phase = "loading rows";
    add_meter(status, meter);
    add_memory(status, arbiter);
    status.rows_done += rows_before;
    // Only our manifest says how many rows there are; what files weigh is told of any.
    if (input.parts.manifest) {
      status.rows_total = std::max(rows_of(input.parts), status.rows_done);
    } else {
      status.bytes_total = std::max(input.parts.bytes, status.bytes_done);
    }
    status.limit = sink.pressure_text();
    return status;
  });
  FlowOptions flow;
  flow.readers = flow.writers = options.common.threads;
  flow.gate = &board.control().gate();
  const RouteStage routing(router, {RouteUse::copy, options.digest});
  const Stage* const stages[] = {&routing};
  const Summary summary = TRY(tideway::run(source, stages, sink, flow, meter, stop));
  if (summary.is_stopped || stop.stop_requested()) {
    return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                      "stopped before all files were loaded"));
  }
  if (source.uncompared_parts() > 0 && input.parts.manifest) {
    board.warn(
        fmt::format("{} parts could not be compared with the manifest's digests: their tables have "
                    "other columns now",
                    source.uncompared_parts()));
  }
  return {};
}

// Every table of a load stands where its files do.
RoundsResult outcome_of(const LoadInput& input) {
  RoundsResult outcome;
  outcome.common.rung = Rung::none;
  for (const TableToMake& table : input.tables) outcome.tables[table.source->id].is_proven = true;
  return outcome;
}

ProofOptions proof_options(const LoadOptions& options) {
  ProofOptions proof;
  proof.strength = options.digest;
  proof.threads = options.common.threads;
  return proof;
}

void warn_of_doubts(std::span<const InputTable> tables, StatusBoard& board) {
  for (const InputTable& table : tables) {
    for (const std::string& doubt : doubts_about(table)) board.warn(doubt);
  }
}

}  // namespace

Result<Certificate> load(const LoadOptions& options, StatusBoard& board,
                         const std::stop_token& stop) {
  Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  if (options.common.input.empty()) {
    return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                      "--input is missing: say which directory holds the dump"));
  }
  SpaceWatch space;
  const auto place = TRY(open_place(options.common.input, space));
  Certificate certificate = begin_certificate("load", place->name(), target.to_text());
  certificate.job = job_name(options.common, "load", certificate.source, certificate.target);
  board.name_job(certificate.job);
  const auto operated = offer_gate(board.control());

  board.begin(1, 3, "reading definitions");
  LoadInput input;
  {
    Session session = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
    TRY(refuse_blockers(TRY(assess_target(session, stop)), board));
    input = TRY(read_input(*place, *router, options.schemas, session, stop));
  }
  watch(board, {&target});
  auto progress = TRY_DURING(
      "opening the job on the target",
      JobProgress::open(target, job_options(options, place->name(), certificate.job), stop));
  TRY(check_files(*progress, input));
  SchemaOptions schema;
  schema.on_duplicate = options.writing.on_duplicate;
  schema.threads = options.common.threads;
  schema.may_create = options.schemas;
  schema.renaming = Router::renaming(router);
  const auto made = TRY_DURING("making the tables on the target",
                               make_tables(*progress, input.databases, input.tables, schema, stop));
  std::map<TableId, TablePtr> targets;
  for (const MadeTable& table : made) targets.emplace(table.target->id, table.target);

  if (!input.parts.manifest) warn_of_doubts(input.parts.tables, board);
  board.begin(2, 3, "loading rows");
  TRY(begin(*progress, input, stop));
  const auto ledger = TRY(TargetLedger::open(*progress, stop));
  MemoryArbiter arbiter(options.common.memory_bytes);
  {
    CopySink sink(*progress, *ledger, targets, arbiter,
                  sink_options(options.common, options.writing, options.digest));
    TRY(read_files(*place, input, router, sink, arbiter, options, board, stop));
  }
  std::vector<TableToProve> to_prove;
  for (const MadeTable& table : made) to_prove.push_back({table.source, table.target});
  const auto proofs = TRY(prove(*progress, *ledger, to_prove, proof_options(options), board, stop));
  describe_proofs(certificate, made, outcome_of(input), proofs, options.digest);
  certificate.rung = rung_of(input.parts);
  certificate.position = position_of(input.parts);
  if (options.views) {
    const auto views = route_views(input.views, input.tables, certificate);
    describe_views(certificate, TRY(make_views(*progress, views, stop)));
  }
  for (const IgnoredFile& file : input.parts.ignored) {
    certificate.warnings.push_back(fmt::format("{} was not loaded: {}", file.path, file.reason));
  }
  end_certificate(certificate, board);
  TRY(progress->finish(to_json(certificate), stop));
  return certificate;
}

}  // namespace tideway::recipe
