#include "mysql/endpoint.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mysql/endpoint_parts.h"

namespace tideway {
namespace {

struct TlsName {
  std::string_view name;
  TlsMode mode;
};
constexpr std::array tls_names = {
    TlsName{"off", TlsMode::off},
    TlsName{"attempt", TlsMode::attempt},
    TlsName{"try", TlsMode::attempt},
    TlsName{"require", TlsMode::require},
    TlsName{"verify-ca", TlsMode::verify_ca},
    TlsName{"verify", TlsMode::verify_host},
    TlsName{"legacy", TlsMode::legacy},
    TlsName{"disabled", TlsMode::off},
    TlsName{"preferred", TlsMode::attempt},
    TlsName{"required", TlsMode::require},
    TlsName{"verify_ca", TlsMode::verify_ca},
    TlsName{"verify_identity", TlsMode::verify_host},
};
constexpr std::string_view tls_words = "off, try, require, verify-ca, verify, legacy";

// Text means the same on every session only because these are ours to set.
constexpr std::array own_variables = {
    std::string_view("time_zone"),
    std::string_view("sql_mode"),
    std::string_view("autocommit"),
    std::string_view("character_set_client"),
    std::string_view("collation_connection"),
    std::string_view("character_set_connection"),
    std::string_view("character_set_results"),
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> percent_decode(std::string_view text, std::string_view part) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(
          bad_endpoint(fmt::format("the {} of the URL has a % that two hexadecimal digits do not "
                                   "follow; write % itself as %25",
                                   part)));
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

Result<void> set_user(Endpoint& endpoint, std::string_view text) {
  const std::size_t colon = text.find(':');
  endpoint.user = TRY(percent_decode(text.substr(0, colon), "user name"));
  if (colon != std::string_view::npos) {
    endpoint.password = Secret(TRY(percent_decode(text.substr(colon + 1), "password")));
  }
  return {};
}

// host, host:port, [::1]:port, or the encoded path of a socket.
Result<void> set_address(Endpoint& endpoint, std::string_view text) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      return fail(bad_endpoint("the IPv6 address of the URL has no closing ]"));
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port[0] != ':')
      return fail(bad_endpoint("only :PORT may follow the ] of the URL's IPv6 address"));
    if (!port.empty()) port.remove_prefix(1);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.find(':') != std::string_view::npos) {
      return fail(bad_endpoint(
          "an IPv6 address in a URL is written in brackets: mysql://user@[::1]:3306/"));
    }
  }
  if (!port.empty()) {
    endpoint.port = TRY(parse_port(port));
    endpoint.is_port_given = true;
  }
  std::string decoded = TRY(percent_decode(host, "host"));
  if (decoded.starts_with('/')) {
    endpoint.socket = std::move(decoded);
  } else if (!decoded.empty()) {
    endpoint.host = std::move(decoded);
    endpoint.is_host_given = true;
  }
  return {};
}

struct Parameter {
  std::string_view name;
  Result<void> (*set)(Endpoint&, const std::string&);
};
const std::array parameters = {
    Parameter{"tls",
              [](Endpoint& endpoint, const std::string& value) -> Result<void> {
                endpoint.tls = TRY(parse_tls_mode(value));
                return {};
              }},
    Parameter{"ca",
              [](Endpoint& endpoint, const std::string& value) -> Result<void> {
                endpoint.tls_files.ca = value;
                return {};
              }},
    Parameter{"cert",
              [](Endpoint& endpoint, const std::string& value) -> Result<void> {
                endpoint.tls_files.cert = value;
                return {};
              }},
    Parameter{"key",
              [](Endpoint& endpoint, const std::string& value) -> Result<void> {
                endpoint.tls_files.key = value;
                return {};
              }},
    Parameter{"socket",
              [](Endpoint& endpoint, const std::string& value) -> Result<void> {
                endpoint.socket = value;
                return {};
              }},
    Parameter{"connect-timeout",
              [](Endpoint& endpoint, const std::string& value) -> Result<void> {
                endpoint.connect_timeout =
                    TRY_DURING("reading connect-timeout", parse_duration(value));
                if (endpoint.connect_timeout <= Duration::zero())
                  return fail(bad_endpoint("connect-timeout must be more than nothing"));
                return {};
              }},
};

Result<void> set_parameter(Endpoint& endpoint, std::string_view name, const std::string& value) {
  if (name.starts_with("var.") && name.size() > 4) {
    endpoint.variables[ascii_lower(name.substr(4))] = value;
    return {};
  }
  std::vector<std::string_view> known = {"var.NAME"};
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter.set(endpoint, value);
    known.push_back(parameter.name);
  }
  const std::string_view near = nearest(name, known);
  return fail(bad_endpoint(
      near.empty()
          ? fmt::format("the URL has a parameter '{}' that is not known; known are {}", name,
                        fmt::join(known, ", "))
          : fmt::format("the URL has a parameter '{}' that is not known; '{}' is", name, near)));
}

