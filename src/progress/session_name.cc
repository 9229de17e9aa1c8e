#include "progress/session_name.h"

#include <fmt/format.h>

#include <charconv>

namespace tideway {
namespace {

Error unreadable_process_list(const Session& session) {
  return Error(ErrorCode::unexpected_answer, session.endpoint().side, Retry::never,
               "information_schema.PROCESSLIST does not show our own session");
}

}  // namespace

// The number is asked for: what the handshake says has 32 bits, TiDB's global ones have 64.
Result<SessionName> name_of(Session& session, const std::stop_token& stop) {
  const auto answer = TRY(session.query(
      "SELECT ID, HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()", stop));
  if (answer.rows.size() != 1 || !answer.rows[0][0]) return fail(unreadable_process_list(session));
  SessionName name;
  const std::string& id = *answer.rows[0][0];
  if (std::from_chars(id.data(), id.data() + id.size(), name.id).ec != std::errc())
    return fail(unreadable_process_list(session));
  name.client = answer.rows[0][1].value_or("");
  return name;
}

std::string to_text(const SessionName& name) { return fmt::format("{}@{}", name.id, name.client); }

std::vector<SessionName> parse_sessions(std::string_view text) {
  std::vector<SessionName> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view entry = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t at = entry.find('@');
    if (at == std::string_view::npos) continue;
    SessionName name{0, std::string(entry.substr(at + 1))};
    const auto [parsed, error] = std::from_chars(entry.data(), entry.data() + at, name.id);
    if (error == std::errc() && parsed == entry.data() + at) names.push_back(std::move(name));
  }
  return names;
}

Result<void> end_session(Session& session, const SessionName& name, const std::stop_token& stop) {
  // TiDB's list shows one server of many; its ids are unique over all of them and never used again.
  if (session.server().kind != ServerKind::tidb) {
    const auto client = TRY(session.query(
        fmt::format("SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = {}", name.id),
        stop));
    if (client.rows.empty() || client.rows[0][0].value_or("") != name.client) return {};
  }
  return kill_session(session, name.id, stop);
}

}  // namespace tideway
