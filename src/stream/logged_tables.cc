#include "stream/logged_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "model/table_filter.h"
#include "sql/ddl.h"
#include "stream/named_tables.h"

namespace tideway {
namespace {

Error unknown_definition(const TableId& table) {
  Evidence evidence;
  evidence.table = quoted(table);
  return {ErrorCode::definition_unknown, Side::source, Retry::after_operator, std::move(evidence),
          fmt::format("the log has changes of {} and its definition there is not known",
                      quoted(table))};
}

}  // namespace

bool LoggedTables::is_wanted(const TableId& table) const {
  if (is_system_database(table.database)) return false;
  return !options_.is_wanted || options_.is_wanted(table);
}

void LoggedTables::begin_unit(const UnitPlace& unit) {
  ++unit_;
  if (!options_.copied.empty()) place_ = unit;
}

Result<void> LoggedTables::take(const TableMap& map, const FormatDescription& format,
                                const std::stop_token& stop) {
  Table*& table = numbers_[map.table_id];
  if (table == nullptr || table->id.name != map.name || table->id.database != map.database) {
    const TableId id{std::string(map.database), std::string(map.name)};
    const auto [found, is_new] = tables_.try_emplace(id);
    table = &found->second;
    if (is_new) {
      table->id = id;
      table->is_wanted = is_wanted(id);
      const auto copied = options_.copied.find(id);
      if (copied != options_.copied.end()) table->copied = &copied->second;
    }
  }
  if (!table->is_wanted) return {};
  if (table->overlap_unit != unit_) {
    table->overlap = TRY(overlap_with(table->copied));
    table->overlap_unit = unit_;
  }
  // What a copy has is not decoded: the definition may be a later one.
  if (table->overlap == Overlap::all) return {};
  if (table->definitions_version != definitions_version_) TRY(learn(*table, stop));
  if (!table->plan || !table->plan->is_for(map, table->definition))
    table->plan.emplace(TRY(RowsPlan::make(map, table->definition, format)));
  return {};
}

Result<void> LoggedTables::learn(Table& table, const std::stop_token& stop) {
  table.definition = definitions_.find(table.id);
  if (table.definition == nullptr && options_.find_definition) {
    auto found = TRY(options_.find_definition(table.id, stop));
    if (found) definitions_.put(std::make_shared<const TableDef>(*std::move(found)));
    table.definition = definitions_.find(table.id);
  }
  if (table.definition == nullptr) return fail(unknown_definition(table.id));
  table.definitions_version = definitions_version_;
  return {};
}

LoggedTables::Table* LoggedTables::find(std::uint64_t number) {
  const auto found = numbers_.find(number);
  return found == numbers_.end() ? nullptr : found->second;
}

void LoggedTables::forget_numbers() { numbers_.clear(); }

Result<Overlap> LoggedTables::overlap_with(const CopiedTable* copied) const {
  if (copied == nullptr) return Overlap::none;
  return overlap_of(*copied, place_);
}

// A table that was copied has the definition of its high, so what came before is in it. A database
// that is dropped takes tables with it that were made and copied after.
Result<bool> LoggedTables::is_in_copy(const DdlStatement& statement,
                                      std::span<const TableId> tables) const {
  const auto* dropped = std::get_if<DropDatabase>(&statement);
  std::size_t in_copy = 0, others = 0;
  for (const auto& [id, copied] : options_.copied) {
    const bool is_named = std::ranges::find(tables, id) != tables.end();
    if (!is_named && (dropped == nullptr || dropped->name != id.database)) continue;
    ++(TRY(overlap_with(&copied)) != Overlap::none ? in_copy : others);
  }
  if (in_copy == 0 || others == 0) return in_copy != 0;
  return fail(Error(ErrorCode::not_supported, Side::source, Retry::after_operator,
                    "a statement changes several tables, some of which were copied with it and "
                    "some without"));
}

Result<std::shared_ptr<const SchemaChange>> LoggedTables::apply(std::string_view statement,
                                                                const SessionContext& session,
                                                                const std::stop_token& stop) {
  const DdlStatement parsed = TRY(parse_ddl(statement, session));
  std::vector<TableId> tables = named_tables(parsed);
  std::erase_if(tables, [this](const TableId& table) { return !is_wanted(table); });
  if (tables.empty()) return nullptr;
  if (TRY(is_in_copy(parsed, tables))) {
    LOG(info, "a statement of the log is in the copy already", {{"statement", statement}});
    return nullptr;
  }
  auto change = definitions_.apply(statement, session);
  if (!change && change.error().code() == ErrorCode::definition_unknown &&
      options_.find_definition) {
    // Tables that nobody asked for so far: their first mention in the log is this statement.
    for (const TableId& table : tables) {
      if (table.name.empty() || definitions_.find(table)) continue;
      auto found = TRY(options_.find_definition(table, stop));
      if (found) definitions_.put(std::make_shared<const TableDef>(*std::move(found)));
    }
    change = definitions_.apply(statement, session);
  }
  if (!change) return fail(std::move(change).error());
  ++definitions_version_;
  return *std::move(change);
}

}  // namespace tideway
