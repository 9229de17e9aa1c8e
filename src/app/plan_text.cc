#include "app/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "app/status_block.h"
#include "base/text.h"
#include "model/certificate.h"

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const TableId& table) { return visible(table.database + "." + table.name); }

std::string padded(const std::string& text, std::size_t columns) {
  const std::size_t width = columns_of(text);
  return width < columns ? text + std::string(columns - width, ' ') : text;
}

// Where a taken table goes, in one line's end.
std::string goal_of(const recipe::PlannedTable& table) {
  std::string text = "-> " + name_of(table.target);
  if (table.is_on_target) text += *table.is_on_target ? " (there)" : " (is made)";
  text += "   " + table.why;
  if (!table.route.empty()) text += fmt::format(", route '{}'", table.route);
  return text;
}

void add_taken(std::string& text, const recipe::PlannedTable& table, std::size_t width) {
  text += fmt::format("  {}  {}\n", padded(name_of(table.source), width),
                      table.problem.empty() ? goal_of(table) : "problem: " + table.problem);
  const auto add = [&text](const std::string& line) { text += "      " + visible(line) + "\n"; };
  for (const auto& column : table.adds)
    add(fmt::format("adds column {} = '{}'", tideway::quoted(column.name), column.value));
  if (!table.filters.empty()) add(fmt::format("{}", fmt::join(table.filters, ", ")));
  for (const std::string& remark : table.remarks) add(remark);
}

}  // namespace

std::string plan_text(const recipe::Plan& plan) {
  std::string taken, left;
  std::size_t taken_count = 0, left_count = 0, width = 0;
  for (const auto& table : plan.tables) width = std::max(width, columns_of(name_of(table.source)));
  width = std::min<std::size_t>(width, 50);
  for (const auto& table : plan.tables) {
    if (table.is_taken) {
      ++taken_count;
      add_taken(taken, table, width);
    } else if (table.why != Router::system_reason) {
      ++left_count;
      left += fmt::format("  {}  {}\n", padded(name_of(table.source), width), table.why);
    }
  }
  std::string text = fmt::format("Plan\n  source  {}\n", plan.source);
  if (!plan.target.empty()) text += fmt::format("  target  {}\n", plan.target);
  text += fmt::format("\n{} tables are taken\n{}", human_count(taken_count), taken);
  if (left_count != 0)
    text += fmt::format("\n{} tables are left out\n{}", human_count(left_count), left);
  if (!plan.warnings.empty()) text += "\n";
  for (const std::string& warning : plan.warnings) text += "  warning: " + visible(warning) + "\n";
  return text +
         (plan.has_problems() ? "\n  PROBLEMS: a job with these rules does not begin\n" : "");
}

std::string plan_event(const recipe::Plan& plan) {
  Json tables = Json::array();
  for (const auto& table : plan.tables) {
    Json one{{"database", table.source.database},
             {"table", table.source.name},
             {"taken", table.is_taken},
             {"why", table.why}};
    if (table.is_taken && table.problem.empty()) {
      one["target_database"] = table.target.database;
      one["target_table"] = table.target.name;
    }
    if (!table.route.empty()) one["route"] = table.route;
    for (const auto& column : table.adds) one["adds"][column.name] = column.value;
    if (!table.filters.empty()) one["filters"] = table.filters;
    if (!table.remarks.empty()) one["remarks"] = table.remarks;
    if (!table.problem.empty()) one["problem"] = table.problem;
    if (table.is_on_target) one["on_target"] = *table.is_on_target;
    if (table.is_taken) one["rows"] = table.rows;
    tables.push_back(std::move(one));
  }
  const Json event{{"event", "plan"},
                   {"time", to_text(std::chrono::system_clock::now())},
                   {"source", plan.source},
                   {"target", plan.target},
                   {"tables", std::move(tables)},
                   {"warnings", plan.warnings}};
  return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tideway
