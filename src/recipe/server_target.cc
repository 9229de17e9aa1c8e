#include "recipe/server_target.h"

#include <algorithm>

#include "recipe/routed_tables.h"
#include "snapshot/chunk_range.h"
#include "verify/table_pair.h"

namespace tideway::recipe {
namespace {

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

}  // namespace

Result<Tables> make_everything(JobProgress& progress, const ObjectList& objects,
                               std::span<const TableToMake> tables, const RouterPtr& router,
                               OnDuplicate on_duplicate, std::uint32_t threads,
                               const std::stop_token& stop) {
  std::vector<DatabaseToMake> databases;
  for (const ListedDatabase& database : objects.databases)
    databases.push_back({database.name, database.create_text});
  databases = TRY(route_databases(*router, databases, tables));
  SchemaOptions schema;
  schema.on_duplicate = on_duplicate;
  schema.threads = threads;
  schema.renaming = Router::renaming(router);
  return TRY_DURING("making the tables on the target",
                    make_tables(progress, databases, tables, schema, stop));
}

Result<StreamSink*> ServerTarget::begin(const std::string& position,
                                        const std::set<TableId>& copy_again,
                                        const std::stop_token& stop) {
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

Result<void> ServerTarget::redefine(const ListedTable& table, const std::stop_token& stop) {
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

std::vector<TablePtr> definitions_of(const ObjectList& objects) {
  std::vector<TablePtr> definitions;
  for (const ListedTable& table : objects.tables) definitions.push_back(table.def);
  return definitions;
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

ProofOptions proof_options(DigestStrength strength, std::uint32_t threads,
                           const std::string& where) {
  ProofOptions proof;
  proof.strength = strength;
  proof.threads = threads;
  proof.condition = [&where](const TableToProve& table, const Stream& stream) {
    return condition_on_target(table, stream, where);
  };
  return proof;
}

}  // namespace tideway::recipe