Result<void> set_query(Endpoint& endpoint, std::string_view query) {
  bool has_tls = false;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equal = pair.find('=');
    if (equal == std::string_view::npos) {
      return fail(bad_endpoint(fmt::format("the URL's parameter '{}' has no value", pair)));
    }
    const std::string name = TRY(percent_decode(pair.substr(0, equal), "parameter name"));
    has_tls = has_tls || name == "tls";
    const std::string value = TRY(percent_decode(pair.substr(equal + 1), "parameter " + name));
    TRY(set_parameter(endpoint, name, value));
  }
  settle_tls(endpoint, has_tls);
  return {};
}

Result<Endpoint> parse_url(std::string_view scheme, std::string_view rest, Side side) {
  Endpoint endpoint;
  endpoint.side = side;
  const std::string lower = ascii_lower(scheme);
  endpoint.is_tidb_url = lower == "tidb";
  if (endpoint.is_tidb_url) endpoint.port = 4000;
  if (lower != "mysql" && lower != "mariadb" && !endpoint.is_tidb_url) {
    return fail(bad_endpoint(fmt::format(
        "'{}://' is no address of a MySQL: write mysql://user@host:3306/ or tidb://user@host:4000/",
        scheme)));
  }
  if (rest.find('#') != std::string_view::npos) {
    return fail(
        bad_endpoint("the URL has a #, which would begin a fragment; in a user name, password or "
                     "path write it as %23"));
  }
  const std::size_t authority_end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, authority_end);
  rest = authority_end == std::string_view::npos ? std::string_view() : rest.substr(authority_end);
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos && rest.find('@') != std::string_view::npos) {
    return fail(
        bad_endpoint("the URL has a / or ? before its @; in a user name or password write / as %2F "
                     "and ? as %3F"));
  }
  if (at != std::string_view::npos) TRY(set_user(endpoint, authority.substr(0, at)));
  TRY(set_address(endpoint, at == std::string_view::npos ? authority : authority.substr(at + 1)));

  const std::size_t question = rest.find('?');
  std::string_view path = rest.substr(0, question);
  if (path.starts_with('/')) path.remove_prefix(1);
  endpoint.database = TRY(percent_decode(path, "database"));
  if (question != std::string_view::npos) TRY(set_query(endpoint, rest.substr(question + 1)));
  TRY(check_endpoint(endpoint));
  return endpoint;
}

}  // namespace

Error bad_endpoint(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

Result<TlsMode> parse_tls_mode(std::string_view text) {
  const std::string lower = ascii_lower(text);
  for (const TlsName& each : tls_names) {
    if (each.name == lower) return each.mode;
  }
  return fail(
      bad_endpoint(fmt::format("'{}' is no way to use TLS; there are {}", text, tls_words)));
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return fail(bad_endpoint("the port is not a number from 1 to 65535"));
  }
  return port;
}

void settle_tls(Endpoint& endpoint, bool says_tls) {
  const bool has_ca = !endpoint.tls_files.ca.empty();
  if (has_ca && (!says_tls || endpoint.tls == TlsMode::require)) endpoint.tls = TlsMode::verify_ca;
  if (!has_ca && !says_tls && !endpoint.tls_files.cert.empty()) endpoint.tls = TlsMode::require;
}

Result<void> check_endpoint(const Endpoint& endpoint) {
  if (endpoint.tls_files.cert.empty() != endpoint.tls_files.key.empty()) {
    return fail(bad_endpoint("a client certificate needs both of cert and key"));
  }
  if (endpoint.host.find_first_of(", \t\n") != std::string::npos) {
    return fail(bad_endpoint("the host must be one name or address"));
  }
  const bool checks = endpoint.tls == TlsMode::verify_ca || endpoint.tls == TlsMode::verify_host;
  if (!checks && !endpoint.tls_files.ca.empty()) {
    return fail(
        bad_endpoint("a ca and a way to use TLS that checks nothing contradict each other: use "
                     "verify-ca or verify"));
  }
  for (const auto& [name, value] : endpoint.variables) {
    for (const std::string_view own : own_variables) {
      if (name == own) {
        return fail(
            bad_endpoint(fmt::format("var.{} cannot be given: Tideway sets it on every session, so "
                                     "that text means the same everywhere",
                                     name)));
      }
    }
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.$") != std::string::npos) {
      return fail(bad_endpoint(fmt::format("var.{} is no name of a session variable", name)));
    }
  }
  return {};
}

std::string Endpoint::to_text() const {
  const std::string who = user.empty() ? "" : user + "@";
  if (!socket.empty()) return who + socket;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}", who, is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
}

Result<Endpoint> parse_endpoint(std::string_view text, Side side) {
  const std::size_t separator = text.find("://");
  if (separator != std::string_view::npos &&
      text.substr(0, separator).find_first_of(" \t\n'\"") == std::string_view::npos) {
    return parse_url(text.substr(0, separator), text.substr(separator + 3), side);
  }
  if (looks_like_command_line(text)) return parse_command_line(text, side);
  return fail(
      bad_endpoint("an address is written mysql://user@host:3306/ or tidb://user@host:4000/, or is "
                   "a whole line `mysql -h HOST -P PORT -u USER -p…`"));
}

}  // namespace tideway
