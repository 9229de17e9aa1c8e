#include "stream/log_connection.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "base/log.h"

namespace tideway {
namespace {

std::int64_t local_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Error log_differs(std::string message) {
  return {ErrorCode::log_differs, Side::source, Retry::after_operator, std::move(message)};
}

// A server with GTIDs is judged by them, whoever it is; one without only by its name.
Result<void> check_server(Session& session, const LogResume& from, const std::stop_token& stop) {
  const std::string& uuid = session.server().uuid;
  if (!from.gtids) {
    if (from.server_uuid.empty() || uuid.empty() || from.server_uuid == uuid) return {};
    return fail(log_differs(fmt::format(
        "the job has read the log of server {} up to {}, and server {} answers now; without GTIDs "
        "places in one log say nothing of the other",
        from.server_uuid, to_text(from.position), uuid)));
  }
  const auto executed =
      TRY(session.query_value("SELECT @@GLOBAL.gtid_executed", stop)).value_or("");
  const GtidSet missing = from.gtids->minus(TRY(GtidSet::parse(executed)));
  if (missing.is_empty()) return {};
  return fail(log_differs(
      fmt::format("server {} lacks transactions that were read from the source before: {}", uuid,
                  missing.to_text())));
}

}  // namespace

std::int64_t LogConnection::source_seconds() const { return local_seconds() + clock_ahead_; }

bool LogConnection::can_reopen(const Error& error) {
  return error.side() == Side::source &&
         (error.retry() == Retry::new_session || error.retry() == Retry::same_session);
}

Result<void> LogConnection::open(const LogResume& from, const std::stop_token& stop) {
  Backoff backoff(std::chrono::milliseconds(50), std::chrono::seconds(10));
  while (true) {
    auto opened = try_open(from, stop);
    if (opened || !can_reopen(opened.error())) return opened;
    LOG(info, "the source's log cannot be had now", {{"error", opened.error().to_line()}});
    if (!real_clock().wait(backoff.next(), stop)) {
      return fail(Error(ErrorCode::stopped, Side::local, Retry::never,
                        "stopped while the source was away"));
    }
  }
}

// What its log does not tell.
Result<void> LogConnection::ask(Session& session, const std::stop_token& stop) {
  const ResultTable answer =
      TRY(session.query("SELECT UNIX_TIMESTAMP(), @@GLOBAL.explicit_defaults_for_timestamp", stop));
  if (answer.rows.empty() || answer.rows[0].size() != 2) {
    return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                      "the source does not say what time it is"));
  }
  const std::string now = answer.rows[0][0].value_or("0");
  std::int64_t seconds = 0;
  std::from_chars(now.data(), now.data() + now.size(), seconds);
  clock_ahead_ = seconds - local_seconds();
  explicit_timestamps_ = answer.rows[0][1] == "1";
  return {};
}

Result<void> LogConnection::try_open(const LogResume& from, const std::stop_token& stop) {
  log_.reset();
  {
    Session session = TRY(Session::open(source_, {}, stop));
    TRY(check_server(session, from, stop));
    server_uuid_ = session.server().uuid;
    TRY(ask(session, stop));
  }
  LogRequest request;
  if (from.gtids) {
    request.gtid_set = from.gtids->encode();
  } else {
    request.file = from.position.file;
    request.offset = from.position.offset;
  }
  request.ends = ends_;
  request.heartbeat = heartbeat_;
  log_.emplace(TRY(LogStream::open(source_, std::move(request), stop)));
  // Between the two connections a proxy may have led somewhere else.
  if (log_->server().uuid == server_uuid_) return {};
  log_.reset();
  return fail(Error(ErrorCode::lost_connection, Side::source, Retry::new_session,
                    "two connections to the source led to two servers"));
}

Result<std::optional<std::string_view>> LogConnection::next(const std::stop_token& stop) {
  auto event = log_->next(stop);
  if (!event) log_.reset();
  return event;
}

}  // namespace tideway
