#include "mysql/connect_steps.h"

#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "mysql/client.h"
#include "mysql/errors.h"

namespace tideway {
namespace {

constexpr std::uint32_t tls_failed = 2026;
constexpr std::size_t header_bytes = 4;  // length 3, sequence number 1
// Connection id, scramble, filler; then the low half of the capabilities.
constexpr std::size_t capabilities_after_version = 4 + 8 + 1;
constexpr std::size_t shown_bytes = 40;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// "TLS/SSL error: Connection reset by peer (104)", "Can't connect to server on 'h' (111)", "Lost
// connection to server at 'reading authorization packet', system error: 104". 0: the other side
// ended it, or it is not known.
int system_error(std::string_view text) {
  constexpr std::string_view words = "system error: ";
  const std::size_t open = text.rfind('('), said = text.rfind(words);
  const std::size_t at = said != std::string_view::npos   ? said + words.size()
                         : open != std::string_view::npos ? open + 1
                                                          : text.size();
  int number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

bool is_cut_in_tls(const ConnectSteps& steps) {
  return steps.number == tls_failed &&
         (system_error(steps.text) != 0 || steps.text.find("unexpected eof") != std::string::npos);
}

// As a C string would show them: a banner is readable, and nothing steers the terminal.
std::string shown(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, bytes.find_first_of("\r\n"))) {
    if (text.size() >= shown_bytes) return text + "…";
    if (c >= 0x20 && c < 0x7F) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

Error make_error(const Endpoint& endpoint, ErrorCode code, Retry retry, const std::string& message,
                 std::string next = {}) {
  Evidence evidence;
  evidence.statement = std::move(next);
  return {code, endpoint.side, retry, std::move(evidence),
          fmt::format("{}: {}", endpoint.to_text(), message)};
}

std::string to_try(const Endpoint& endpoint) {
  if (!endpoint.socket.empty()) return "ls -l " + endpoint.socket;
  return fmt::format("nc -vz {} {}", endpoint.host, endpoint.port);
}

double seconds_of(const Endpoint& endpoint) {
  return std::chrono::duration<double>(endpoint.connect_timeout).count();
}

Error not_reached(const Endpoint& endpoint, const ConnectSteps& steps) {
  const int number = system_error(steps.text);
  const auto because = [&](std::string_view what) {
    return make_error(endpoint, ErrorCode::connect_tcp, Retry::new_session,
                      fmt::format("{}: {}", std::strerror(number), what), to_try(endpoint));
  };
  switch (number) {
    case ECONNREFUSED:
      return because(
          "the host is there and nothing listens on this port; check the port and that "
          "the server runs");
    case EHOSTUNREACH:
    case ENETUNREACH:
      return because("check peering, routing tables and VPN");
    case ENOENT:
      return because("check the socket's path and that the server runs");
    case EACCES:
    case EPERM:
      return because("the local system does not allow it; check its firewall and permissions");
    case 0:
      return make_error(endpoint, ErrorCode::connect_tcp, Retry::new_session, steps.text,
                        to_try(endpoint));
    default:
      return because("check security group, firewall, peering and the port");
  }
}

Error silent(const Endpoint& endpoint, const ConnectSteps& steps) {
  const double seconds = seconds_of(endpoint);
  if (!steps.is_reached) {
    return make_error(
        endpoint, ErrorCode::connect_tcp, Retry::new_session,
        fmt::format(
            "no answer to the TCP connection within {:g} s: packets are dropped on the way; "
            "check security group, firewall and peering",
            seconds),
        to_try(endpoint));
  }
  if (!steps.greeting.is_whole) {
    return make_error(
        endpoint, ErrorCode::connect_round_trip, Retry::new_session,
        fmt::format("the connection was accepted and nothing was said within {:g} s: this is no "
                    "MySQL port, or the server hangs, or a proxy has no server behind it",
                    seconds));
  }
  const bool in_tls = steps.uses_tls && steps.greeting.offers_tls;
  return make_error(endpoint, ErrorCode::connect_round_trip, Retry::new_session,
                    fmt::format("the server greeted and then did not finish {} within {:g} s",
                                in_tls ? "TLS and login" : "the login", seconds));
}

// After TCP stood. The password had no part in it: the server says so when it is wrong.
Error cut(const Endpoint& endpoint, const ConnectSteps& steps) {
  const int number = system_error(steps.text);
  const std::string how = number == 0 ? std::string("closed by the other side")
                                      : fmt::format("broken ({})", std::strerror(number));
  std::string_view when = "during the login";
  if (!steps.greeting.is_whole) {
    when = steps.first_bytes.empty()
               ? "before the server greeted: is this a MySQL port, and may this host connect?"
               : "in the middle of the server's greeting";
  } else if (is_cut_in_tls(steps)) {
    when = "during the TLS handshake";
  }
  return make_error(endpoint, ErrorCode::connect_lost, Retry::new_session,
                    fmt::format("the connection was {} {}", how, when));
}

Error tls_error(const Endpoint& endpoint, const ConnectSteps& steps) {
  constexpr std::string_view prefix = "TLS/SSL error: ";
  std::string_view text = steps.text;
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  // The library says "no such file" and not which.
  for (const std::string& file :
       {endpoint.tls_files.ca, endpoint.tls_files.cert, endpoint.tls_files.key}) {
    if (!file.empty() && ::access(file.c_str(), R_OK) != 0) {
      return make_error(endpoint, ErrorCode::connect_tls, Retry::after_operator,
                        fmt::format("TLS failed: {}: {}", file, std::strerror(errno)));
    }
  }
  std::string next;
  if (endpoint.tls == TlsMode::attempt || endpoint.tls == TlsMode::require) {
    next = endpoint.tls == TlsMode::attempt
               ? "add ?tls=off to the URL to go without encryption, or mend the server's TLS"
               : "add ?tls=legacy to the URL if the server is old, or mend its TLS";
  }
  return make_error(endpoint, ErrorCode::connect_tls, Retry::after_operator,
                    fmt::format("TLS failed: {}", text), std::move(next));
}

}  // namespace

Greeting parse_greeting(std::string_view bytes) {
  Greeting greeting;
  if (bytes.size() < header_bytes + 1) return greeting;
  const std::size_t length = byte_at(bytes, 0) | byte_at(bytes, 1) << 8U | byte_at(bytes, 2) << 16U;
  const unsigned first = byte_at(bytes, header_bytes);
  // A greeting is short, the first of its exchange, and begins with the protocol's version.
  constexpr std::size_t longest = 4096;
  greeting.is_mysql = byte_at(bytes, 3) == 0 && length > 0 && length <= longest &&
                      (first == 9 || first == 10 || first == 0xFF);
  greeting.is_whole = !greeting.is_mysql || bytes.size() >= header_bytes + length;
  if (!greeting.is_whole || !greeting.is_mysql) return greeting;
  const std::string_view body = bytes.substr(header_bytes, length);
  if (first == 0xFF) {
    if (body.size() < 3) return greeting;
    greeting.refusal = byte_at(body, 1) | byte_at(body, 2) << 8U;
    const bool has_state = body.size() > 8 && body[3] == '#';
    greeting.refusal_text = body.substr(has_state ? 9 : 3);
    return greeting;
  }
  const std::size_t version_end = body.find('\0', 1);
  if (version_end == std::string_view::npos) return greeting;
  const std::size_t at = version_end + 1 + capabilities_after_version;
  if (at + 1 >= body.size()) return greeting;
  const unsigned capabilities = byte_at(body, at) | byte_at(body, at + 1) << 8U;
  greeting.offers_tls = (capabilities & static_cast<unsigned>(CLIENT_SSL)) != 0;
  return greeting;
}

bool is_tls_disagreement(const ConnectSteps& steps) {
  return steps.end == ConnectSteps::End::failed && !steps.is_refused &&
         steps.number == tls_failed && !is_cut_in_tls(steps);
}

Error connect_error(const Endpoint& endpoint, const ConnectSteps& steps) {
  constexpr std::uint32_t unknown_host = 2005;
  if (steps.end == ConnectSteps::End::stopped) {
    return {ErrorCode::stopped, Side::local, Retry::never,
            fmt::format("stopped while connecting to {}", endpoint.to_text())};
  }
  if (!steps.greeting.is_mysql) {
    return make_error(
        endpoint, ErrorCode::connect_not_mysql, Retry::after_operator,
        fmt::format("what answers there is not MySQL; it said \"{}\"", shown(steps.first_bytes)));
  }
  if (steps.greeting.refusal != 0)
    return to_login_error(endpoint, steps.greeting.refusal, steps.greeting.refusal_text);
  if (steps.is_refused) {
    return make_error(endpoint, ErrorCode::connect_tls, Retry::after_operator,
                      "the server does not offer TLS, which was required; nothing was sent to it");
  }
  if (steps.end == ConnectSteps::End::deadline) return silent(endpoint, steps);
  switch (steps.number) {
    case unknown_host:
      return make_error(endpoint, ErrorCode::connect_name, Retry::new_session,
                        fmt::format("the name '{}' cannot be resolved: {}", endpoint.host,
                                    ::gai_strerror(system_error(steps.text))),
                        "getent hosts " + endpoint.host);
    case tls_failed:
      return is_cut_in_tls(steps) ? cut(endpoint, steps) : tls_error(endpoint, steps);
    case 2001:
    case 2002:
    case 2003:
    case 2004:
      // A reset says that somebody was there.
      return steps.is_reached || system_error(steps.text) == ECONNRESET
                 ? cut(endpoint, steps)
                 : not_reached(endpoint, steps);
    case 2006:
    case 2012:
    case 2013:
    case 2027:
      return cut(endpoint, steps);
    default:
      return to_login_error(endpoint, steps.number, steps.text);
  }
}

}  // namespace tideway
