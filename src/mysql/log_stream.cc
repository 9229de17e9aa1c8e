#include "mysql/log_stream.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <random>
#include <set>

#include "base/log.h"
#include "mysql/errors.h"
#include "mysql/library_internals.h"
#include "mysql/session_state.h"

namespace tideway {
namespace {

// The protocol's numbers: "Replication protocol" of the MySQL internals documentation.
constexpr int register_replica = 0x15, dump_from_position = 0x12, dump_by_gtid = 0x1e;
constexpr std::uint16_t ends_at_end = 1;
constexpr std::string_view statement = "reading the binary log";

template <typename Number>
void append_number(std::string& to, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    to += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

std::string registration(std::uint32_t server_id) {
  std::array<char, 61> host = {};
  constexpr std::size_t longest = 60;  // HOSTNAME_LENGTH of the server
  if (::gethostname(host.data(), longest) != 0) host[0] = '\0';
  const std::string_view name(host.data());
  std::string payload;
  append_number(payload, server_id);
  payload += static_cast<char>(name.size());
  payload += name;
  payload += '\0';                           // no user
  payload += '\0';                           // no password
  append_number(payload, std::uint16_t{0});  // port
  append_number(payload, std::uint32_t{0});  // rank
  append_number(payload, std::uint32_t{0});  // of the source, which fills it in
  return payload;
}

std::string dump_request(const LogRequest& request, std::uint32_t server_id) {
  const std::uint16_t flags = request.ends ? ends_at_end : 0;
  std::string payload;
  if (request.gtid_set.empty()) {
    append_number(payload, static_cast<std::uint32_t>(request.offset));
    append_number(payload, flags);
    append_number(payload, server_id);
    payload += request.file;
    return payload;
  }
  append_number(payload, flags);
  append_number(payload, server_id);
  append_number(payload, std::uint32_t{0});  // of a file's name
  append_number(payload, std::uint64_t{4});  // position
  append_number(payload, static_cast<std::uint32_t>(request.gtid_set.size()));
  payload += request.gtid_set;
  return payload;
}

// Server ids that are taken, as far as the server tells: two replicas with one id throw each other
// out.
Result<std::set<std::uint32_t>> ids_taken(Session& session, const std::stop_token& stop) {
  std::set<std::uint32_t> taken;
  const auto add = [&](const std::string& text) {
    std::uint32_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    taken.insert(id);
  };
  add(TRY(session.query_value("SELECT @@GLOBAL.server_id", stop)).value_or(""));
  const auto replicas = session.query(session.server().replicas_statement(), stop);
  if (!replicas) {
    if (session.is_broken() || stop.stop_requested()) return fail(replicas.error());
    LOG(info, "other replicas of the source cannot be listed",
        {{"error", replicas.error().to_line()}});
    return taken;
  }
  for (const auto& row : replicas->rows) {
    if (!row.empty() && row[0]) add(*row[0]);
  }
  return taken;
}

Result<std::uint32_t> free_server_id(Session& session, const std::stop_token& stop) {
  // The range that people know from today's tools.
  constexpr std::uint32_t first = 429'496'729, count = 100'000;
  const auto taken = TRY(ids_taken(session, stop));
  std::random_device random;
  std::uint32_t id = 0;
  do {
    id = first + random() % count;
  } while (taken.contains(id));
  return id;
}

Result<void> send(SessionState& state, int command, const std::string& payload, bool is_answered,
                  const std::stop_token& stop) {
  Call call(state, statement, stop);
  TRY(call.ready());
  call.set_sending(!is_answered);
  MYSQL* mysql = state.mysql();
  const int failed = mysql->methods->db_command(mysql, static_cast<enum_server_command>(command),
                                                payload.data(), payload.size(),
                                                static_cast<my_bool>(is_answered ? 0 : 1), nullptr);
  auto error = failed == 0 ? std::optional<Error>() : call.failure();
  call.set_sending(false);
  if (error) return fail(*std::move(error));
  return {};
}

// The refusal names the login only, as if the password were wrong.
Error with_grant(Error error, const Session& session) {
  if (error.code() != ErrorCode::missing_privilege) return error;
  Evidence evidence = error.evidence();
  // In the words of the refusal that a statement would have met.
  evidence.statement = grant_for(
      1227, "you need (at least one of) the REPLICATION SLAVE privilege(s)", {}, session.account());
  return {error.code(), error.side(), error.retry(), std::move(evidence),
          "The account may not read the source's log."};
}

}  // namespace

Result<LogStream> LogStream::open(const Endpoint& endpoint, LogRequest request,
                                  const std::stop_token& stop) {
  if (request.gtid_set.empty() && request.offset > UINT32_MAX) {
    return fail(
        Error(ErrorCode::not_supported, Side::source, Retry::after_operator,
              fmt::format("the log cannot be asked for from {}:{}: the protocol's offsets end "
                          "at 4 GiB",
                          request.file, request.offset)));
  }
  SessionOptions options;
  options.read_deadline = 6 * request.heartbeat;
  auto session = std::make_unique<Session>(TRY(Session::open(endpoint, options, stop)));
  const auto checksum =
      TRY(session->query_value("SELECT @@GLOBAL.binlog_checksum", stop)).value_or("NONE");
  const auto period = std::chrono::nanoseconds(request.heartbeat).count();
  // Both spellings: a server knows one of them, and the other is a variable like any.
  TRY(session->execute(
      fmt::format("SET @master_binlog_checksum = '{1}', @source_binlog_checksum = '{1}', "
                  "@master_heartbeat_period = {0}, @source_heartbeat_period = {0}, "
                  "@slave_uuid = UUID(), @replica_uuid = @slave_uuid",
                  period, checksum),
      stop));
  const std::uint32_t server_id = TRY(free_server_id(*session, stop));
  SessionState& state = SessionAccess::of(*session);
  if (auto registered = send(state, register_replica, registration(server_id), true, stop);
      !registered)
    return fail(with_grant(std::move(registered).error(), *session));
  LogStream stream(std::move(session), server_id, checksum != "NONE");
  TRY_DURING("asking for the log",
             send(state, request.gtid_set.empty() ? dump_from_position : dump_by_gtid,
                  dump_request(request, server_id), false, stop));
  return stream;
}

// The server would go on sending to nobody until its next heartbeat fails.
LogStream::~LogStream() {
  if (session_ != nullptr && !session_->is_broken()) abandon(SessionAccess::of(*session_));
}

Result<std::optional<std::string_view>> LogStream::next(const std::stop_token& stop) {
  if (is_over_) return std::nullopt;
  SessionState& state = SessionAccess::of(*session_);
  Call call(state, statement, stop);
  TRY(call.ready());
  MYSQL* mysql = state.mysql();
  constexpr unsigned char event_follows = 0, end_mark = 0xFE;
  constexpr unsigned long end_bytes_max = 9;
  const unsigned long length = mysql_net_read_packet(mysql);
  if (length == packet_error) return fail(call.failure());
  const auto* packet = reinterpret_cast<const char*>(mysql->net.read_pos);
  const auto kind = length == 0 ? end_mark : static_cast<unsigned char>(packet[0]);
  if (kind == event_follows)
    return std::string_view(packet + 1, static_cast<std::size_t>(length) - 1);
  is_over_ = true;
  if (kind == end_mark && length < end_bytes_max) return std::nullopt;
  return fail(
      Error(ErrorCode::unexpected_answer, Side::source, Retry::new_session,
            fmt::format("{} sent a packet that is no event of a log", state.endpoint.to_text())));
}

bool LogStream::is_idle() const {
  MYSQL* mysql = SessionAccess::of(*session_).mysql();
  if (!knows_library(mysql)) return false;
  if (has_read_ahead(mysql)) return false;
  const auto* tls = static_cast<const SSL*>(tls_of(mysql));
  if (tls != nullptr && SSL_has_pending(tls) == 1) return false;
  pollfd watched = {mysql_get_socket(mysql), POLLIN, 0};
  return ::poll(&watched, 1, 0) == 0;
}

void LogStream::shrink() { shrink_packet_buffer(SessionAccess::of(*session_).mysql()); }

}  // namespace tideway
