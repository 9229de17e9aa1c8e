#include "recipe/load_input.h"

#include <fmt/format.h>

#include <set>

#include "recipe/routed_tables.h"
#include "snapshot/snapshot_point.h"
#include "sql/create_table.h"
#include "sql/schema_file.h"
#include "sql/tidb_labels.h"
#include "storage/compression.h"

namespace tideway::recipe {
namespace {

constexpr std::size_t most_schema_bytes = 64ULL << 20U;

Result<std::string> read_text(Storage& place, const std::string& path) {
  const auto file = TRY(open_unpacked(place, path));
  std::string text;
  while (true) {
    const std::size_t before = text.size();
    text.resize(before + (64U << 10U));
    const std::size_t count = TRY(file->read(text.data() + before, text.size() - before));
    text.resize(before + count);
    if (count == 0) return text;
    if (text.size() > most_schema_bytes) {
      return fail(Error(ErrorCode::file_unexpected, Side::local, Retry::never,
                        fmt::format("{} is larger than a schema file can be", path)));
    }
  }
}

// The first statement of a kind in a schema file.
Result<std::string> statement_of(Storage& place, const std::string& path,
                                 SchemaStatement::Kind kind) {
  const std::string text = TRY_DURING("reading " + path, read_text(place, path));
  for (const SchemaStatement& statement : TRY_DURING("reading " + path, read_schema_file(text))) {
    if (statement.kind == kind) return std::string(statement.text);
  }
  return fail(
      Error(ErrorCode::file_syntax, Side::local, Retry::never,
            fmt::format("{} does not hold the CREATE statement that its name promises", path)));
}

Error needs_schema_file(const TableId& table) {
  return {ErrorCode::not_supported, Side::local, Retry::after_operator,
          fmt::format("a route adds columns to {}, for which the input has no {}.{}-schema.sql: "
                      "which columns its files have is not known",
                      quoted(table), table.database, table.name)};
}

Result<TableDef> definition_on_target(Session& target, const TableId& table, const TableId& there,
                                      const std::stop_token& stop) {
  auto asked = target.query("SHOW CREATE TABLE " + quoted(there), stop);
  if (!asked && asked.error().code() == ErrorCode::table_gone) {
    return fail(Error(ErrorCode::file_unexpected, Side::target, Retry::after_operator,
                      fmt::format("the input has no {}.{}-schema.sql, and the target has no table "
                                  "{}: add the file, make the table, or leave it out with --filter",
                                  table.database, table.name, quoted(there))));
  }
  const auto answer = TRY_DURING(
      fmt::format("looking for {}, for which the input has no schema file", quoted(table)),
      std::move(asked));
  if (answer.rows.empty() || answer.rows[0].size() < 2 || !answer.rows[0][1]) {
    return fail(Error(ErrorCode::unexpected_answer, Side::target, Retry::never,
                      fmt::format("SHOW CREATE TABLE {} gave no statement", quoted(there))));
  }
  std::string text = *answer.rows[0][1];
  if (target.server().prints_labels_raw()) text = with_readable_labels(text);
  return parse_create_table(text, table.database);
}

std::string fingerprint_of(const PartList& parts) {
  std::string text;
  for (const InputTable& table : parts.tables) {
    for (const InputFile& file : table.files) text += fmt::format("{} {}\n", file.path, file.bytes);
  }
  return text;
}

Result<void> add_table(LoadInput& input, Storage& place, const Router& router, InputTable& table,
                       bool with_schemas, Session& target, const std::stop_token& stop) {
  const Route route = TRY(router.route(table.id));
  TableDef definition;
  if (with_schemas && !table.schema_path.empty()) {
    const std::string text =
        TRY(statement_of(place, table.schema_path, SchemaStatement::Kind::create_table));
    definition =
        TRY_DURING("reading " + table.schema_path, parse_create_table(text, table.id.database));
    definition.create_text = text;
  } else {
    definition = TRY(definition_on_target(target, table.id, route.target, stop));
    if (!route.constants.empty()) return fail(needs_schema_file(table.id));
  }
  definition.id = table.id;  // the file's name decides, as in the original importer
  const auto shared = std::make_shared<const TableDef>(std::move(definition));
  input.definitions.emplace(table.id, shared);
  input.tables.push_back(to_make(shared, route));
  input.parts.tables.push_back(std::move(table));
  return {};
}

}  // namespace

Result<LoadInput> read_input(Storage& place, const Router& router, bool with_schemas,
                             Session& target, const std::stop_token& stop) {
  LoadInput input;
  PartList all = TRY_DURING("listing " + place.name(), list_parts(place));
  if (all.tables.empty() && all.databases.empty() && all.ignored.empty()) {
    return fail(Error(ErrorCode::file_unexpected, Side::local, Retry::never,
                      place.name() + " is empty: there is nothing to load"));
  }
  if (all.tables.empty() && !all.ignored.empty()) {
    return fail(Error(ErrorCode::file_unexpected, Side::local, Retry::never,
                      fmt::format("no file in {} has a name that says which table it is of, like "
                                  "shop.orders.sql or shop.orders.000000001.csv.zst: there is {}{}",
                                  place.name(), all.ignored.front().path,
                                  all.ignored.size() == 1 ? "" : " and others")));
  }
  std::vector<InputTable> tables = std::move(all.tables);
  all.tables.clear();
  input.parts = std::move(all);
  std::set<std::string> wanted;
  for (InputTable& table : tables) {
    if (!router.is_wanted(table.id)) continue;
    wanted.insert(table.id.database);
    if (table.view_path.empty()) {
      TRY(add_table(input, place, router, table, with_schemas, target, stop));
    } else if (with_schemas) {
      input.views.push_back({table.id, TRY(statement_of(place, table.view_path,
                                                        SchemaStatement::Kind::create_view))});
    }
  }
  for (const InputDatabase& database : input.parts.databases) {
    if (!wanted.contains(database.name) && !router.is_wanted(database.name)) continue;
    DatabaseToMake make{database.name, ""};
    if (with_schemas && !database.schema_path.empty()) {
      make.create_statement =
          TRY(statement_of(place, database.schema_path, SchemaStatement::Kind::create_database));
    }
    input.databases.push_back(std::move(make));
  }
  if (input.tables.empty() && input.views.empty()) {
    return fail(Error(ErrorCode::filter_matches_nothing, Side::local, Retry::never,
                      fmt::format("{} holds no table that the filter takes", place.name())));
  }
  std::vector<TableId> ids;
  for (const TableToMake& table : input.tables) ids.push_back(table.source->id);
  TRY(router.routes(ids));
  input.databases = TRY(route_databases(router, input.databases, input.tables));
  input.fingerprint = fingerprint_of(input.parts);
  return input;
}

std::uint64_t rows_of(const PartList& parts) {
  std::uint64_t rows = 0;
  for (const InputTable& table : parts.tables) {
    for (const InputFile& file : table.files) rows += file.rows;
  }
  return rows;
}

std::string rung_of(const PartList& parts) {
  if (!parts.manifest || parts.manifest->point.empty()) return "";
  const auto point = SnapshotPoint::parse_json(parts.manifest->point);
  return point ? std::string(to_text(point->rung)) : "";
}

std::string position_of(const PartList& parts) {
  if (!parts.metadata || parts.metadata->log != DumpMetadata::Log::known) return "";
  const auto& source = parts.metadata->source;
  return fmt::format("{}:{}{}{}", source.file, source.position, source.gtid_set.empty() ? "" : " ",
                     source.gtid_set);
}

}  // namespace tideway::recipe
