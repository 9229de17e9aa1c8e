#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "base/terminal.h"
#include "mysql/endpoint.h"
#include "mysql/endpoint_parts.h"
#include "mysql/option_file.h"

namespace tideway {
namespace {

constexpr std::size_t password_bytes_max = 4096;

Error cannot_read(std::string_view what, int why) {
  return {ErrorCode::storage_read, Side::local, Retry::never,
          fmt::format("the password cannot be read from {}: {}", what, std::strerror(why))};
}

// The first line of a descriptor, which is read to its end.
Result<Secret> read_line(int descriptor, std::string_view what) {
  std::string bytes;
  char buffer[512];
  while (true) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot_read(what, errno));
    if (count == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > password_bytes_max) {
      return fail(bad_endpoint(fmt::format("{} holds more than {} bytes: that is no password", what,
                                           password_bytes_max)));
    }
  }
  bytes.resize(std::min(bytes.find('\n'), bytes.size()));
  if (bytes.ends_with('\r')) bytes.pop_back();
  return Secret(std::move(bytes));
}

Result<Secret> from_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(cannot_read(path, errno));
  struct stat about = {};
  if (::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) &&
      (about.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    LOG(warn, "others may read the password file: chmod 600 makes it private", {{"file", path}});
  }
  auto password = read_line(descriptor, path);
  ::close(descriptor);
  return password;
}

Result<Secret> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr)
    return fail(bad_endpoint(fmt::format("the environment has no variable {}", name)));
  return Secret(value);
}

// Asks on the terminal itself, so that redirected input and output stay what they are.
Result<Secret> from_terminal(const Endpoint& endpoint, const std::stop_token& stop) {
  auto terminal = Terminal::open();
  if (!terminal) {
    return fail(
        bad_endpoint(fmt::format("there is no terminal on which to ask for the password of {}; "
                                 "give it by file, environment variable or descriptor",
                                 endpoint.to_text())));
  }
  auto answer = TRY(terminal->ask(
      fmt::format("Password for {} ({}): ", endpoint.to_text(), to_text(endpoint.side)),
      Terminal::Echo::off, stop));
  if (!answer) return fail(bad_endpoint("no password was typed"));
  return Secret(std::move(*answer));
}

std::string home_path(const std::string& path) {
  if (!path.starts_with("~/")) return path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : home + path.substr(1);
}

std::string login_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::string() : entry->pw_name;
}

}  // namespace

Result<void> find_password(Endpoint& endpoint, const PasswordSources& sources,
                           const std::stop_token& stop) {
  if (sources.file) {
    endpoint.password = TRY(from_file(home_path(*sources.file)));
  } else if (sources.environment) {
    endpoint.password = TRY(from_environment(*sources.environment));
  } else if (sources.descriptor) {
    endpoint.password =
        TRY(read_line(*sources.descriptor, fmt::format("descriptor {}", *sources.descriptor)));
  }
  if (const std::string path = home_path(sources.option_file); !path.empty()) {
    auto read = read_option_file(endpoint, path);
    if (!read && read.error().code() != ErrorCode::storage_missing)
      return fail(std::move(read).error());
  }
  if (endpoint.user.empty()) endpoint.user = login_name();  // as the mysql client does
  if (!endpoint.password && sources.prompt) endpoint.password = TRY(from_terminal(endpoint, stop));
  return {};
}

}  // namespace tideway
