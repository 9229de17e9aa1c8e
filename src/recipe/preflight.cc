#include "recipe/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace tideway::recipe {
namespace {

constexpr std::size_t tables_at_once = 500;
constexpr std::size_t tables_named = 10;

// Tables whose rows the condition cannot choose, and what the server says of the first.
struct Misfits {
  std::vector<TableId> tables;
  std::optional<Error> first;
};

Error does_not_fit(const Misfits& misfits) {
  Evidence evidence = misfits.first->evidence();
  evidence.table = quoted(misfits.tables[0]);
  evidence.statement =
      "correct --where, or leave out with --filter the tables that it cannot be asked of";
  std::string message = fmt::format("--where does not fit {}", evidence.table);
  for (std::size_t i = 1; i < std::min(misfits.tables.size(), tables_named); ++i)
    message += ", " + quoted(misfits.tables[i]);
  if (misfits.tables.size() > tables_named)
    message += fmt::format(" and {} more", misfits.tables.size() - tables_named);
  return {ErrorCode::bad_value, misfits.first->side(), Retry::never, std::move(evidence),
          std::move(message)};
}

Result<void> try_where(Session& session, std::span<const ListedTable> tables,
                       const std::string& where, Misfits& misfits, const std::stop_token& stop) {
  std::vector<std::string> statements;
  for (const ListedTable& table : tables)
    statements.push_back(
        fmt::format("SELECT 1 FROM {} WHERE ({}) LIMIT 0", quoted(table.id()), where));
  auto answers = TRY(session.query_all(statements, stop));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    // A table that went, or may not be read, is told of where it is read.
    if (answers[i] || answers[i].error().code() != ErrorCode::server_refused) continue;
    misfits.tables.push_back(tables[i].id());
    if (!misfits.first) misfits.first = std::move(answers[i]).error();
  }
  return {};
}

}  // namespace

Result<void> check_where(Session& session, const ObjectList& objects, const std::string& where,
                         const std::stop_token& stop) {
  if (where.empty()) return {};
  Misfits misfits;
  for (std::span<const ListedTable> left = objects.tables; !left.empty();) {
    const auto part = left.first(std::min(left.size(), tables_at_once));
    TRY_DURING("trying --where", try_where(session, part, where, misfits, stop));
    left = left.subspan(part.size());
  }
  if (misfits.tables.empty()) return {};
  return fail(does_not_fit(misfits));
}

void watch(StatusBoard& board, std::initializer_list<Endpoint*> servers) {
  std::vector<std::pair<Side, std::shared_ptr<Reachability>>> watched;
  for (Endpoint* server : servers) {
    server->reachability = std::make_shared<Reachability>();
    watched.emplace_back(server->side, server->reachability);
  }
  board.watch([watched = std::move(watched)] {
    std::string text;
    for (const auto& [side, reachability] : watched) {
      const std::string why = reachability->why_away();
      if (!why.empty())
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", to_text(side), why);
    }
    return text;
  });
}

}  // namespace tideway::recipe
