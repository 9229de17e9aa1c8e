// Connecting, step by step: name, TCP, TLS, login.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

#include "base/guarded.h"
#include "base/log.h"
#include "mysql/client.h"
#include "mysql/errors.h"
#include "mysql/session.h"
#include "mysql/wait.h"

extern "C" {
// Exported by the library and declared in none of its headers: called after every read (mode 0) and
// write (mode 1).
int ma_pvio_register_callback(my_bool register_callback,
                              void (*callback)(int mode, MYSQL* mysql, const unsigned char* bytes,
                                               std::size_t count));
}

namespace tideway {
namespace {

constexpr std::uint32_t unknown_host = 2005, tls_failed = 2026;
constexpr std::size_t greeting_capabilities_after_version =
    4 + 8 + 1;  // connection id, scramble, filler

// How far the connection of this thread got. The library tells nobody, but shows every read to the
// observer below.
struct Progress {
  std::string server_name;  // for the TLS handshake; empty for an address
  bool is_legacy = false;
  bool checks_certificate = false;
  bool must_encrypt = false;

  bool has_greeting = false;
  bool is_tls_offered = false;
  bool is_refused = false;  // by us: the server would have got the credentials in plaintext
};
thread_local Progress* progress = nullptr;

// Header 4, protocol 1, version text, NUL, id 4, scramble 8, filler 1, low half of the
// capabilities 2.
bool offers_tls(std::string_view greeting) {
  const std::size_t version_end = greeting.find('\0', 5);
  if (version_end == std::string_view::npos) return false;
  const std::size_t at = version_end + 1 + greeting_capabilities_after_version;
  if (at + 1 >= greeting.size()) return false;
  const auto capabilities =
      static_cast<unsigned char>(greeting[at]) | static_cast<unsigned char>(greeting[at + 1]) << 8U;
  return (static_cast<unsigned>(capabilities) & static_cast<unsigned>(CLIENT_SSL)) != 0;
}

// Sees the greeting before the library answers it. Here the socket becomes non-blocking, so that
// the TLS handshake too waits through our hook; and where TLS is required, a server without it is
// left before it got the password: MYSQL_OPT_SSL_ENFORCE would go on in plaintext.
void observe(int mode, MYSQL* mysql, const unsigned char* bytes, std::size_t count) {
  if (progress == nullptr || mode != 0 || progress->has_greeting) return;
  if (count == 0 || count == static_cast<std::size_t>(-1)) return;
  progress->has_greeting = true;
  const int socket = mysql_get_socket(mysql);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  const std::string_view greeting(reinterpret_cast<const char*>(bytes), count);
  const bool is_error = greeting.size() > 4 && static_cast<unsigned char>(greeting[4]) == 0xFF;
  progress->is_tls_offered = offers_tls(greeting);
  if (progress->must_encrypt && !is_error && !progress->is_tls_offered) {
    progress->is_refused = true;
    ::shutdown(socket, SHUT_RDWR);
  }
}

int accept_any(X509_STORE_CTX* store, void* /*nothing*/) {
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// OpenSSL calls this for every SSL that is made, the library's own among them, which no option
// reaches:
//  - the server's name goes with the first message (SNI), for gateways that serve many under one
//  address;
//  - MySQL 5.7.19's TLS knows no secure renegotiation, and OpenSSL 3 must be told to do without;
//  - where nothing is to be checked, nothing is: see set_tls_options().
void prepare_tls(void* parent, void* /*ptr*/, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                 long /*argl*/, void* /*argp*/) {
  if (progress == nullptr) return;
  auto* ssl = static_cast<SSL*>(parent);
  if (!progress->server_name.empty()) SSL_set_tlsext_host_name(ssl, progress->server_name.c_str());
  if (progress->is_legacy) SSL_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT);
  if (!progress->checks_certificate)
    SSL_CTX_set_cert_verify_callback(SSL_get_SSL_CTX(ssl), accept_any, nullptr);
}

bool is_address(const std::string& host) {
  in6_addr ignored = {};
  return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool must_encrypt(TlsMode mode) { return mode != TlsMode::off && mode != TlsMode::attempt; }

bool checks_certificate(TlsMode mode) {
  return mode == TlsMode::verify_ca || mode == TlsMode::verify_host;
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

// Debian's, Red Hat's and Alpine's place for what the system trusts.
std::string system_ca() {
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/cert.pem"}) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return {};
}

void set_tls_options(MYSQL* mysql, const Endpoint& endpoint, TlsMode mode) {
  if (mode == TlsMode::off) return;
  const my_bool yes = 1;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  if (checks_certificate(mode)) {
    const std::string ca = endpoint.tls_files.ca.empty() ? system_ca() : endpoint.tls_files.ca;
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, or_null(ca));
  } else {
    // Without any place for CAs the library reads the system's bundle for each connection: 26 ms of
    // CPU instead of 5. It then checks against this place, which prepare_tls() answers for.
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CAPATH, "/nonexistent");
  }
  if (mode == TlsMode::verify_host) mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  if (!endpoint.tls_files.cert.empty()) {
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, endpoint.tls_files.cert.c_str());
    mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, endpoint.tls_files.key.c_str());
  }
  if (mode == TlsMode::legacy) {
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CIPHER, "ALL:@SECLEVEL=0");
    mysql_optionsv(mysql, MARIADB_OPT_TLS_VERSION, "TLSv1.0,TLSv1.1,TLSv1.2");
  }
}

