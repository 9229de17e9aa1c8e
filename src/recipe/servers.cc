#include "recipe/servers.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <unistd.h>

#include <algorithm>

#include "model/block.h"

namespace tideway::recipe {
namespace {

Result<TlsMode> parse_tls(const std::string& text) {
  const auto probe = parse_endpoint("mysql://localhost/?tls=" + text, Side::local);
  if (!probe) return fail(probe.error());
  return probe->tls;
}

// Nobody is asked for a password that the account does not have. Any other failure shows again
// where it is reported.
bool wants_password(const Endpoint& endpoint, const std::stop_token& stop) {
  const auto probe = Session::open(endpoint, {}, stop);
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

Result<Endpoint> endpoint_of(const ServerOptions& options, Side side, const std::stop_token& stop) {
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
  if (!endpoint.password && ::isatty(STDIN_FILENO) == 1 && wants_password(endpoint, stop)) {
    sources.prompt = true;
    TRY(find_password(endpoint, sources, stop));
  }
  return endpoint;
}

Result<void> refuse_one_server(Session& source, Session& target, const std::stop_token& stop) {
  // Copied machines may share the UUID, and TiDB's is zeros: host name and port tell them apart.
  constexpr std::string_view question =
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('hostname', 'port', 'server_uuid')";
  const auto ours = TRY_DURING("asking the source who it is", source.query(question, stop));
  const auto theirs = TRY_DURING("asking the target who it is", target.query(question, stop));
  const bool is_named = ours.rows.size() == 3 &&
                        ours.rows[2][1].value_or("0").find_first_not_of("0-") != std::string::npos;
  if (!is_named || ours.rows != theirs.rows) return {};
  return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                    fmt::format("source and target are one server: both say that they are {}, "
                                "{}:{}",
                                ours.rows[2][1].value_or(""), ours.rows[0][1].value_or(""),
                                ours.rows[1][1].value_or(""))));
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
