#include "mysql/option_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

#include "mysql/endpoint_parts.h"

namespace tideway {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string unescape(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      value += text[i];
      continue;
    }
    const char c = text[++i];
    static constexpr std::string_view letters = "btnrs\\\"'", meanings = "\b\t\n\r \\\"'";
    const std::size_t at = letters.find(c);
    if (at == std::string_view::npos) {
      value += '\\';
      value += c;
    } else {
      value += meanings[at];
    }
  }
  return value;
}

// The value ends at a # that stands outside quotes.
std::string read_value(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '#') {
      text = text.substr(0, i);
    }
  }
  text = trim(text);
  const bool is_quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                         text.front() == text.back();
  return unescape(is_quoted ? text.substr(1, text.size() - 2) : text);
}

using Group = std::map<std::string, std::string, std::less<>>;

Group read_client_group(std::string_view bytes) {
  Group group;
  bool is_client = false;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = trim(bytes.substr(0, end));
    bytes = end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
    if (line.empty() || line[0] == '#' || line[0] == ';' || line[0] == '!') continue;
    if (line[0] == '[') {
      is_client = line.substr(0, line.find(']') + 1) == "[client]";
      continue;
    }
    if (!is_client) continue;
    const std::size_t equal = line.find('=');
    std::string key(trim(line.substr(0, equal)));
    for (char& c : key) {
      if (c == '_') c = '-';
    }
    if (key.starts_with("loose-")) key.erase(0, 6);
    group[key] = equal == std::string_view::npos ? "" : read_value(line.substr(equal + 1));
  }
  return group;
}

Result<void> fill(Endpoint& endpoint, const Group& group) {
  const auto find = [&group](std::string_view key) -> const std::string* {
    const auto found = group.find(key);
    return found == group.end() || found->second.empty() ? nullptr : &found->second;
  };
  const bool is_place_given =
      endpoint.is_host_given || endpoint.is_port_given || !endpoint.socket.empty();
  if (const auto* host = find("host"); host != nullptr && !is_place_given) endpoint.host = *host;
  if (const auto* port = find("port"); port != nullptr && !is_place_given)
    endpoint.port = TRY(parse_port(*port));
  const bool wants_socket = find("host") == nullptr || *find("host") == "localhost";
  if (const auto* path = find("socket"); path != nullptr && !is_place_given && wants_socket)
    endpoint.socket = *path;
  if (const auto* user = find("user"); user != nullptr && endpoint.user.empty())
    endpoint.user = *user;
  if (const auto* password = find("password"); password != nullptr && !endpoint.password)
    endpoint.password = Secret(*password);

  // TLS as a whole is either the endpoint's or the file's: a mixture of both is nobody's intention.
  const TlsFiles& files = endpoint.tls_files;
  if (endpoint.tls != TlsMode::attempt || !files.ca.empty() || !files.cert.empty()) return {};
  if (const auto* ca = find("ssl-ca")) endpoint.tls_files.ca = *ca;
  if (const auto* cert = find("ssl-cert")) endpoint.tls_files.cert = *cert;
  if (const auto* key = find("ssl-key")) endpoint.tls_files.key = *key;
  if (const auto* mode = find("ssl-mode")) {
    endpoint.tls = TRY(parse_tls_mode(*mode));
  } else if (group.contains("ssl-verify-server-cert")) {
    endpoint.tls = TlsMode::verify_host;
  }
  settle_tls(endpoint, endpoint.tls != TlsMode::attempt);
  return check_endpoint(endpoint);
}

}  // namespace

Result<void> read_option_file(Endpoint& endpoint, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int why = errno;
    return fail(Error(why == ENOENT ? ErrorCode::storage_missing : ErrorCode::storage_read,
                      Side::local, Retry::never, fmt::format("{}: {}", path, std::strerror(why))));
  }
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) {
    return fail(Error(ErrorCode::storage_read, Side::local, Retry::never,
                      fmt::format("{}: cannot be read", path)));
  }
  const bool had_password = endpoint.password.has_value();
  TRY_DURING(fmt::format("reading [client] of {}", path), fill(endpoint, read_client_group(bytes)));
  if (!had_password && endpoint.password) endpoint.option_file = path;
  return {};
}

}  // namespace tideway