void set_options(MYSQL* mysql, const Endpoint& endpoint, bool local_infile) {
  const auto seconds = static_cast<unsigned>(std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(endpoint.connect_timeout).count(), 1, 3600));
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, reinterpret_cast<void*>(&Wait::hook));
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const unsigned long packet_bytes =
      1UL << 30U;  // the protocol's own limit: rows are bounded by our arbiter, not by this
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes);
  const unsigned protocol = endpoint.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  const unsigned infile = local_infile ? 1 : 0;
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &infile);
  refuse_files(mysql);
  // A server may ask for any plugin it likes; the one that sends the password as it is (IAM tokens
  // need it) only where the connection is encrypted for certain.
  mysql_optionsv(
      mysql, MARIADB_OPT_RESTRICTED_AUTH,
      must_encrypt(endpoint.tls)
          ? "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,mysql_"
            "clear_password"
          : "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_RESET, nullptr);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "tideway");
}

// The library ends its texts about sockets with "(111)".
int trailing_errno(std::string_view text) {
  const std::size_t open = text.rfind('(');
  int number = 0;
  if (open != std::string_view::npos)
    std::from_chars(text.data() + open + 1, text.data() + text.size(), number);
  return number;
}

std::string tcp_hint(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "the host answered that nothing listens on this port: check the port and that the "
             "server runs";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "there is no route to the host: check peering, routing tables and VPN";
    case ENOENT:
      return "there is no such socket: check the path and that the server runs";
    case EACCES:
    case EPERM:
      return "the local system does not allow it: check firewall and permissions";
    default:
      return "nothing came back: check security group, firewall, peering and the port";
  }
}

struct Attempt {
  Client client;
  std::optional<Error> error;
  bool is_tls_failure = false;
};

Error connect_error(const Endpoint& endpoint, ErrorCode code, Retry retry, const ClientFault& fault,
                    std::string message) {
  Evidence evidence;
  evidence.server_errno = fault.number;
  evidence.server_text = fault.text;
  return {code, endpoint.side, retry, std::move(evidence),
          fmt::format("{}: {}", endpoint.to_text(), message)};
}

Error explain_given_up(const Endpoint& endpoint, const Wait& wait, TlsMode mode) {
  if (wait.outcome() == Wait::Outcome::stopped) {
    return {ErrorCode::stopped, Side::local, Retry::never,
            fmt::format("stopped while connecting to {}", endpoint.to_text())};
  }
  const double seconds = std::chrono::duration<double>(endpoint.connect_timeout).count();
  if (!progress->has_greeting) {
    return connect_error(endpoint, ErrorCode::connect_tcp, Retry::new_session, {},
                         fmt::format("no answer within {:g} s; {}", seconds, tcp_hint(ETIMEDOUT)));
  }
  const bool in_tls = mode != TlsMode::off && progress->is_tls_offered;
  return connect_error(endpoint, in_tls ? ErrorCode::connect_tls : ErrorCode::connect_login,
                       Retry::new_session, {},
                       fmt::format("the server greeted and then did not finish {} within {:g} s",
                                   in_tls ? "TLS and login" : "the login", seconds));
}

Error explain(const Endpoint& endpoint, const Wait& wait, TlsMode mode, const ClientFault& fault) {
  if (progress->is_refused) {
    return connect_error(
        endpoint, ErrorCode::connect_tls, Retry::after_operator, {},
        "the server does not offer TLS, which was required; nothing was sent to it");
  }
  if (wait.has_given_up()) return explain_given_up(endpoint, wait, mode);
  switch (fault.number) {
    case unknown_host:
      return connect_error(endpoint, ErrorCode::connect_name, Retry::new_session, fault,
                           fmt::format("the name '{}' cannot be resolved", endpoint.host));
    case tls_failed:
      return connect_error(endpoint, ErrorCode::connect_tls, Retry::after_operator, fault,
                           "TLS failed");
    case 2001:
    case 2002:
    case 2003:
    case 2004:
      return connect_error(endpoint, ErrorCode::connect_tcp, Retry::new_session, fault,
                           tcp_hint(trailing_errno(fault.text)));
    case 2006:
    case 2012:
    case 2013:
      if (!progress->has_greeting) {
        return connect_error(endpoint, ErrorCode::connect_tcp, Retry::new_session, fault,
                             "the connection was made and closed again without a greeting: is this "
                             "a MySQL port, and may this host connect?");
      }
      return connect_error(endpoint, ErrorCode::connect_login, Retry::new_session, fault,
                           "the server closed the connection during the login");
    default:
      return to_login_error(endpoint, fault.number, fault.text);
  }
}

