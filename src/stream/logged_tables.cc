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
    table = &this->table({std::string(map.database), std::string(map.name)});
  }
  if (!table->is_wanted) return {};
  if (table->overlap_unit != unit_) {
    table->overlap = TRY(overlap_with(table->copied));
    table->overlap_unit = unit_;
  }
  // What a copy has is not decoded: the definition may be a later one.
  if (table->overlap == Overlap::all) return {};
  if (table->fault && table->definitions_version == definitions_version_) return {};
  auto made = make_plan(*table, map, format, stop);
  if (made || !is_of_table(made.error())) return made;
  set_fault(*table, made.error());
  return {};
}

LoggedTables::Table& LoggedTables::table(const TableId& id) {
  const auto [found, is_new] = tables_.try_emplace(id);
  Table& table = found->second;
  if (is_new) {
    table.id = id;
    table.is_wanted = is_wanted(id);
    const auto copied = options_.copied.find(id);
    if (copied != options_.copied.end()) table.copied = &copied->second;
  }
  return table;
}

bool LoggedTables::is_of_table(const Error& error) {
  switch (error.code()) {
    case ErrorCode::definition_differs_from_log:
    case ErrorCode::definition_unknown:
    case ErrorCode::definition_conflict:
    case ErrorCode::not_supported:
      return true;
    default:
      return false;
  }
}

void LoggedTables::set_fault(Table& table, const Error& error, std::string_view statement) {
  constexpr std::size_t most = 300;
  auto fault = std::make_shared<TableFault>();
  fault->table = table.id;
  fault->reason = error.to_line();
  if (!statement.empty() && fault->reason.find(statement.substr(0, most)) == std::string::npos)
    fault->reason += fmt::format("; the statement is: {}", statement.substr(0, most));
  fault->reason +=
      "; copy the table again, or begin the job anew and give the definition that the table had "
      "at its start";
  table.fault = std::move(fault);
}

Result<void> LoggedTables::make_plan(Table& table, const TableMap& map,
                                     const FormatDescription& format, const std::stop_token& stop) {
  if (table.definitions_version != definitions_version_) TRY(learn(table, stop));
  if (!table.plan || !table.plan->is_for(map, table.definition))
    table.plan.emplace(TRY(RowsPlan::make(map, table.definition, format)));
  return {};
}

Result<void> LoggedTables::learn(Table& table, const std::stop_token& stop) {
  table.fault.reset();
  table.definitions_version = definitions_version_;
  table.definition = definitions_.find(table.id);
  if (table.definition == nullptr && options_.find_definition) {
    auto found = TRY(options_.find_definition(table.id, stop));
    if (found) definitions_.put(std::make_shared<const TableDef>(*std::move(found)));
    table.definition = definitions_.find(table.id);
  }
  if (table.definition == nullptr) return fail(unknown_definition(table.id));
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

Result<LoggedTables::Applied> LoggedTables::apply(std::string_view statement,
                                                  const SessionContext& session,
                                                  const std::stop_token& stop) {
  const DdlStatement parsed = TRY(parse_ddl(statement, session));
  std::vector<TableId> tables = wanted_tables(parsed);
  if (tables.empty()) return Applied();
  if (TRY(is_in_copy(parsed, tables))) {
    LOG(info, "a statement of the log is in the copy already", {{"statement", statement}});
    return Applied();
  }
  auto change = change_of(statement, session, tables, stop);
  ++definitions_version_;
  if (change) return Applied{*std::move(change), {}};
  std::erase_if(tables, [](const TableId& table) { return table.name.empty(); });
  if (!is_of_table(change.error()) || tables.empty()) return fail(std::move(change).error());
  return faults_of(tables, change.error(), statement);
}

std::vector<TableId> LoggedTables::wanted_tables(const DdlStatement& statement) const {
  std::vector<TableId> tables = named_tables(statement);
  std::erase_if(tables, [this](const TableId& table) { return !is_wanted(table); });
  return tables;
}

Result<LoggedTables::Applied> LoggedTables::refuse(std::string_view statement,
                                                   const SessionContext& session,
                                                   const Error& why) {
  const auto tables = wanted_tables(TRY(parse_ddl(statement, session)));
  ++definitions_version_;
  return faults_of(tables, why, statement);
}

LoggedTables::Applied LoggedTables::faults_of(std::span<const TableId> tables, const Error& error,
                                              std::string_view statement) {
  Applied applied;
  for (const TableId& id : tables) {
    definitions_.forget(id);
    Table& known = table(id);
    set_fault(known, error, statement);
    known.definition.reset();
    known.definitions_version = definitions_version_;
    applied.faults.push_back(known.fault);
  }
  return applied;
}

Result<std::shared_ptr<const SchemaChange>> LoggedTables::change_of(std::string_view statement,
                                                                    const SessionContext& session,
                                                                    std::span<const TableId> tables,
                                                                    const std::stop_token& stop) {
  auto change = definitions_.apply(statement, session);
  if (change || change.error().code() != ErrorCode::definition_unknown || !options_.find_definition)
    return change;
  // Tables that nobody asked for so far: their first mention in the log is this statement.
  for (const TableId& table : tables) {
    if (table.name.empty() || definitions_.find(table)) continue;
    auto found = TRY(options_.find_definition(table, stop));
    if (found) definitions_.put(std::make_shared<const TableDef>(*std::move(found)));
  }
  return definitions_.apply(statement, session);
}

}  // namespace tideway
