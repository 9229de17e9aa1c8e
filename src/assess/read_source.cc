#include "assess/read_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/text.h"
#include "mysql/log_stream.h"
#include "snapshot/running_transactions.h"

namespace tideway {
namespace {

constexpr std::uint64_t long_seconds = 60;
constexpr std::size_t tables_at_once = 500;

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// What failed, unless nothing can be asked any more: then that is the result.
template <typename T>
Result<Attempt> attempt(const Session& session, const Result<T>& tried,
                        const std::stop_token& stop) {
  if (tried) return Attempt();
  if (session.is_broken() || stop.stop_requested()) return fail(tried.error());
  return Attempt(tried.error());
}

// As a replica would: the server's settings and the account's rights are both in the answer.
Result<void> pull_event(const Endpoint& source, const std::string& file,
                        const std::stop_token& stop) {
  LogRequest request;
  request.file = file;
  request.ends = true;
  LogStream log = TRY(LogStream::open(source, std::move(request), stop));
  TRY(log.next(stop));
  return {};
}

Result<void> read_log_abilities(Session& session, SourceFacts& facts, const std::stop_token& stop) {
  auto status = log_status(session, stop);
  facts.no_log_status = TRY(attempt(session, status, stop));
  if (!status || !*status) return {};
  facts.log = std::move(**status);
  facts.no_whole_log = TRY(attempt(session, require_whole_log(session, stop), stop));
  const auto pulled = pull_event(session.endpoint(), facts.log->position.file, stop);
  if (!pulled && stop.stop_requested()) return fail(pulled.error());
  if (!pulled) facts.no_log_events = pulled.error();
  return {};
}

Result<void> read_branches(Session& session, SourceFacts& facts, const std::stop_token& stop) {
  const auto answer = session.query("XA RECOVER", stop);
  facts.no_branches = TRY(attempt(session, answer, stop));
  if (!answer) return {};
  for (const auto& row : answer->rows) {
    // formatID, gtrid_length, bqual_length, data
    const std::string data = row[3].value_or("");
    const std::size_t global = std::min<std::size_t>(number(row[1]), data.size());
    facts.branches.push_back(fmt::format("X'{}',X'{}',{}", to_hex(data.substr(0, global)),
                                         to_hex(data.substr(global)), row[0].value_or("1")));
  }
  return {};
}

// Both times are of the server's own zone, whatever that is.
Result<void> read_long_transactions(Session& session, SourceFacts& facts,
                                    const std::stop_token& stop) {
  TRY(session.execute("SET time_zone = 'SYSTEM'", stop));
  const auto answer = session.query(
      fmt::format("SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM "
                  "information_schema.innodb_trx WHERE TIMESTAMPDIFF(SECOND, trx_started, NOW()) "
                  ">= {} AND trx_mysql_thread_id <> 0 ORDER BY 2 DESC",
                  long_seconds),
      stop);
  TRY(session.execute("SET time_zone = '+00:00'", stop));
  if (!TRY(attempt(session, answer, stop)))
    for (const auto& row : answer->rows)
      facts.long_transactions.push_back({number(row[0]), number(row[1])});
  return {};
}

Result<void> read_abilities(Session& session, SourceFacts& facts, const std::stop_token& stop) {
  const auto begun = session.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT", stop);
  facts.no_snapshot = TRY(attempt(session, begun, stop));
  if (begun) TRY(session.execute("ROLLBACK", stop));
  if (!facts.server.gtid_on && facts.server.binlog_on && !facts.server.gives_exact_position()) {
    const auto running = RunningTransactions::open(session, stop);
    facts.no_running_transactions = TRY(attempt(session, running, stop));
    TRY(session.execute("ROLLBACK", stop));
  }
  return {};
}

}  // namespace

Result<SourceFacts> read_source(Session& session, const Purpose& purpose,
                                const std::stop_token& stop) {
  SourceFacts facts;
  static_cast<ServerFacts&>(facts) = TRY(read_server(session, stop));
  if (facts.server.kind == ServerKind::tidb) return facts;
  TRY(read_log_abilities(session, facts, stop));
  facts.retention = TRY(read_log_retention(session, facts.variables, stop));
  TRY(read_branches(session, facts, stop));
  TRY(read_long_transactions(session, facts, stop));
  if (purpose.copies) TRY(read_abilities(session, facts, stop));
  return facts;
}

Result<std::vector<UnreadableTable>> find_unreadable(Session& session,
                                                     std::span<const TableId> tables,
                                                     const std::stop_token& stop) {
  std::vector<UnreadableTable> found;
  while (!tables.empty()) {
    const auto part = tables.first(std::min(tables.size(), tables_at_once));
    std::vector<std::string> statements;
    for (const TableId& table : part)
      statements.push_back(fmt::format("SELECT * FROM {} LIMIT 0", quoted(table)));
    auto answers = TRY(session.query_all(statements, stop));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      // One that was dropped meanwhile is none to be read.
      if (answers[i] || answers[i].error().code() == ErrorCode::table_gone) continue;
      found.push_back({part[i], std::move(answers[i]).error()});
    }
    tables = tables.subspan(part.size());
  }
  return found;
}

}  // namespace tideway
