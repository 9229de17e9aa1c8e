#include "mysql/server.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "mysql/server_identity.h"

namespace tideway {
namespace {

// "8.0.15-log" -> 80015; 0 when it does not begin with two numbers.
std::uint32_t parse_version(std::string_view text) {
  std::array<std::uint32_t, 3> parts = {};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    if (error != std::errc()) {
      if (i < 2) return 0;
      break;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

std::string_view after(std::string_view text, std::string_view what) {
  const std::size_t at = text.find(what);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + what.size());
}

bool is_on(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found != variables.end() && (found->second == "ON" || found->second == "1");
}

std::string value_of(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

std::uint64_t number_of(const Variables& variables, std::string_view name) {
  const std::string text = value_of(variables, name);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

ServerKind kind_of(const Variables& variables, std::string_view lower_version) {
  if (variables.contains("tidb_txn_mode") || lower_version.find("tidb") != std::string_view::npos)
    return ServerKind::tidb;
  if (lower_version.find("mariadb") != std::string_view::npos) return ServerKind::mariadb;
  // Aurora's VERSION() says plain 8.0.28.
  if (variables.contains("aurora_version")) return ServerKind::aurora;
  return ServerKind::mysql;
}

// TiDB's VERSION() is "8.0.11-TiDB-v8.5.1", or whatever its configuration says; tidb_version() then
// has "Release Version: v8.5.1". MariaDB's may begin with 5.5.5-, for the sake of old replicas.
std::uint32_t own_version(ServerKind kind, std::string_view lower_version,
                          std::string_view release_text) {
  if (kind == ServerKind::tidb) {
    const std::uint32_t released = parse_version(after(release_text, "Release Version: v"));
    return released != 0 ? released : parse_version(after(lower_version, "tidb-v"));
  }
  if (kind == ServerKind::mariadb && lower_version.starts_with("5.5.5-"))
    lower_version.remove_prefix(6);
  return parse_version(lower_version);
}

}  // namespace

const std::vector<std::string_view>& identity_variables() {
  static const std::vector<std::string_view> names = {
      "version",
      "aurora_version",
      "tidb_txn_mode",
      "server_uuid",
      "lower_case_table_names",
      "max_allowed_packet",
      "gtid_mode",
      "log_bin",
      "read_only",
      "super_read_only",
      "innodb_read_only",
  };
  return names;
}

Server identify(const Variables& variables, std::string_view release_text) {
  Server server;
  server.version_text = value_of(variables, "version");
  const std::string lower = ascii_lower(server.version_text);
  server.kind = kind_of(variables, lower);
  server.version = own_version(server.kind, lower, release_text);
  server.uuid = value_of(variables, "server_uuid");
  server.lower_case_table_names =
      static_cast<std::uint32_t>(number_of(variables, "lower_case_table_names"));
  server.max_allowed_packet = number_of(variables, "max_allowed_packet");
  server.gtid_on = value_of(variables, "gtid_mode") == "ON";
  server.binlog_on = is_on(variables, "log_bin") && server.kind != ServerKind::tidb;
  server.is_read_only = is_on(variables, "read_only") || is_on(variables, "super_read_only") ||
                        is_on(variables, "innodb_read_only");
  return server;
}

std::string_view to_text(ServerKind kind) {
  switch (kind) {
    case ServerKind::mysql:
      return "MySQL";
    case ServerKind::aurora:
      return "Aurora MySQL";
    case ServerKind::mariadb:
      return "MariaDB";
    case ServerKind::tidb:
      return "TiDB";
  }
  return "MySQL";
}

bool Server::has_invisible_columns() const {
  switch (kind) {
    case ServerKind::mysql:
    case ServerKind::aurora:
      return version >= 80023;
    case ServerKind::mariadb:
      return version >= 100300;
    case ServerKind::tidb:
      return false;
  }
  return false;
}

bool Server::can_persist_variables() const { return kind == ServerKind::mysql && version >= 80000; }

bool Server::can_kill_other_sessions() const {
  // Before 6.1 a connection id was unique on one TiDB only: behind a load balancer KILL could hit
  // somebody else.
  return kind != ServerKind::tidb || version >= 60100;
}

std::string_view Server::binlog_status_statement() const {
  const bool is_renamed =
      (kind == ServerKind::mysql || kind == ServerKind::aurora) && version >= 80200;
  return is_renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

std::string_view Server::replicas_statement() const {
  const bool is_renamed =
      (kind == ServerKind::mysql || kind == ServerKind::aurora) && version >= 80022;
  return is_renamed ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";
}

std::uint64_t Server::max_txn_bytes() const {
  // performance.txn-total-size-limit, 100 MiB unless configured; the others have no such limit
  // below their disk.
  return kind == ServerKind::tidb ? 100ULL << 20U : std::numeric_limits<std::uint64_t>::max();
}

std::string Server::to_text() const {
  return fmt::format("{} {}.{}.{}", tideway::to_text(kind), version / 10000, version / 100 % 100,
                     version % 100);
}

}  // namespace tideway
