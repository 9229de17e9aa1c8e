#include "snapshot/cascades.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/log.h"
#include "sql/create_table.h"

namespace tideway {
namespace {

bool changes_children(const ForeignKey& key) {
  const auto acts = [](const std::string& rule) {
    return rule == "CASCADE" || rule == "SET NULL" || rule == "SET DEFAULT";
  };
  return acts(key.on_delete) || acts(key.on_update);
}

}  // namespace

void add_cascades(Cascades& cascades, const TableDef& child) {
  for (const ForeignKey& key : child.foreign_keys) {
    if (!changes_children(key)) continue;
    TableId parent = key.referenced;
    if (parent.database.empty()) parent.database = child.id.database;
    cascades.children[parent].insert(child.id);
  }
}

Result<void> follow_cascades(Session& session, Cascades& cascades, std::set<TableId> known,
                             const std::stop_token& stop) {
  while (true) {
    std::vector<TableId> parents;
    std::vector<std::string> statements;
    for (const auto& [parent, children] : cascades.children) {
      if (!known.insert(parent).second) continue;
      parents.push_back(parent);
      statements.push_back("SHOW CREATE TABLE " + quoted(parent));
    }
    if (parents.empty()) return {};
    auto answers = TRY(session.query_all(statements, stop));
    for (std::size_t i = 0; i < parents.size(); ++i) {
      const auto parsed = [&]() -> Result<TableDef> {
        const ResultTable answer = TRY(std::move(answers[i]));
        const bool has_text = !answer.rows.empty() && answer.rows[0].size() > 1;
        return parse_create_table(has_text ? answer.rows[0][1].value_or("") : "",
                                  parents[i].database);
      }();
      if (parsed) {
        add_cascades(cascades, *parsed);
      } else if (parsed.error().code() != ErrorCode::table_gone) {
        LOG(warn,
            "a parent of a selected table cannot be read: its children count as touched by "
            "anything",
            {{"parent", quoted(parents[i])}, {"error", parsed.error().to_line()}});
        const auto& children = cascades.children[parents[i]];
        cascades.unsure.insert(children.begin(), children.end());
      }
    }
  }
}

std::vector<std::set<TableId>> families(const Cascades& cascades) {
  std::vector<std::set<TableId>> all;
  for (const auto& [parent, children] : cascades.children) {
    std::set<TableId> family(children.begin(), children.end());
    family.insert(parent);
    for (auto other = all.begin(); other != all.end();) {
      const bool meets = std::ranges::any_of(
          *other, [&family](const TableId& table) { return family.contains(table); });
      if (meets) family.merge(*other);
      other = meets ? all.erase(other) : other + 1;
    }
    all.push_back(std::move(family));
  }
  return all;
}

}  // namespace tideway
