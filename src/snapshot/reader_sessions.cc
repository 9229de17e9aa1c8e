#include "snapshot/reader_sessions.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "base/crew.h"
#include "base/text.h"

namespace tideway {
namespace {

Result<void> use_repeatable_read(Session& session, const std::stop_token& stop) {
  const std::array<std::string, 2> statements = {
      "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
      "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"};
  auto answers = TRY(session.query_all(statements, stop));
  TRY(std::move(answers[0]));
  const ResultTable isolation = TRY(std::move(answers[1]));
  for (const auto& row : isolation.rows) {
    if (row.size() == 2 && row[1] == "REPEATABLE-READ") return {};
  }
  return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                    "a session cannot be put into REPEATABLE READ"));
}

}  // namespace

Result<void> release_metadata_locks(Session& session, const std::stop_token& stop) {
  if (session.server().has_snapshot_read()) return {};
  TRY(session.execute(return_to_savepoint, stop));
  return {};
}

Result<void> open_readers(const Endpoint& endpoint, const SessionOptions& options,
                          std::size_t count, Sessions& sessions, const std::stop_token& stop) {
  if (sessions.size() >= count) return {};
  Sessions opened(count - sessions.size());
  Crew crew(stop);
  for (auto& each : opened) {
    crew.start("connect", [&](const std::stop_token& crew_stop) -> Result<void> {
      auto session = std::make_unique<Session>(TRY(Session::open(endpoint, options, crew_stop)));
      TRY(use_repeatable_read(*session, crew_stop));
      each = std::move(session);
      return {};
    });
  }
  TRY(crew.join());
  for (auto& each : opened) {
    if (each != nullptr) sessions.push_back(std::move(each));
  }
  if (sessions.size() == count) return {};
  return fail(Error(ErrorCode::stopped, Side::local, Retry::never,
                    "stopped while opening the readers' sessions"));
}

Result<void> execute_on_all(std::span<const std::unique_ptr<Session>> sessions,
                            std::string_view statement, const std::stop_token& stop) {
  if (sessions.size() == 1) {
    TRY(sessions[0]->execute(statement, stop));
    return {};
  }
  Crew crew(stop);
  for (const auto& session : sessions) {
    crew.start("snapshot", [&](const std::stop_token& crew_stop) -> Result<void> {
      TRY(session->execute(statement, crew_stop));
      return {};
    });
  }
  TRY(crew.join());
  if (!stop.stop_requested()) return {};
  return fail(
      Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while opening the snapshot"));
}

}  // namespace tideway
