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
#include "mysql/connect_steps.h"
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

constexpr std::size_t greeting_bytes_max = 8192;

// The connection that this thread is making. The library tells nobody how far it got, but shows
// every read to the observer below.
struct Progress {
  std::string server_name;  // for the TLS handshake; empty for an address
  bool is_legacy = false;
  bool checks_certificate = false;
  bool must_encrypt = false;
  ConnectSteps steps;
};
thread_local Progress* progress = nullptr;

// Sees the greeting before the library answers it. Here the socket becomes non-blocking, so that
// the TLS handshake too waits through our hook; and where TLS is required, a server without it is
// left before it got the password: MYSQL_OPT_SSL_ENFORCE would go on in plaintext. What is not
// MySQL is left as well.
void observe(int mode, MYSQL* mysql, const unsigned char* bytes, std::size_t count) {
  if (progress == nullptr || mode != 0 || progress->steps.greeting.is_whole) return;
  if (count == 0 || count == static_cast<std::size_t>(-1)) return;
  ConnectSteps& steps = progress->steps;
  const int socket = mysql_get_socket(mysql);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  steps.first_bytes.append(reinterpret_cast<const char*>(bytes),
                           std::min(count, greeting_bytes_max - steps.first_bytes.size()));
  steps.greeting = parse_greeting(steps.first_bytes);
  if (!steps.greeting.is_whole || steps.greeting.refusal != 0) return;
  steps.is_refused =
      steps.greeting.is_mysql && progress->must_encrypt && !steps.greeting.offers_tls;
  if (steps.is_refused || !steps.greeting.is_mysql) ::shutdown(socket, SHUT_RDWR);
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

struct Attempt {
  Client client;
  std::optional<Error> error;
  bool is_tls_disagreement = false;
};

ConnectSteps::End end_of(const Wait& wait) {
  switch (wait.outcome()) {
    case Wait::Outcome::heard:
      return ConnectSteps::End::failed;
    case Wait::Outcome::stopped:
      return ConnectSteps::End::stopped;
    case Wait::Outcome::deadline:
      return ConnectSteps::End::deadline;
  }
  return ConnectSteps::End::failed;
}

// `mode` says how TLS is spoken, the endpoint's whether it must be.
Attempt attempt(const Endpoint& endpoint, TlsMode mode, bool local_infile,
                const std::stop_token& stop) {
  Progress mine;
  mine.must_encrypt = must_encrypt(endpoint.tls);
  mine.is_legacy = mode == TlsMode::legacy;
  mine.checks_certificate = checks_certificate(mode);
  mine.steps.uses_tls = mode != TlsMode::off;
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
  const bool is_plain = is_open && mysql_get_ssl_cipher(mysql) == nullptr;
  if (!is_open || (mine.must_encrypt && is_plain)) {
    const ClientFault fault = last_fault(mysql);
    mine.steps.end = end_of(wait);
    mine.steps.is_reached = wait.has_read();
    mine.steps.is_refused = mine.steps.is_refused || is_open;
    mine.steps.number = fault.number;
    mine.steps.text = fault.text;
    result.error = connect_error(endpoint, mine.steps);
    result.is_tls_disagreement = is_tls_disagreement(mine.steps);
  } else {
    const int socket = mysql_get_socket(mysql);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  }
  progress = nullptr;
  return result;
}

// Whether this is the first time in the process that this is said of the endpoint, however many
// sessions it gets.
bool is_first(const Endpoint& endpoint, std::string_view what) {
  static Guarded<std::set<std::pair<std::string, std::string>>> said;
  return said.with([&](auto& names) { return names.emplace(endpoint.to_text(), what).second; });
}

// Endpoints at which today's TLS failed and that of old did not: not tried in vain again.
Guarded<std::set<std::string>>& old_tls() {
  static Guarded<std::set<std::string>> endpoints;
  return endpoints;
}

// TLS if the server has it, in its old form if it has no better. In plaintext only where the server
// says that it has none: neither a cut nor a failure of TLS is a reason to show what was to be
// hidden.
Attempt attempt_tls(const Endpoint& endpoint, bool local_infile, const std::stop_token& stop) {
  const std::string name = endpoint.to_text();
  const bool is_old = old_tls().with([&](const auto& known) { return known.contains(name); });
  Attempt made = attempt(endpoint, is_old ? TlsMode::legacy : TlsMode::attempt, local_infile, stop);
  if (made.is_tls_disagreement && !is_old) {
    Attempt again = attempt(endpoint, TlsMode::legacy, local_infile, stop);
    if (again.is_tls_disagreement) return made;  // the first failure says more
    made = std::move(again);
    if (!made.error && is_first(endpoint, "old TLS")) {
      old_tls().with([&](auto& known) { known.insert(name); });
      LOG(warn,
          "the server's TLS is too old to be safe and is used all the same; tls=legacy in the URL "
          "says so without this warning, tls=require refuses it",
          {{"endpoint", name}});
    }
  }
  if (!made.error && mysql_get_ssl_cipher(made.client.get()) == nullptr &&
      is_first(endpoint, "plaintext")) {
    LOG(warn,
        "the connection is not encrypted; tls=require in the URL insists on it, tls=off says so "
        "without this warning",
        {{"endpoint", name}, {"why", "the server does not offer TLS"}});
  }
  return made;
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
  const bool is_attempt = endpoint.tls == TlsMode::attempt;
  const bool is_local = is_attempt && !endpoint.socket.empty();
  Attempt made = is_attempt && !is_local ? attempt_tls(endpoint, local_infile, stop)
                                         : attempt(endpoint, is_local ? TlsMode::off : endpoint.tls,
                                                   local_infile, stop);
  if (made.error) return fail(std::move(*made.error));
  return std::move(made.client);
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
