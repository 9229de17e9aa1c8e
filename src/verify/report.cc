#include "verify/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tideway {

std::string_view to_text(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::missing:
      return "missing";
    case DifferenceKind::extra:
      return "extra";
    case DifferenceKind::different:
      return "different";
  }
  return "different";
}

std::string_view to_text(ComparisonState state) {
  switch (state) {
    case ComparisonState::equal:
      return "equal";
    case ComparisonState::different:
      return "different";
    case ComparisonState::not_compared:
      return "not compared";
  }
  return "not compared";
}

bool VerifyReport::all_equal() const {
  return std::ranges::all_of(
      tables, [](const TableReport& table) { return table.state == ComparisonState::equal; });
}

std::string VerifyReport::to_json() const {
  nlohmann::ordered_json json = {{"format", 1},          {"source", source},
                                 {"target", target},     {"started", started},
                                 {"finished", finished}, {"all_equal", all_equal()}};
  auto& list = json["tables"] = nlohmann::ordered_json::array();
  for (const TableReport& table : tables) {
    nlohmann::ordered_json entry = {
        {"source", {{"database", table.source.database}, {"table", table.source.name}}},
        {"target", {{"database", table.target.database}, {"table", table.target.name}}},
        {"state", to_text(table.state)},
        {"reason", table.reason},
        {"compared",
         table.counted_only ? "row counts" : std::string(to_text(table.strength)) + " digest"},
        {"source_rows", table.source_digest.rows},
        {"target_rows", table.target_digest.rows},
        {"missing", table.missing},
        {"extra", table.extra},
        {"different", table.different}};
    auto& examples = entry["examples"] = nlohmann::ordered_json::array();
    for (const Difference& difference : table.examples) {
      examples.push_back(
          {{"kind", to_text(difference.kind)}, {"key", difference.key}, {"rows", difference.rows}});
    }
    list.push_back(std::move(entry));
  }
  // Keys are text of any kind: what is not UTF-8 is shown with replacement characters instead of
  // failing.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tideway
