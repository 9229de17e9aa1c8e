#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace tideway {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  const int number_;
};

Error unreadable(const std::string& path, std::string_view why) {
  return {ErrorCode::storage_read, Side::local, Retry::after_operator,
          fmt::format("{}: {}", path, why)};
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return fail(Error(ErrorCode::storage_missing, Side::local, Retry::after_operator,
                        fmt::format("{}: no such file", path)));
    }
    return fail(unreadable(path, std::strerror(errno)));
  }
  struct stat about{};
  if (::fstat(file.number(), &about) == 0 && S_ISDIR(about.st_mode))
    return fail(unreadable(path, "is a directory"));
  std::string bytes;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = ::read(file.number(), buffer.data(), buffer.size());
    if (count == 0) return bytes;
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(unreadable(path, std::strerror(errno)));
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (bytes.size() > max_bytes)
      return fail(unreadable(path, fmt::format("has more than {} bytes", max_bytes)));
  }
}

namespace {

// Under the temporary name, which is gone again after an error.
Result<void> write_beside(const std::string& path, const std::string& temporary,
                          std::string_view text, bool is_kept) {
  const auto unwritable = [&](int error) {
    ::unlink(temporary.c_str());
    return fail(Error(ErrorCode::storage_write, Side::local, Retry::after_operator,
                      fmt::format("{}: {}", path, std::strerror(error))));
  };
  const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.number() < 0) return unwritable(errno);
  while (!text.empty()) {
    const ssize_t count = ::write(file.number(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unwritable(errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.number()) != 0) return unwritable(errno);
  if ((is_kept ? ::rename(temporary.c_str(), path.c_str()) : ::unlink(temporary.c_str())) != 0)
    return unwritable(errno);
  return {};
}

}  // namespace

Result<void> write_small_file(const std::string& path, std::string_view text) {
  return write_beside(path, path + ".tmp", text, true);
}

Result<void> check_small_file(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) {
    return fail(Error(ErrorCode::storage_write, Side::local, Retry::after_operator,
                      fmt::format("{}: {}", path, std::strerror(EISDIR))));
  }
  return write_beside(path, path + ".tmp", "x", false);
}

}  // namespace tideway
