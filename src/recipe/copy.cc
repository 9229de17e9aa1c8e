#include "recipe/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "apply/copy_sink.h"
#include "apply/schema.h"
#include "recipe/certify.h"
#include "recipe/copy_options.h"
#include "recipe/preflight.h"
#include "recipe/prove.h"
#include "recipe/rounds.h"
#include "recipe/routed_tables.h"
#include "recipe/servers.h"
#include "route/route_stage.h"
#include "snapshot/chunk_range.h"
#include "verify/table_pair.h"

namespace tideway::recipe {
namespace {

using Tables = std::vector<MadeTable>;

// The target server as rounds see it: progress, then a sink over it.
class ServerTarget final : public RoundTarget {
 public:
  ServerTarget(JobProgress& progress, Tables& tables, RouterPtr router, MemoryArbiter& arbiter,
               tideway::CopyOptions options)
      : progress_(progress),
        tables_(tables),
        router_(std::move(router)),
        arbiter_(arbiter),
        options_(options) {}

  std::string position() const override { return progress_.position(); }

  Result<StreamSink*> begin(const std::string& position, const std::set<TableId>& copy_again,
                            const std::stop_token& stop) override {
    sink_.reset();
    const std::vector<TableId> tables(copy_again.begin(), copy_again.end());
    TRY(progress_.set_position_and_reset(position, tables, stop));
    TRY(progress_.clear_tables(stop));
    ledger_ = TRY(TargetLedger::open(progress_, stop));
    std::map<TableId, TablePtr> definitions;
    for (const MadeTable& table : tables_) definitions.emplace(table.target->id, table.target);
    routing_ =
        std::make_unique<RouteStage>(router_, RouteStageOptions{RouteUse::copy, options_.strength});
    sink_ =
        std::make_unique<CopySink>(progress_, *ledger_, std::move(definitions), arbiter_, options_);
    return sink_.get();
  }

  Result<void> redefine(const ListedTable& table, const std::stop_token& stop) override {
    std::vector<TablePtr> all{table.def};
    for (const MadeTable& made : tables_) {
      if (made.source->id != table.id()) all.push_back(made.source);
    }
    std::vector<TableToMake> again = TRY(route_tables(*router_, all));
    again.resize(1);  // the others are asked about only whether it may have its name
    again[0].is_redefined = true;
    const DatabaseToMake database{again[0].target.database, ""};
    SchemaOptions schema;
    schema.on_duplicate = options_.on_duplicate;
    schema.renaming = Router::renaming(router_);
    auto made = TRY(make_tables(progress_, {&database, 1}, again, schema, stop));
    std::erase_if(tables_, [&](const MadeTable& old) { return old.source->id == table.id(); });
    tables_.push_back(std::move(made[0]));
    return {};
  }

  std::vector<const Stage*> stages() const override { return {routing_.get()}; }
  std::string limit_text() const override { return sink_ ? sink_->pressure_text() : ""; }
  TargetLedger& ledger() { return *ledger_; }
  Result<void> complete(const std::stop_token& stop) { return sink_->complete(stop); }

