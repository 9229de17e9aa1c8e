#include "recipe/known_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace tideway::recipe {
namespace {

// The definition may have changed under a reader; if it did not, the table's error stands.
bool may_be_redefinition(const Error& error) {
  return error.side() == Side::source &&
         (error.code() == ErrorCode::table_gone || error.code() == ErrorCode::definition_changed ||
          error.code() == ErrorCode::server_refused);
}

Error dropped(const TableId& table) {
  Evidence evidence;
  evidence.table = quoted(table);
  return {
      ErrorCode::table_gone, Side::source, Retry::never, std::move(evidence),
      fmt::format("{} was dropped or renamed on the source while it was read; what was written of "
                  "it is not whole",
                  quoted(table))};
}

}  // namespace

void KnownTables::begin_anew() {
  readings_.clear();
  failures_.clear();
  given_up_.clear();
}

void KnownTables::add(TableReading reading) {
  readings_.insert_or_assign(reading.table, std::move(reading));
}

void KnownTables::add(FailedTable failed) {
  failures_.insert_or_assign(failed.table, std::move(failed.error));
}

std::vector<TableReading> KnownTables::readings() const {
  std::vector<TableReading> readings;
  for (const auto& [table, reading] : readings_) readings.push_back(reading);
  return readings;
}

StaleTables KnownTables::stale(std::span<const TableStanding> standings) const {
  StaleTables stale;
  for (const TableStanding& standing : standings) {
    const ListedTable* table = standing.is_stale ? objects_.find(standing.table) : nullptr;
    if (table == nullptr) continue;
    if (standing.is_redefined) {
      stale.perhaps_redefined.insert(standing.table);
    } else {
      stale.as_known.push_back(*table);
    }
  }
  for (const auto& [table, error] : failures_) {
    if (may_be_redefinition(error) && !given_up_.contains(table))
      stale.perhaps_redefined.insert(table);
  }
  return stale;
}

std::vector<ListedTable> KnownTables::take(const ObjectList& now,
                                           const std::set<TableId>& perhaps_redefined) {
  std::vector<ListedTable> fresh;
  for (const ListedTable& table : now.tables) {
    const bool is_new = objects_.find(table.id()) == nullptr;
    if (!is_new && !perhaps_redefined.contains(table.id())) continue;
    if (is_refused_as_it_is(table)) {
      given_up_.insert(table.id());
      continue;
    }
    fresh.push_back(table);
    fresh.back().listed_at = now.listed_at;
  }
  for (const TableId& table : perhaps_redefined) {
    if (now.find(table) == nullptr) give_up(table, dropped(table));
  }
  for (const auto& [parent, children] : now.cascades.children)
    objects_.cascades.children[parent].insert(children.begin(), children.end());
  objects_.cascades.unsure.insert(now.cascades.unsure.begin(), now.cascades.unsure.end());
  return fresh;
}

bool KnownTables::is_refused_as_it_is(const ListedTable& now) const {
  const ListedTable* known = objects_.find(now.id());
  const auto failure = failures_.find(now.id());
  return known != nullptr && failure != failures_.end() &&
         failure->second.code() == ErrorCode::server_refused &&
         known->def->create_text == now.def->create_text;
}

void KnownTables::redefine(const ListedTable& table) {
  failures_.erase(table.id());
  readings_.erase(table.id());
  const auto at = std::ranges::lower_bound(objects_.tables, table.id(), {},
                                           [](const ListedTable& each) { return each.id(); });
  if (at != objects_.tables.end() && at->id() == table.id()) {
    *at = table;
  } else {
    objects_.tables.insert(at, table);
  }
}

void KnownTables::give_up(const TableId& table, Error why) {
  readings_.erase(table);
  failures_.insert_or_assign(table, std::move(why));
  given_up_.insert(table);
}

std::map<TableId, TableOutcome> KnownTables::outcomes(
    std::span<const TableStanding> standings) const {
  std::map<TableId, TableOutcome> outcomes;
  for (const TableStanding& standing : standings)
    outcomes[standing.table] = TableOutcome{standing.is_proven, standing.why_not, std::nullopt};
  for (const ListedTable& table : objects_.tables) {
    const auto failure = failures_.find(table.id());
    TableOutcome& outcome = outcomes[table.id()];
    if (failure != failures_.end()) {
      outcome = TableOutcome{false, failure->second.to_line(), failure->second};
    } else if (!readings_.contains(table.id())) {
      outcome = TableOutcome{false, "it was not read to its end", std::nullopt};
    }
  }
  return outcomes;
}

}  // namespace tideway::recipe
