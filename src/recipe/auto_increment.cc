#include "recipe/auto_increment.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>
#include <string>

#include "sql/literal.h"

namespace tideway::recipe {
namespace {

using Counters = std::map<TableId, std::uint64_t>;

// The next number of each table that counts, in these databases.
Result<Counters> counters(Session& session, const std::set<std::string>& databases,
                          const std::stop_token& stop) {
  Counters found;
  if (databases.empty()) return found;
  const Server& server = session.server();
  // MySQL 8 keeps these figures for a day (manual, information_schema_stats_expiry).
  if (server.kind != ServerKind::tidb && server.kind != ServerKind::mariadb &&
      server.version >= 80000)
    TRY(session.execute("SET SESSION information_schema_stats_expiry = 0", stop));
  std::string names;
  for (const std::string& database : databases) {
    if (!names.empty()) names += ',';
    append_quoted(names, database);
  }
  const auto answer = TRY(session.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE "
      "AUTO_INCREMENT IS NOT NULL AND TABLE_SCHEMA IN (" +
          names + ")",
      stop));
  for (const auto& row : answer.rows) {
    const std::string text = row[2].value_or("0");
    std::uint64_t next = 0;
    std::from_chars(text.data(), text.data() + text.size(), next);
    found.emplace(TableId{row[0].value_or(""), row[1].value_or("")}, next);
  }
  return found;
}

}  // namespace

Result<std::vector<Change>> raise_auto_increment(Session& source, Session& target,
                                                 std::span<const CountedTable> tables,
                                                 const std::stop_token& stop) {
  std::set<std::string> ours, theirs;
  for (const CountedTable& table : tables) {
    ours.insert(table.source.database);
    theirs.insert(table.target.database);
  }
  const Counters wanted = TRY(counters(source, ours, stop));
  const Counters present = TRY(counters(target, theirs, stop));
  std::vector<Change> raised;
  for (const CountedTable& table : tables) {
    const auto next = wanted.find(table.source);
    const auto now = present.find(table.target);
    if (next == wanted.end() || now == present.end() || now->second >= next->second) continue;
    const std::string statement =
        fmt::format("ALTER TABLE {} AUTO_INCREMENT = {}", quoted(table.target), next->second);
    TRY_DURING(statement, target.execute(statement, stop));
    raised.push_back({quoted(table.target),
                      fmt::format("AUTO_INCREMENT raised from {} to {}", now->second, next->second),
                      "the source has given these numbers already"});
  }
  return raised;
}

}  // namespace tideway::recipe