Attempt attempt(const Endpoint& endpoint, TlsMode mode, bool local_infile,
                const std::stop_token& stop) {
  Progress mine;
  mine.must_encrypt = must_encrypt(mode);
  mine.is_legacy = mode == TlsMode::legacy;
  mine.checks_certificate = checks_certificate(mode);
  if (endpoint.socket.empty() && !is_address(endpoint.host)) mine.server_name = endpoint.host;
  progress = &mine;
  Wait wait(stop, endpoint.connect_timeout,
            std::chrono::steady_clock::now() + endpoint.connect_timeout);

  Attempt result;
  result.client.reset(mysql_init(nullptr));
  MYSQL* mysql = result.client.get();
  set_options(mysql, endpoint, local_infile);
  set_tls_options(mysql, endpoint, mode);
  const std::string password = endpoint.password ? endpoint.password->reveal() : std::string();
  const char* host = endpoint.socket.empty() ? endpoint.host.c_str() : nullptr;
  const bool is_open = mysql_real_connect(mysql, host, endpoint.user.c_str(), password.c_str(),
                                          or_null(endpoint.database), endpoint.port,
                                          or_null(endpoint.socket), CLIENT_FOUND_ROWS) != nullptr;
  if (!is_open) {
    const ClientFault fault = last_fault(mysql);
    result.error = explain(endpoint, wait, mode, fault);
    result.is_tls_failure = result.error->code() == ErrorCode::connect_tls && !wait.has_given_up();
  } else if (must_encrypt(mode) && mysql_get_ssl_cipher(mysql) == nullptr) {
    result.error = connect_error(endpoint, ErrorCode::connect_tls, Retry::after_operator, {},
                                 "the connection is not encrypted, which was required");
  } else {
    const int socket = mysql_get_socket(mysql);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  }
  progress = nullptr;
  return result;
}

// Once for each endpoint of the process, however many sessions it gets.
void warn_of_plaintext(const Endpoint& endpoint, std::string_view why) {
  static Guarded<std::set<std::string>> warned;
  if (!warned.with([&](auto& names) { return names.insert(endpoint.to_text()).second; })) return;
  LOG(warn,
      "the connection is not encrypted; tls=require in the URL insists on it, tls=off says so "
      "without this warning",
      {{"endpoint", endpoint.to_text()}, {"why", why}});
}

}  // namespace

void CloseMysql::operator()(MYSQL* mysql) const { mysql_close(mysql); }

ClientFault last_fault(MYSQL* mysql) {
  return {mysql_errno(mysql), mysql_sqlstate(mysql), mysql_error(mysql)};
}

void cut(MYSQL* mysql) {
  const int socket = mysql_get_socket(mysql);
  if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

Result<Client> connect(const Endpoint& endpoint, bool local_infile, const std::stop_token& stop) {
  const bool is_local = !endpoint.socket.empty() && endpoint.tls == TlsMode::attempt;
  Attempt first = attempt(endpoint, is_local ? TlsMode::off : endpoint.tls, local_infile, stop);
  if (first.is_tls_failure && endpoint.tls == TlsMode::attempt) {
    const std::string why = first.error->evidence().server_text;
    first = attempt(endpoint, TlsMode::off, local_infile, stop);
    if (!first.error) warn_of_plaintext(endpoint, why);
  } else if (!first.error && endpoint.tls == TlsMode::attempt && !is_local &&
             mysql_get_ssl_cipher(first.client.get()) == nullptr) {
    warn_of_plaintext(endpoint, "the server does not offer TLS");
  }
  if (first.error) return fail(std::move(*first.error));
  return std::move(first.client);
}

Result<void> open_client_library() {
  static const bool is_open = [] {
    if (mysql_library_init(0, nullptr, nullptr) != 0) return false;
    // A plugin is loaded at its first use, and two threads at once can lose it: all of them now.
    // One that is not installed is missed by whoever needs it, with the library's own words.
    Client nobody(mysql_init(nullptr));
    for (const char* name : {"mysql_native_password", "caching_sha2_password", "sha256_password",
                             "client_ed25519", "mysql_clear_password"}) {
      if (mysql_client_find_plugin(nobody.get(), name, 2) == nullptr)
        LOG(debug, "an authentication plugin is not there", {{"plugin", name}});
    }
    const int index =
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nullptr, prepare_tls, nullptr, nullptr);
    return index >= 0 && ma_pvio_register_callback(1, observe) == 0;
  }();
  if (!is_open)
    return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                      "the MySQL client library cannot be initialised"));
  return {};
}

}  // namespace tideway
