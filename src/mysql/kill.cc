#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/log.h"
#include "mysql/session_state.h"

namespace tideway {
namespace {

constexpr std::uint32_t no_such_thread = 1094;
constexpr Duration patience =
    std::chrono::seconds(2);  // for the whole second connection: somebody waits for the stop
constexpr Duration patience_for_end =
    std::chrono::minutes(10);  // a large transaction takes as long to undo as it took

std::string kill_statement(ServerKind kind, std::uint64_t connection_id) {
  return fmt::format("KILL {}{}", kind == ServerKind::tidb ? "TIDB " : "", connection_id);
}

// One answer's first column of the first row, on a connection that is no Session.
std::optional<std::string> ask_value(MYSQL* mysql, std::string_view sql, int column) {
  if (mysql_real_query(mysql, sql.data(), sql.size()) != 0) return std::nullopt;
  MYSQL_RES* result = mysql_store_result(mysql);
  if (result == nullptr) return std::nullopt;
  const MYSQL_ROW row = mysql_fetch_row(result);
  std::optional<std::string> value;
  if (row != nullptr && static_cast<int>(mysql_num_fields(result)) > column &&
      row[column] != nullptr)
    value = row[column];
  mysql_free_result(result);
  return value;
}

// Connection ids start anew with the server, and a proxy may lead to another one: then the id is
// somebody else's.
bool is_same_server(MYSQL* mysql, const SessionState& state) {
  if (!state.server.uuid.empty() &&
      ask_value(mysql, "SELECT @@server_uuid", 0) != state.server.uuid)
    return false;
  const auto uptime = ask_value(mysql, "SHOW GLOBAL STATUS LIKE 'Uptime'", 1);
  std::int64_t seconds = 0;
  if (uptime) std::from_chars(uptime->data(), uptime->data() + uptime->size(), seconds);
  const auto age =
      std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - state.opened_at)
          .count();
  return uptime.has_value() && seconds + 2 >= age;
}

void log_failure(const SessionState& state, std::string_view why) {
  LOG(warn, "an abandoned query may go on running on the server",
      {{"endpoint", state.endpoint.to_text()}, {"connection", state.connection_id}, {"why", why}});
}

}  // namespace

void abandon(SessionState& state) {
  state.is_broken = true;
  cut(state.mysql());
  if (!state.is_open) return;
  // A server that reads from us sees the end of the connection by itself. It must not be killed as
  // well: 5.7.19 may then close the socket under its own read, which waits on for net_read_timeout
  // with everything locked.
  if (state.is_sending) return;
  if (!state.server.can_kill_other_sessions())
    return log_failure(state, "this version cannot be told safely to end it");
  Endpoint endpoint = state.endpoint;
  endpoint.connect_timeout = std::min<Duration>(endpoint.connect_timeout, patience);
  endpoint.database.clear();
  const Instant limit = std::chrono::steady_clock::now() + patience;
  auto client = connect(endpoint, false, {});
  if (!client) return log_failure(state, client.error().to_line());
  Wait wait({}, patience, limit);
  MYSQL* mysql = client->get();
  if (!is_same_server(mysql, state))
    return log_failure(state, "the server was started again or is another one");
  const std::string statement = kill_statement(state.server.kind, state.connection_id);
  if (mysql_real_query(mysql, statement.data(), statement.size()) != 0 &&
      mysql_errno(mysql) != no_such_thread)
    log_failure(state, mysql_error(mysql));
}

Result<void> kill_session(Session& session, std::uint64_t connection_id,
                          const std::stop_token& stop) {
  CHECK(connection_id != session.connection_id());
  const ServerKind kind = session.server().kind;
  if (!session.server().can_kill_other_sessions()) {
    return fail(Error(ErrorCode::not_supported, session.endpoint().side, Retry::never,
                      fmt::format("{} cannot be told safely to end another session",
                                  session.server().to_text())));
  }
  if (auto killed = session.execute(kill_statement(kind, connection_id), stop); !killed) {
    if (killed.error().evidence().server_errno == no_such_thread) return {};
    return fail(std::move(killed).error());
  }
  const std::string question =
      fmt::format("SELECT COUNT(*) FROM information_schema.{} WHERE id = {}",
                  kind == ServerKind::tidb ? "cluster_processlist" : "processlist", connection_id);
  const Instant limit = real_clock().now() + patience_for_end;
  Backoff backoff(std::chrono::milliseconds(2), std::chrono::milliseconds(200));
  while (TRY(session.query_value(question, stop)) != "0") {
    if (real_clock().now() >= limit) {
      return fail(
          Error(ErrorCode::deadline, session.endpoint().side, Retry::never,
                fmt::format("session {} was killed and is still being undone", connection_id)));
    }
    if (!real_clock().wait(backoff.next(), stop)) {
      return fail(Error(ErrorCode::stopped, Side::local, Retry::never,
                        "stopped while a killed session was being undone"));
    }
  }
  return {};
}

}  // namespace tideway
