#include "operate/run_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace tideway {
namespace {

constexpr std::string_view lock_ending = ".job", socket_ending = ".sock";
constexpr std::size_t job_name_bytes_max = 4096;

Error refused(const std::string& path, std::string_view why) {
  Evidence evidence;
  evidence.position = path;
  return {ErrorCode::storage_write, Side::local, Retry::after_operator, std::move(evidence),
          fmt::format("{} cannot hold the sockets of running jobs: {}", path, why)};
}

Error not_running(const std::string& job) {
  return {ErrorCode::job_not_running, Side::local, Retry::after_operator,
          fmt::format("the job '{}' does not run here", job)};
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A socket's address has room for 107 bytes; by way of the descriptor every directory fits.
sockaddr_un address_in(int directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory, name);
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  return address;
}

// Whether the descriptor's file is still the one of this name.
bool is_still_there(int directory, const std::string& name, int fd) {
  struct stat ours{}, there{};
  return ::fstat(fd, &ours) == 0 &&
         ::fstatat(directory, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

std::string text_of(int fd) {
  std::string text(job_name_bytes_max, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

void remove_files(int directory, const std::string& stem) {
  ::unlinkat(directory, (stem + std::string(socket_ending)).c_str(), 0);
  ::unlinkat(directory, (stem + std::string(lock_ending)).c_str(), 0);
}

std::vector<std::string> stems_in(int directory) {
  std::vector<std::string> stems;
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return stems;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy), ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string_view name(static_cast<const char*>(entry->d_name));
    if (name.size() > lock_ending.size() && name.ends_with(lock_ending))
      stems.emplace_back(name.substr(0, name.size() - lock_ending.size()));
  }
  std::ranges::sort(stems);
  return stems;
}

}  // namespace

std::string file_stem(const std::string& job) {
  std::string stem;
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : job) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    const bool is_harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (stem.size() < 40) stem += is_harmless ? c : '_';
  }
  return fmt::format("{}-{:016x}", stem, hash);
}

std::vector<std::string> RunDir::places() {
  if (const std::string given = variable("TIDEWAY_RUN_DIR"); !given.empty()) return {given};
  const std::string own = fmt::format("/tideway-{}", ::geteuid());
  std::vector<std::string> places;
  const std::string runtime = variable("XDG_RUNTIME_DIR");
  struct stat there{};
  if (!runtime.empty() && ::stat(runtime.c_str(), &there) == 0 && S_ISDIR(there.st_mode))
    places.push_back(runtime + own);
  for (const std::string& usual : {"/tmp" + own, fmt::format("/run/user/{}{}", ::geteuid(), own)}) {
    if (std::ranges::find(places, usual) == places.end()) places.push_back(usual);
  }
  return places;
}

Result<RunDir> RunDir::check(const std::string& path, FileHandle handle) {
  struct stat found{};
  if (::fstat(handle.fd(), &found) != 0) return fail(refused(path, std::strerror(errno)));
  if (found.st_uid != ::geteuid()) return fail(refused(path, "it belongs to another account"));
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(refused(path, "others may write into it (chmod 700)"));
  return RunDir(path, std::move(handle));
}

Result<RunDir> RunDir::make(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(refused(path, std::strerror(errno)));
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!handle.is_open()) return fail(refused(path, std::strerror(errno)));
  return check(path, std::move(handle));
}

Result<std::optional<RunDir>> RunDir::find(const std::string& path) {
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!handle.is_open()) {
    if (errno == ENOENT || errno == EACCES) return std::optional<RunDir>();
    return fail(refused(path, std::strerror(errno)));
  }
  return std::optional(TRY(check(path, std::move(handle))));
}

RunDir::Claim::~Claim() {
  if (lock_.is_open()) remove_files(directory_, stem_);
}

Result<FileHandle> RunDir::Claim::listen() const {
  const std::string name = stem_ + std::string(socket_ending);
  ::unlinkat(directory_, name.c_str(), 0);  // of one that ended without a word: the name is ours
  FileHandle listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_in(directory_, name);
  // The mode is the socket's from its first moment.
  if (!listener.is_open() || ::fchmod(listener.fd(), 0600) != 0 ||
      ::bind(listener.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.fd(), 64) != 0)
    return fail(file_error(ErrorCode::storage_write, errno, "making the job's socket", name));
  return listener;
}

Result<RunDir::Claim> RunDir::claim(const std::string& job) const {
  const std::string stem = file_stem(job), name = stem + std::string(lock_ending);
  // Who looks whether a job runs holds its lock for a moment, and may remove the file in it.
  for (int tries = 0; tries < 20; ++tries) {
    FileHandle lock(
        ::openat(handle_.fd(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock.is_open())
      return fail(file_error(ErrorCode::storage_write, errno, "making", path_ + "/" + name));
    if (::flock(lock.fd(), LOCK_EX | LOCK_NB) == 0 &&
        is_still_there(handle_.fd(), name, lock.fd())) {
      if (::ftruncate(lock.fd(), 0) != 0 ||
          ::pwrite(lock.fd(), job.data(), job.size(), 0) != static_cast<ssize_t>(job.size()))
        return fail(file_error(ErrorCode::storage_write, errno, "writing", path_ + "/" + name));
      return Claim(handle_.fd(), stem, std::move(lock));
    }
    real_clock().wait(std::chrono::milliseconds(5), {});
  }
  return fail(Error(ErrorCode::job_owned, Side::local, Retry::after_operator,
                    fmt::format("another process here has the job '{}'", job)));
}

std::vector<RunDir::Found> RunDir::sweep() const {
  std::vector<Found> found;
  for (const std::string& stem : stems_in(handle_.fd())) {
    const std::string name = stem + std::string(lock_ending);
    const FileHandle lock(
        ::openat(handle_.fd(), name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!lock.is_open()) continue;
    const bool is_free = ::flock(lock.fd(), LOCK_EX | LOCK_NB) == 0;
    if (!is_still_there(handle_.fd(), name, lock.fd())) continue;  // it ended just now
    found.push_back({text_of(lock.fd()), !is_free});
    if (is_free) remove_files(handle_.fd(), stem);
  }
  return found;
}

Result<FileHandle> RunDir::connect(const std::string& job) const {
  const sockaddr_un address = address_in(handle_.fd(), file_stem(job) + std::string(socket_ending));
  const Instant give_up = real_clock().now() + std::chrono::seconds(2);
  while (true) {
    FileHandle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open())
      return fail(file_error(ErrorCode::storage_read, errno, "making a socket for", job));
    if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return socket;
    if (errno != EAGAIN || real_clock().now() > give_up) return fail(not_running(job));
    real_clock().wait(std::chrono::milliseconds(5), {});  // many are waiting to be heard
  }
}

}  // namespace tideway
