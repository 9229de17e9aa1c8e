#include "apply/obstacles.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "apply/table_maker.h"
#include "base/text.h"
#include "model/table_id.h"

namespace tideway {
namespace {

// Tables whose names the target takes for one.
std::vector<std::string> names_that_collide(const Server& server,
                                            std::span<const TableToMake> tables) {
  std::vector<std::string> found;
  if (server.lower_case_table_names == 0) return found;
  std::map<std::string, const TableToMake*> seen;
  for (const TableToMake& table : tables) {
    const auto [first, is_new] = seen.emplace(ascii_lower(quoted(table.target)), &table);
    if (is_new) continue;
    found.push_back(fmt::format("{} has the name of {} there (lower_case_table_names = {})",
                                quoted(table.target), quoted(first->second->target),
                                server.lower_case_table_names));
  }
  return found;
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

Result<void> refuse_impossible_tables(Session& session, std::span<const TableToMake> tables,
                                      const TargetTraits& traits, const std::stop_token& stop) {
  std::vector<std::string> reasons = names_that_collide(session.server(), tables);
  for (const TableToMake& table : tables) {
    const std::string obstacles = obstacles_of(table, traits);
    if (obstacles.empty()) continue;
    const FoundTable found = TRY(look_for_table(session, table.target, stop));
    if (found.found == Found::nothing)
      reasons.push_back(fmt::format("{}: {}", quoted(table.target), obstacles));
  }
  if (reasons.empty()) return {};
  return fail(Error(ErrorCode::impossible_on_target, Side::target, Retry::after_operator,
                    fmt::format("{} cannot have {} of the tables: {}", session.server().to_text(),
                                reasons.size(), fmt::join(reasons, "; "))));
}

}  // namespace tideway
