#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/block.h"
#include "route/name_pattern.h"
#include "sql/ddl_events.h"

namespace tideway {

// What a binlog event filter lists: an event, or a bundle of them.
enum class EventBundle : std::uint8_t {
  all,
  all_dml,
  all_ddl,
  none,
  none_dml,
  none_ddl,
  incompatible
};
using FilterEvent = std::variant<EventBundle, ChangeKind, DdlEvent>;

// "all dml", "insert", "drop table": any case. TW112 with the nearest name.
Result<FilterEvent> parse_filter_event(std::string_view text);

enum class FilterAction : std::uint8_t { go_on, ignore, error };

// A binlog event filter: what becomes of some events of some tables.
struct EventFilterRule {
  std::string name;
  TablePattern of;
  std::vector<FilterEvent> events;
  std::shared_ptr<const re2::RE2> sql_pattern;  // nullptr: none; looked for in a DDL's text
  FilterAction action = FilterAction::go_on;
};

// What filters say of one event, and which of them: nullptr where none said anything.
struct FilterVerdict {
  FilterAction action = FilterAction::go_on;
  const EventFilterRule* rule = nullptr;
};

// Every rule that matches the table is asked in turn; the first that decides counts:
//  1. an event that it lists, with action Ignore or Error, is that; one that it does not list, with
//  action Do, is ignored
//  2. for DDL, likewise a statement in which its sql-pattern is found, or is not
// The list is read from left to right: `none…` ends it with "not listed", `all…` with "listed".
FilterVerdict judge_change(std::span<const EventFilterRule> rules, const TableId& table,
                           ChangeKind kind);
// `events` empty: a statement without a name among events; only rule 2 applies.
FilterVerdict judge_statement(std::span<const EventFilterRule> rules, const TableId& table,
                              std::optional<DdlEvent> event, std::string_view statement);

}  // namespace tideway
