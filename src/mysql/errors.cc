#include "mysql/errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/table_id.h"

namespace tideway {
namespace {

enum class Only : std::uint8_t { any, tidb, mysql };  // mysql: everything that is not TiDB

struct Line {
  std::uint32_t number;
  Only only;
  ErrorCode code;
  Retry retry;
};

// By class, each with what may be tried again. Numbers from the servers' own lists (MySQL up to 9,
// MariaDB where it has its own, TiDB from 8000 up); 2000-2999 and 5000-5999 are the client
// library's.
constexpr std::array lines = {
    // The connection broke: another session can go on.
    Line{2006, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{2013, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{2026, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{2027, Only::any, ErrorCode::lost_connection,
         Retry::new_session},  // malformed packet: bytes were lost or changed
    Line{2055, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{5013, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{5014, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1053, Only::any, ErrorCode::lost_connection, Retry::new_session},  // shutdown in progress
    Line{1077, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1152, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1158, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1159, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1160, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1161, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1184, Only::any, ErrorCode::lost_connection, Retry::new_session},
    Line{1317, Only::any, ErrorCode::lost_connection, Retry::new_session},  // somebody's KILL
    Line{1927, Only::mysql, ErrorCode::lost_connection,
         Retry::new_session},  // MariaDB: connection was killed
    Line{4031, Only::mysql, ErrorCode::lost_connection, Retry::new_session},  // idle for too long

    // The transaction may be tried again.
    Line{1205, Only::any, ErrorCode::transient, Retry::same_session},
    Line{1213, Only::any, ErrorCode::transient, Retry::same_session},
    Line{1479, Only::any, ErrorCode::transient,
         Retry::same_session},  // XA: lock wait timeout, deadlock
    Line{1613, Only::any, ErrorCode::transient, Retry::same_session},
    Line{1614, Only::any, ErrorCode::transient, Retry::same_session},
    Line{3101, Only::mysql, ErrorCode::transient,
         Retry::same_session},  // group replication rolled it back
    Line{1105, Only::tidb, ErrorCode::transient,
         Retry::same_session},  // "unknown": most often a region error
    Line{8002, Only::tidb, ErrorCode::transient, Retry::same_session},
    Line{8005, Only::tidb, ErrorCode::transient, Retry::same_session},  // write conflict
    Line{8022, Only::tidb, ErrorCode::transient, Retry::same_session},
    Line{8027, Only::tidb, ErrorCode::transient, Retry::same_session},  // schema lease
    Line{8028, Only::tidb, ErrorCode::transient, Retry::same_session},  // schema changed
    Line{9001, Only::tidb, ErrorCode::transient, Retry::same_session},  // PD
    Line{9002, Only::tidb, ErrorCode::transient, Retry::same_session},  // TiKV
    Line{9003, Only::tidb, ErrorCode::transient, Retry::same_session},
    Line{9004, Only::tidb, ErrorCode::transient, Retry::same_session},
    Line{9005, Only::tidb, ErrorCode::transient, Retry::same_session},
    Line{9007, Only::tidb, ErrorCode::transient, Retry::same_session},  // write conflict
    Line{9008, Only::tidb, ErrorCode::transient, Retry::same_session},

    // Too much at once: smaller batches and fewer sessions.
    Line{1037, Only::any, ErrorCode::server_busy, Retry::same_session},
    Line{1038, Only::any, ErrorCode::server_busy, Retry::same_session},
    Line{1041, Only::any, ErrorCode::server_busy, Retry::same_session},
    Line{1021, Only::any, ErrorCode::server_busy,
         Retry::same_session},  // its disk is full: it waits for space itself
    Line{1114, Only::any, ErrorCode::server_busy, Retry::same_session},
    Line{1135, Only::any, ErrorCode::server_busy, Retry::new_session},
    Line{1197, Only::any, ErrorCode::server_busy, Retry::same_session},  // max_binlog_cache_size
    Line{1206, Only::any, ErrorCode::server_busy, Retry::same_session},  // lock table
    Line{1637, Only::any, ErrorCode::server_busy, Retry::same_session},
    Line{8001, Only::tidb, ErrorCode::server_busy, Retry::same_session},
    Line{8004, Only::tidb, ErrorCode::server_busy, Retry::same_session},  // transaction too large
    Line{8175, Only::tidb, ErrorCode::server_busy, Retry::same_session},  // memory quota
    Line{8176, Only::tidb, ErrorCode::server_busy, Retry::same_session},
    Line{1040, Only::any, ErrorCode::too_many_connections, Retry::new_session},
    Line{1203, Only::any, ErrorCode::too_many_connections, Retry::new_session},
    Line{1226, Only::any, ErrorCode::too_many_connections, Retry::new_session},

    Line{1969, Only::mysql, ErrorCode::deadline,
         Retry::same_session},                                        // MariaDB: max_statement_time
    Line{3024, Only::any, ErrorCode::deadline, Retry::same_session},  // max_execution_time

    // A privilege.
    Line{1044, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1045, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1095, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1142, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1143, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1227, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1370, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1419, Only::any, ErrorCode::missing_privilege, Retry::after_operator},
    Line{1698, Only::any, ErrorCode::missing_privilege, Retry::after_operator},

    // Settings of the server that an operator changes.
    Line{1036, Only::any, ErrorCode::read_only, Retry::after_operator},
    Line{1290, Only::any, ErrorCode::read_only, Retry::after_operator},
    Line{1792, Only::any, ErrorCode::read_only, Retry::after_operator},
    Line{1836, Only::any, ErrorCode::read_only, Retry::after_operator},
    Line{1874, Only::any, ErrorCode::read_only, Retry::after_operator},  // InnoDB is read-only
    Line{3100, Only::mysql, ErrorCode::read_only,
         Retry::after_operator},  // group replication: not a primary
    Line{1148, Only::any, ErrorCode::server_refused, Retry::after_operator},  // LOCAL INFILE is off
    Line{3948, Only::mysql, ErrorCode::server_refused, Retry::after_operator},
    Line{1153, Only::any, ErrorCode::packet_too_large, Retry::after_operator},
    Line{2020, Only::any, ErrorCode::packet_too_large, Retry::after_operator},

    // A row.
    Line{1022, Only::any, ErrorCode::duplicate_key, Retry::never},
    Line{1062, Only::any, ErrorCode::duplicate_key, Retry::never},
    Line{1586, Only::any, ErrorCode::duplicate_key, Retry::never},
    Line{1859, Only::any, ErrorCode::duplicate_key, Retry::never},
    Line{1048, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1118, Only::any, ErrorCode::row_rejected, Retry::never},  // row size
    Line{1136, Only::any, ErrorCode::row_rejected, Retry::never},  // column count
    Line{1216, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1217, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1261, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1262, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1263, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1264, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1265, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1292, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1300, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1364, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1366, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1367, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1406, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1411, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1416, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1441, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1451, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1452, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1525, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1526, Only::any, ErrorCode::row_rejected, Retry::never},  // no partition for it
    Line{1644, Only::any, ErrorCode::row_rejected, Retry::never},  // SIGNAL of a trigger
    Line{1690, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{1748, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{3037, Only::mysql, ErrorCode::row_rejected, Retry::never},
    Line{3105, Only::any, ErrorCode::row_rejected, Retry::never},  // a value for a generated column
    Line{3140, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{3141, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{3144, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{3156, Only::any, ErrorCode::row_rejected, Retry::never},
    Line{3643, Only::mysql, ErrorCode::row_rejected,
         Retry::never},  // SRID of the value differs from the column's
    Line{3819, Only::any, ErrorCode::row_rejected, Retry::never},    // CHECK
    Line{4025, Only::mysql, ErrorCode::row_rejected, Retry::never},  // MariaDB: CONSTRAINT
    Line{8025, Only::tidb, ErrorCode::row_rejected, Retry::never},   // entry too large

    // What was there is not, or not as it was.
    Line{1049, Only::any, ErrorCode::table_gone, Retry::never},
    Line{1051, Only::any, ErrorCode::table_gone, Retry::never},
    Line{1146, Only::any, ErrorCode::table_gone, Retry::never},
    Line{1412, Only::any, ErrorCode::definition_changed, Retry::never},
    Line{8055, Only::tidb, ErrorCode::snapshot_lost, Retry::never},
    Line{9006, Only::tidb, ErrorCode::snapshot_lost, Retry::never},

    Line{2014, Only::any, ErrorCode::unexpected_answer, Retry::new_session},
};

// The account itself is what is wrong, so there is nothing to try again before somebody changed it.
constexpr std::array login_refused = {1045U, 1130U, 1129U, 1131U, 1133U, 1251U, 1275U,
                                      1524U, 1698U, 1820U, 1862U, 2049U, 2054U, 2059U,
                                      2061U, 3118U, 3878U, 3955U, 4151U, 1044U, 5010U};

bool mentions(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

// The text between the first `before` and the next `after`; empty when it has no such place.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  return text.substr(0, text.find(after));
}

void add_names(Evidence& evidence, std::uint32_t number, std::string_view text) {
  if (number == 1146 || number == 1051) {
    const std::string_view name = between(text, "able '", "'");
    const std::size_t dot = name.find('.');
    if (dot != std::string_view::npos)
      evidence.table = quoted(name.substr(0, dot)) + "." + quoted(name.substr(dot + 1));
  }
  evidence.column = between(text, "olumn '", "'");
  if (number == 1062 || number == 1586)
    evidence.key = between(text, "Duplicate entry '", "' for key");
}

// Statements carry rows: a message shows what they do, not what they hold.
std::string_view head_of(std::string_view statement) {
  constexpr std::size_t shown = 120;
  std::string_view head = statement.substr(0, std::min(statement.find('('), shown));
  if (head.size() == statement.size()) return head;
  const auto is_inside_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0x80U) != 0;
  };
  while (!head.empty() && is_inside_character(head.back())) head.remove_suffix(1);
  return head;
}

}  // namespace

namespace {

// What a server says instead of its log: one number for everything.
ErrorClass classify_log_refusal(std::string_view text) {
  if (mentions(text, "purged") || mentions(text, "ould not find first log"))
    return {ErrorCode::log_purged, Retry::after_operator};
  if (mentions(text, "file size") || mentions(text, "mpossible position") ||
      mentions(text, "ore GTIDs than"))
    return {ErrorCode::log_differs, Retry::after_operator};
  if (mentions(text, "max_allowed_packet"))
    return {ErrorCode::packet_too_large, Retry::after_operator};
  // Somebody else took our server id, or the sending thread met what the writing one was still at.
  if (mentions(text, "same server_uuid") || mentions(text, "same server_id"))
    return {ErrorCode::lost_connection, Retry::new_session};
  return {ErrorCode::binlog_unavailable, Retry::after_operator};
}

}  // namespace

ErrorClass classify(std::uint32_t number, ServerKind kind, std::string_view text) {
  if (number == 1236) return classify_log_refusal(text);
  if (number == 1290 && !mentions(text, "read-only") && !mentions(text, "read_only"))
    return {ErrorCode::server_refused, Retry::after_operator};
  if (number == 1030 && (mentions(text, "error 28 ") || mentions(text, "error 12 ")))
    return {ErrorCode::server_busy, Retry::same_session};
  if (number == 1105 && kind == ServerKind::tidb && mentions(text, "emory"))
    return {ErrorCode::server_busy, Retry::same_session};
  // TiKV's own limit of one entry, below the one that TiDB was told for the session.
  if (number == 1105 && kind == ServerKind::tidb &&
      (mentions(text, "raft_entry_too_large") || mentions(text, "raft entry is too large")))
    return {ErrorCode::row_rejected, Retry::never};
  const bool is_tidb = kind == ServerKind::tidb;
  for (const Line& line : lines) {
    if (line.number != number || (line.only == Only::tidb && !is_tidb) ||
        (line.only == Only::mysql && is_tidb))
      continue;
    return {line.code, line.retry};
  }
  return {};
}

bool is_connection_lost(std::uint32_t number) {
  if (number == 1317)
    return false;  // KILL QUERY: the session goes on; a killed connection says 2013 at the next try
  const bool is_of_library = (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
  if (is_of_library) return number != 2020;
  return classify(number, ServerKind::mysql, {}).code == ErrorCode::lost_connection;
}

Error to_error(std::uint32_t number, std::string_view text, const Asked& asked) {
  const ErrorClass found = classify(number, asked.kind, text);
  Evidence evidence;
  evidence.server_errno = number;
  evidence.server_text = text;
  add_names(evidence, number, text);
  if (found.code == ErrorCode::missing_privilege)
    evidence.statement = grant_for(number, text, asked.statement, asked.account);
  if (number == 1148 || number == 3948) evidence.statement = "SET GLOBAL local_infile = ON";
  const std::string_view head = head_of(asked.statement);
  std::string message = head.empty()
                            ? std::string(error_page(found.code).sentence)
                            : fmt::format("{} (statement: {}{})", error_page(found.code).sentence,
                                          head, head.size() < asked.statement.size() ? "…" : "");
  return {found.code, asked.side, found.retry, std::move(evidence), std::move(message)};
}

Error to_login_error(const Endpoint& endpoint, std::uint32_t number, std::string_view text) {
  Evidence evidence;
  evidence.server_errno = number;
  evidence.server_text = text;
  ErrorClass found = classify(number, ServerKind::mysql, text);
  std::string message = fmt::format("{}: the login was refused", endpoint.to_text());
  if (std::ranges::find(login_refused, number) != login_refused.end()) {
    found = {ErrorCode::connect_login, Retry::after_operator};
    if (number == 2061 || number == 2059)
      message += "; the account's way to authenticate may need TLS (tls=require)";
    if (number == 1045 && !endpoint.password) {
      message += fmt::format(
          "; no password was given: --{0}-password-file, --{0}-password-env, "
          "--{0}-password-fd, ~/.my.cnf, or a terminal to ask on",
          to_text(endpoint.side));
    } else if (number == 1045 && !endpoint.option_file.empty()) {
      message += "; the password was that of " + endpoint.option_file;
    }
  } else if (number == 3159) {
    found = {ErrorCode::connect_tls, Retry::after_operator};
    message = fmt::format("{}: the server takes encrypted connections only: use tls=require",
                          endpoint.to_text());
  } else if (number == 1043) {
    found = {ErrorCode::connect_tls, Retry::new_session};
    message = fmt::format("{}: the server did not understand the handshake", endpoint.to_text());
  } else if (found.code == ErrorCode::server_refused || found.code == ErrorCode::table_gone) {
    found = {ErrorCode::connect_login, Retry::after_operator};
    if (number == 1049)
      evidence.statement = "Correct the database in the address, or leave it out: none is needed.";
  } else {
    message = fmt::format("{}: {}", endpoint.to_text(), error_page(found.code).sentence);
  }
  return {found.code, endpoint.side, found.retry, std::move(evidence), std::move(message)};
}

}  // namespace tideway
