#include "recipe/servers.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <unistd.h>

#include <algorithm>

#include "model/block.h"
#include "mysql/session.h"

namespace tideway::recipe {
namespace {

Result<TlsMode> parse_tls(const std::string& text) {
  const auto probe =
      parse_endpoint("mysql://localhost/?tls=" + (text == "try" ? "attempt" : text), Side::local);
  if (!probe) return fail(probe.error());
  return probe->tls;
}

// Nobody is asked for a password that the account does not have. Any other failure shows again
// where it is reported.
bool wants_password(const Endpoint& endpoint) {
  const auto probe = Session::open(endpoint, {}, {});
  return !probe && probe.error().code() == ErrorCode::connect_login;
}

void override(Endpoint& endpoint, const ServerOptions& options) {
  if (options.host) {
    endpoint.host = *options.host;
    endpoint.is_host_given = true;
    endpoint.socket.clear();
  }
  if (options.port) {
    endpoint.port = *options.port;
    endpoint.is_port_given = true;
  }
  if (options.socket) endpoint.socket = *options.socket;
  if (options.user) endpoint.user = *options.user;
  if (options.password) endpoint.password = *options.password;
  if (!options.ca.empty()) {
    endpoint.tls_files.ca = options.ca;
    if (endpoint.tls == TlsMode::attempt) endpoint.tls = TlsMode::verify_ca;
  }
  if (!options.cert.empty()) endpoint.tls_files.cert = options.cert;
  if (!options.key.empty()) endpoint.tls_files.key = options.key;
}

}  // namespace

Result<Endpoint> endpoint_of(const ServerOptions& options, Side side) {
  const std::string name = side == Side::source ? "source" : "target";
  if (!options.is_given()) {
    return fail(
        Error(ErrorCode::usage, Side::local, Retry::never,
              fmt::format(
                  "--{} is missing: say where the {} is, for example --{} mysql://user@host:3306/",
                  name, name, name)));
  }
  Endpoint endpoint;
  endpoint.side = side;
  if (!options.url.is_empty()) endpoint = TRY(parse_endpoint(options.url.reveal(), side));
  override(endpoint, options);
  if (options.tls) endpoint.tls = TRY(parse_tls(*options.tls));
  PasswordSources sources;
  sources.file = options.password_file;
  sources.environment = options.password_env;
  sources.descriptor = options.password_fd;
  TRY(find_password(endpoint, sources));
  if (!endpoint.password && ::isatty(STDIN_FILENO) == 1 && wants_password(endpoint)) {
    sources.prompt = true;
    TRY(find_password(endpoint, sources));
  }
  return endpoint;
}

std::string job_name(const CommonOptions& options, const std::string& recipe,
                     const std::string& source, const std::string& target) {
  if (!options.job.empty()) return options.job;
  std::string ends = source + "\n" + target;
  for (const std::string& rule : options.filter) ends += "\n" + rule;
  return fmt::format("{}-{}", recipe, settings_hash(ends));
}

std::uint64_t share_of(const CommonOptions& options) {
  return std::max<std::uint64_t>(
      64U << 10U, options.memory_bytes / 32 / std::max<std::uint32_t>(options.threads, 1));
}

std::uint32_t block_bytes(const CommonOptions& options) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(Block::usual_bytes, share_of(options)));
}

std::string settings_hash(const std::string& settings) {
  return fmt::format("{:08x}", libdeflate_crc32(0, settings.data(), settings.size()));
}

}  // namespace tideway::recipe
