#include "assess/read_target.h"

#include <fmt/format.h>

#include <string>

#include "apply/target_traits.h"
#include "progress/meta_session.h"

namespace tideway {
namespace {

constexpr std::string_view progress_database = "tideway_meta";

// What progress needs: a table of its own, rows that are changed in a transaction, an ALTER when a
// later version comes.
Result<void> use_table(Session& session, const std::string& table, const std::stop_token& stop) {
  // Of a process that was killed here when the server counted its sessions from the start.
  TRY(session.execute("DROP TABLE IF EXISTS " + table, stop));
  TRY(session.execute(
      fmt::format("CREATE TABLE {} (id INT NOT NULL PRIMARY KEY, guard INT NOT NULL)", table),
      stop));
  const auto use = [&]() -> Result<void> {
    TRY(session.execute("START TRANSACTION", stop));
    TRY(session.execute(fmt::format("INSERT INTO {} VALUES (1, 1)", table), stop));
    TRY(session.execute(fmt::format("UPDATE {} SET guard = guard + 1 WHERE id = 1", table), stop));
    TRY(session.query(fmt::format("SELECT guard FROM {} WHERE id = 1 FOR UPDATE", table), stop));
    TRY(session.execute(fmt::format("DELETE FROM {} WHERE id = 1", table), stop));
    TRY(session.execute("COMMIT", stop));
    return {};
  };
  auto used = use();
  if (session.is_broken()) return used;
  auto dropped = session.execute("DROP TABLE " + table, stop);
  if (!used) return used;
  if (!dropped) return fail(std::move(dropped).error());
  return {};
}

Result<void> try_progress_tables(Session& session, const std::stop_token& stop) {
  // Where it is there it is not made: the statement would wait for a transaction in which the job's
  // owner stands still, who is only to be taken over.
  const auto there = TRY(session.query_value(
      fmt::format("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{}'",
                  progress_database),
      stop));
  if (!there)
    TRY(session.execute(fmt::format("CREATE DATABASE IF NOT EXISTS {}", progress_database), stop));
  // Of this session alone, so that two that look at once do not meet.
  return use_table(session, fmt::format("{}.assess_{}", progress_database, session.connection_id()),
                   stop);
}

Result<void> try_kill(Session& session, const std::stop_token& stop) {
  const Session other = TRY(Session::open(session.endpoint(), {}, stop));
  return kill_session(session, other.connection_id(), stop);
}

Result<Attempt> attempt(const Session& session, const Result<void>& tried,
                        const std::stop_token& stop) {
  if (tried) return Attempt();
  if (session.is_broken() || stop.stop_requested()) return fail(tried.error());
  return Attempt(tried.error());
}

// The first value of the answer's column, where the account may ask and there is one.
Result<std::optional<std::string>> value_if_told(Session& session, const std::string& sql,
                                                 std::string_view column,
                                                 const std::stop_token& stop) {
  const auto answer = session.query(sql, stop);
  if (!answer && (session.is_broken() || stop.stop_requested())) return fail(answer.error());
  if (!answer || answer->rows.empty()) return std::optional<std::string>();
  const auto at = answer->find_column(column);
  return at ? answer->rows[0][*at] : std::optional<std::string>();
}

std::optional<bool> is_true(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return *text == "true" || *text == "True" || *text == "ON" || *text == "1";
}

Result<void> read_tidb(Session& session, TargetFacts& facts, const std::stop_token& stop) {
  facts.has_global_kill = is_true(TRY(value_if_told(
      session, "SHOW CONFIG WHERE type = 'tidb' AND name = 'enable-global-kill'", "Value", stop)));
  facts.has_new_collations = is_true(TRY(value_if_told(
      session,
      "SELECT VARIABLE_VALUE FROM mysql.tidb WHERE VARIABLE_NAME = 'new_collation_enabled'",
      "VARIABLE_VALUE", stop)));
  return {};
}

Result<void> read_tables(Session& session, TargetFacts& facts, const std::stop_token& stop) {
  const auto tables = TRY(session.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE "
      "TABLE'",
      stop));
  for (const auto& row : tables.rows)
    facts.tables.insert({row[0].value_or(""), row[1].value_or("")});
  const auto triggers = TRY(session.query(
      "SELECT DISTINCT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS",
      stop));
  for (const auto& row : triggers.rows)
    facts.triggered.push_back({row[0].value_or(""), row[1].value_or("")});
  return {};
}

}  // namespace

Result<TargetFacts> read_target(Session& session, const std::stop_token& stop) {
  TargetFacts facts;
  static_cast<ServerFacts&>(facts) = TRY(read_server(session, stop));
  facts.traits = TRY(target_traits(session, stop));
  // A reader refuses all of it, and being one is what has to be told.
  if (facts.value("innodb_read_only") != "ON") {
    const auto failed = TRY(attempt(session, try_progress_tables(session, stop), stop));
    if (failed && failed->code() == ErrorCode::missing_privilege) {
      facts.no_progress_tables.emplace(with_whole_grant(*failed));
    } else if (failed) {
      facts.no_progress_tables.emplace(*failed);
    }
  }
  facts.no_kill = TRY(attempt(session, try_kill(session, stop), stop));
  TRY(read_tables(session, facts, stop));
  if (facts.server.kind == ServerKind::tidb) TRY(read_tidb(session, facts, stop));
  return facts;
}

}  // namespace tideway
