#include "route/event_filter.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <utility>

#include "base/text.h"

namespace tideway {
namespace {

constexpr std::array<std::pair<std::string_view, EventBundle>, 7> bundles = {{
    {"all", EventBundle::all},
    {"all dml", EventBundle::all_dml},
    {"all ddl", EventBundle::all_ddl},
    {"none", EventBundle::none},
    {"none dml", EventBundle::none_dml},
    {"none ddl", EventBundle::none_ddl},
    {"incompatible ddl changes", EventBundle::incompatible},
}};
constexpr std::array<std::pair<std::string_view, ChangeKind>, 3> changes = {{
    {"insert", ChangeKind::insert},
    {"update", ChangeKind::update},
    {"delete", ChangeKind::remove},
}};

enum class Listed : std::uint8_t { yes, no, read_on };

// What one entry says of an event; both are of the same family (rows or statements) or the entry
// says nothing.
Listed by_bundle(EventBundle bundle, bool is_dml, bool is_incompatible_ddl) {
  switch (bundle) {
    case EventBundle::all:
      return Listed::yes;
    case EventBundle::none:
      return Listed::no;
    case EventBundle::all_dml:
      return is_dml ? Listed::yes : Listed::read_on;
    case EventBundle::none_dml:
      return is_dml ? Listed::no : Listed::read_on;
    case EventBundle::all_ddl:
      return is_dml ? Listed::read_on : Listed::yes;
    case EventBundle::none_ddl:
      return is_dml ? Listed::read_on : Listed::no;
    case EventBundle::incompatible:
      return is_incompatible_ddl ? Listed::yes : Listed::read_on;
  }
  return Listed::read_on;
}

template <typename Event>
bool is_listed(const std::vector<FilterEvent>& list, Event event) {
  constexpr bool is_dml = std::is_same_v<Event, ChangeKind>;
  bool is_breaking = false;
  if constexpr (!is_dml) is_breaking = is_incompatible(event);
  for (const FilterEvent& entry : list) {
    if (const auto* bundle = std::get_if<EventBundle>(&entry)) {
      const Listed said = by_bundle(*bundle, is_dml, is_breaking);
      if (said != Listed::read_on) return said == Listed::yes;
    } else if (const auto* one = std::get_if<Event>(&entry); one != nullptr && *one == event) {
      return true;
    }
  }
  return false;
}

// nullopt: the rule does not decide.
std::optional<FilterAction> decided(FilterAction action, bool is_hit) {
  if (is_hit && action != FilterAction::go_on) return action;
  if (!is_hit && action == FilterAction::go_on) return FilterAction::ignore;
  return std::nullopt;
}

}  // namespace

Result<FilterEvent> parse_filter_event(std::string_view text) {
  const std::string lower = ascii_lower(text);
  std::vector<std::string_view> known;
  for (const auto& [name, bundle] : bundles) {
    if (name == lower) return bundle;
    known.push_back(name);
  }
  for (const auto& [name, kind] : changes) {
    if (name == lower) return kind;
    known.push_back(name);
  }
  if (const auto event = parse_ddl_event(lower)) return *event;
  for (const DdlEvent event : ddl_events()) known.push_back(to_text(event));
  const std::string_view near = nearest(lower, known);
  return fail(
      rule_error(fmt::format("there is no event '{}'{}", text,
                             near.empty() ? "" : fmt::format("; did you mean '{}'?", near))));
}

FilterVerdict judge_change(std::span<const EventFilterRule> rules, const TableId& table,
                           ChangeKind kind) {
  for (const EventFilterRule& rule : rules) {
    if (!rule.of.matches(table)) continue;
    if (const auto action = decided(rule.action, is_listed(rule.events, kind)))
      return {*action, &rule};
  }
  return {};
}

FilterVerdict judge_statement(std::span<const EventFilterRule> rules, const TableId& table,
                              std::optional<DdlEvent> event, std::string_view statement) {
  for (const EventFilterRule& rule : rules) {
    if (!rule.of.matches(table)) continue;
    if (event) {
      if (const auto action = decided(rule.action, is_listed(rule.events, *event)))
        return {*action, &rule};
    }
    if (rule.sql_pattern == nullptr) continue;
    const bool is_hit =
        RE2::PartialMatch(re2::StringPiece(statement.data(), statement.size()), *rule.sql_pattern);
    if (const auto action = decided(rule.action, is_hit)) return {*action, &rule};
  }
  return {};
}

}  // namespace tideway