 private:
  JobProgress& progress_;
  Tables& tables_;
  const RouterPtr router_;
  MemoryArbiter& arbiter_;
  const tideway::CopyOptions options_;
  std::unique_ptr<RouteStage> routing_;
  std::unique_ptr<TargetLedger> ledger_;
  std::unique_ptr<CopySink> sink_;
};

Result<Tables> make_everything(JobProgress& progress, const ObjectList& objects,
                               std::span<const TableToMake> tables, const RouterPtr& router,
                               const CopyOptions& options, const std::stop_token& stop) {
  std::vector<DatabaseToMake> databases;
  for (const ListedDatabase& database : objects.databases)
    databases.push_back({database.name, database.create_text});
  databases = TRY(route_databases(*router, databases, tables));
  SchemaOptions schema;
  schema.on_duplicate = options.writing.on_duplicate;
  schema.threads = options.common.threads;
  schema.renaming = Router::renaming(router);
  return TRY_DURING("making the tables on the target",
                    make_tables(progress, databases, tables, schema, stop));
}

std::vector<TablePtr> definitions_of(const ObjectList& objects) {
  std::vector<TablePtr> definitions;
  for (const ListedTable& table : objects.tables) definitions.push_back(table.def);
  return definitions;
}

// The condition under which the target holds the rows of a stream, where its keys sort like the
// source's.
std::optional<std::string> condition_on_target(const TableToProve& table, const Stream& stream,
                                               const std::string& where) {
  const auto pair = pair_tables(table.source, table.target);
  if (!pair || !pair->ranges_agree || !where.empty()) return std::nullopt;
  std::vector<KeyColumn> columns = key_columns(*table.source, *pair->key);
  auto condition = stream_condition(columns, stream);
  return condition ? std::optional(*std::move(condition)) : std::nullopt;
}

std::vector<TableToProve> tables_to_prove(const Tables& made, const RoundsResult& rounds) {
  std::vector<TableToProve> tables;
  for (const MadeTable& table : made) {
    const auto outcome = rounds.tables.find(table.source->id);
    if (outcome != rounds.tables.end() && !outcome->second.failure)
      tables.push_back({table.source, table.target});
  }
  return tables;
}

ProofOptions proof_options(const CopyOptions& options) {
  ProofOptions proof;
  proof.strength = options.reading.digest;
  proof.threads = options.common.threads;
  proof.condition = [&options](const TableToProve& table, const Stream& stream) {
    return condition_on_target(table, stream, options.reading.where);
  };
  return proof;
}

}  // namespace

Result<Certificate> copy(const CopyOptions& options, StatusBoard& board,
                         const std::stop_token& stop) {
  Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  const TableFilter filter = Router::filter_of(router);
  Certificate certificate = begin_certificate("copy", source.to_text(), target.to_text());
  certificate.job = job_name(options.common, "copy", certificate.source, certificate.target);

  board.begin(1, 3, "reading definitions");
  ListOptions listing;
  listing.with_views = options.views;
  const auto list = [&](Session& session, const std::stop_token& listing_stop) {
    return list_objects(session, filter, listing, listing_stop);
  };
  ObjectList objects;
  {
    Session session = TRY_DURING("connecting to the source", Session::open(source, {}, stop));
    // A target that cannot be reached now is told now; later the job waits for it to come back.
    Session other = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
    TRY(refuse_one_server(session, other, stop));
    TRY(refuse_reader(other, stop));
    objects = TRY_DURING("listing tables of the source", list(session, stop));
    TRY(check_where(session, objects, options.reading.where, stop));
  }
  const std::vector<TableToMake> tables = TRY(route_tables(*router, definitions_of(objects)));
  watch(board, {&source, &target});
  describe_objects(certificate, objects);

  auto progress =
      TRY_DURING("opening the job on the target",
                 JobProgress::open(target, job_options(options, certificate.job), stop));
  describe_left_over(certificate, progress->all_filled(), objects);
  Tables made = TRY(make_everything(*progress, objects, tables, router, options, stop));
  MemoryArbiter arbiter(options.common.memory_bytes);
  ServerTarget round_target(*progress, made, router, arbiter,
                            sink_options(options.common, options.writing, options.reading.digest));
  const RoundOptions reading = round_options(options.common, options.reading);
  const RoundsResult rounds =
      TRY(read_in_rounds({source, list}, objects, round_target, arbiter, reading, board, stop));

  TRY(round_target.complete(stop));

  const auto proofs = TRY(prove(*progress, round_target.ledger(), tables_to_prove(made, rounds),
                                proof_options(options), board, stop));
  describe_rounds(certificate, rounds);
  describe_proofs(certificate, made, rounds, proofs, options.reading.digest);
  std::vector<ViewToMake> views;
  for (const ListedView& view : objects.views) views.push_back({view.id, view.create_text});
  views = route_views(std::move(views), tables, certificate);
  describe_views(certificate, TRY(make_views(*progress, views, stop)));
  end_certificate(certificate, board);
  TRY(progress->finish(to_json(certificate), stop));
  return certificate;
}

}  // namespace tideway::recipe
