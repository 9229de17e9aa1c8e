#include "apply/obstacles.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apply/table_maker.h"
#include "base/text.h"
#include "model/table_id.h"

namespace tideway {
namespace {

// Tables whose names the target takes for one.
void add_names_that_collide(std::vector<TableObstacle>& found, const Server& server,
                            std::span<const TableToMake> tables) {
  if (server.lower_case_table_names == 0) return;
  std::map<std::string, const TableToMake*> seen;
  for (const TableToMake& table : tables) {
    const auto [first, is_new] = seen.emplace(ascii_lower(quoted(table.target)), &table);
    if (is_new) continue;
    found.push_back({table.source->id, table.target,
                     fmt::format("has the name of {} there (lower_case_table_names = {})",
                                 quoted(first->second->target), server.lower_case_table_names),
                     true});
  }
}

std::string obstacles_of(const TableToMake& table, const TargetTraits& traits) {
  const auto rewritten = rewrite_create_table(table.source->create_text, table.target, traits,
                                              table.source->id.database);
  std::string found;
  if (!rewritten) return found;  // the server will judge the text itself
  for (const StatementChange& change : rewritten->changes)
    if (change.is_impossible) found += (found.empty() ? "" : ", ") + to_text(change);
  return found;
}

}  // namespace

std::vector<TableObstacle> find_obstacles(std::span<const TableToMake> tables, const Server& server,
                                          const TargetTraits& traits) {
  std::vector<TableObstacle> found;
  add_names_that_collide(found, server, tables);
  for (const TableToMake& table : tables) {
    std::string why = obstacles_of(table, traits);
    if (!why.empty()) found.push_back({table.source->id, table.target, std::move(why), false});
  }
  return found;
}

Result<void> refuse_impossible_tables(Session& session, std::span<const TableToMake> tables,
                                      const TargetTraits& traits, const std::stop_token& stop) {
  std::vector<std::string> reasons;
  for (const TableObstacle& obstacle : find_obstacles(tables, session.server(), traits)) {
    if (!obstacle.is_name) {
      const FoundTable found = TRY(look_for_table(session, obstacle.target, stop));
      if (found.found != Found::nothing) continue;
    }
    reasons.push_back(
        fmt::format("{}{} {}", quoted(obstacle.target), obstacle.is_name ? "" : ":", obstacle.why));
  }
  if (reasons.empty()) return {};
  return fail(Error(ErrorCode::impossible_on_target, Side::target, Retry::after_operator,
                    fmt::format("{} cannot have {} of the tables: {}", session.server().to_text(),
                                reasons.size(), fmt::join(reasons, "; "))));
}

}  // namespace tideway
