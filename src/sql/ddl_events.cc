#include "sql/ddl_events.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tideway {
namespace {

constexpr auto event_count = static_cast<std::size_t>(DdlEvent::multi_schema_change) + 1;

// In the order of DdlEvent.
constexpr std::array<std::string_view, event_count> event_names = {
    "create database",
    "alter database",
    "create table",
    "create index",
    "create view",
    "drop view",
    "alter table",
    "add table partition",
    "drop database",
    "drop table",
    "truncate table",
    "rename table",
    "drop index",
    "drop table partition",
    "truncate table partition",
    "value range decrease",
    "precision decrease",
    "modify column",
    "rename column",
    "rename index",
    "drop column",
    "drop primary key",
    "drop unique key",
    "modify default value",
    "modify constraint",
    "modify columns order",
    "modify charset",
    "modify collation",
    "remove auto increment",
    "modify storage engine",
    "reorganize table partition",
    "rebuild table partition",
    "coalesce table partition",
    "split table partition",
    "exchange table partition",
    "modify schema charset and collate",
    "modify table charset and collate",
    "modify table comment",
    "recover table",
    "alter table partitioning",
    "remove table partitioning",
    "add column",
    "set default value",
    "rebase auto id",
    "add foreign key",
    "drop foreign key",
    "add primary key",
    "alter index visibility",
    "alter ttl info",
    "alter ttl remove",
    "multi schema change",
};

}  // namespace

std::string_view to_text(DdlEvent event) { return event_names[static_cast<std::size_t>(event)]; }

std::optional<DdlEvent> parse_ddl_event(std::string_view name) {
  const std::string lower = ascii_lower(name);
  if (lower == "create schema") return DdlEvent::create_database;
  if (lower == "alter schema") return DdlEvent::alter_database;
  if (lower == "drop schema") return DdlEvent::drop_database;
  const auto* const found = std::ranges::find(event_names, std::string_view(lower));
  if (found == event_names.end()) return std::nullopt;
  return static_cast<DdlEvent>(found - event_names.begin());
}

bool is_incompatible(DdlEvent event) { return event >= DdlEvent::drop_database; }

const std::vector<DdlEvent>& ddl_events() {
  static const std::vector<DdlEvent> all = [] {
    std::vector<DdlEvent> events;
    for (std::size_t i = 0; i < event_count; ++i) events.push_back(static_cast<DdlEvent>(i));
    return events;
  }();
  return all;
}

}  // namespace tideway
