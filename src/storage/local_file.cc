#include "storage/local_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace tideway {
namespace {

constexpr std::string_view unpublished_prefix = ".tideway-", unpublished_suffix = ".tmp";

std::string unpublished_path(const std::string& path) {
  static std::atomic<std::uint64_t> next = 0;
  return fmt::format("{}/{}{}-{}{}", folder_of(path), unpublished_prefix, ::getpid(),
                     next.fetch_add(1), unpublished_suffix);
}

// Waits for room where the system call says there is none; any other failure is an error of `code`.
Result<void> with_space(const SpacePolicy& space, const std::string& path, std::uint64_t need_bytes,
                        ErrorCode code, std::string_view doing, const std::function<int()>& attempt,
                        const std::stop_token& stop) {
  const int error = TRY(retry_for_space(
      space, path, need_bytes, [&path] { return free_bytes_at(path); }, attempt, stop));
  if (error != 0) return fail(file_error(code, error, doing, path));
  return {};
}

Result<void> write_fully(int fd, std::string_view bytes, const SpacePolicy& space,
                         const std::string& path, const std::stop_token& stop) {
  if (space.budget != nullptr) TRY(space.budget->take(bytes.size(), path));
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    const int error = put == 0 ? ENOSPC : errno;
    if (error == EINTR) continue;
    if (error != ENOSPC && error != EDQUOT)
      return fail(file_error(ErrorCode::storage_write, error, "writing", path));
    const auto attempt = [&] {
      const ssize_t some = ::write(fd, bytes.data(), bytes.size());
      if (some <= 0) return some == 0 ? ENOSPC : errno;
      bytes.remove_prefix(static_cast<std::size_t>(some));
      return 0;
    };
    TRY(with_space(space, path, bytes.size(), ErrorCode::storage_write, "writing", attempt, stop));
  }
  return {};
}

class LocalReader : public ByteReader {
 public:
  LocalReader(FileHandle file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<std::size_t> read(char* to, std::size_t most) override {
    while (true) {
      const ssize_t got = ::read(file_.fd(), to, most);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail(file_error(ErrorCode::storage_read, errno, "reading", path_));
    }
  }

 private:
  FileHandle file_;
  const std::string path_;
};

class LocalWriter : public ByteWriter {
 public:
  LocalWriter(FileHandle file, std::string path, std::string unpublished, const SpacePolicy& space)
      : file_(std::move(file)),
        path_(std::move(path)),
        unpublished_(std::move(unpublished)),
        space_(space) {}
  ~LocalWriter() override {
    if (is_published_) return;
    ::unlink(unpublished_.c_str());
    if (space_.budget != nullptr) space_.budget->give_back(stored_bytes_);
  }

  Result<void> write(std::string_view bytes, const std::stop_token& stop) override {
    TRY(write_fully(file_.fd(), bytes, space_, path_, stop));
    stored_bytes_ += bytes.size();
    return {};
  }

  // A failed fsync is never tried again: the kernel may have dropped the pages it could not write.
  Result<void> publish(const std::stop_token& stop) override {
    if (::fsync(file_.fd()) != 0)
      return fail(file_error(ErrorCode::storage_write, errno, "syncing", path_));
    if (::close(file_.release()) != 0)
      return fail(file_error(ErrorCode::storage_write, errno, "closing", path_));
    const auto rename = [this] {
      return ::rename(unpublished_.c_str(), path_.c_str()) == 0 ? 0 : errno;
    };
    TRY(with_space(space_, path_, 1, ErrorCode::storage_write, "naming", rename, stop));
    is_published_ = true;
    return sync_folder(folder_of(path_));
  }

  std::uint64_t stored_bytes() const override { return stored_bytes_; }

 private:
  FileHandle file_;
  const std::string path_, unpublished_;
  const SpacePolicy& space_;
  std::uint64_t stored_bytes_ = 0;
  bool is_published_ = false;
};

class LocalAppender : public ByteAppender {
 public:
  LocalAppender(FileHandle file, std::string path, const SpacePolicy& space)
      : file_(std::move(file)), path_(std::move(path)), space_(space) {}

  Result<void> append(std::string_view bytes, const std::stop_token& stop) override {
    TRY(write_fully(file_.fd(), bytes, space_, path_, stop));
    if (::fdatasync(file_.fd()) != 0)
      return fail(file_error(ErrorCode::storage_write, errno, "syncing", path_));
    return {};
  }

 private:
  FileHandle file_;
  const std::string path_;
  const SpacePolicy& space_;
};

Result<FileHandle> open_for_write(const std::string& path, const std::string& shown, int flags,
                                  const SpacePolicy& space, const std::stop_token& stop) {
  int fd = -1;
  const auto open = [&] {
    fd = ::open(path.c_str(), flags | O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    return fd >= 0 ? 0 : errno;
  };
  TRY(with_space(space, shown, 1, ErrorCode::storage_write, "creating", open, stop));
  return FileHandle(fd);
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

int FileHandle::release() { return std::exchange(fd_, -1); }

Error file_error(ErrorCode code, int error, std::string_view doing, std::string_view path) {
  const bool is_missing = error == ENOENT && code == ErrorCode::storage_read;
  Evidence evidence;
  evidence.position = std::string(path);
  return {is_missing ? ErrorCode::storage_missing : code, Side::local, Retry::after_operator,
          std::move(evidence),
          fmt::format("{} {}: {}", doing, path, std::generic_category().message(error))};
}

std::uint64_t free_bytes_at(const std::string& path) {
  struct statvfs info{};
  for (std::string at = path; !at.empty(); at = at == "/" ? "" : folder_of(at)) {
    if (::statvfs(at.c_str(), &info) == 0) return std::uint64_t{info.f_bavail} * info.f_frsize;
    if (at == ".") break;
  }
  return 0;
}

bool is_unpublished_name(std::string_view name) {
  return name.starts_with(unpublished_prefix) && name.ends_with(unpublished_suffix);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::unique_ptr<ByteReader>> open_local_reader(const std::string& path,
                                                      std::uint64_t offset) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(file_error(ErrorCode::storage_read, errno, "opening", path));
  if (offset != 0 && ::lseek(file.fd(), static_cast<off_t>(offset), SEEK_SET) < 0) {
    return fail(file_error(ErrorCode::storage_read, errno, "seeking in", path));
  }
  ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);  // advice only
  return std::make_unique<LocalReader>(std::move(file), path);
}

Result<std::unique_ptr<ByteWriter>> open_local_writer(const std::string& path,
                                                      const SpacePolicy& space,
                                                      const std::stop_token& stop) {
  std::string unpublished = unpublished_path(path);
  FileHandle file = TRY(open_for_write(unpublished, path, O_TRUNC, space, stop));
  return std::make_unique<LocalWriter>(std::move(file), path, std::move(unpublished), space);
}

Result<std::unique_ptr<ByteAppender>> open_local_appender(const std::string& path,
                                                          const SpacePolicy& space,
                                                          const std::stop_token& stop) {
  FileHandle file = TRY(open_for_write(path, path, O_APPEND, space, stop));
  TRY(sync_folder(folder_of(path)));
  return std::make_unique<LocalAppender>(std::move(file), path, space);
}

Result<void> sync_folder(const std::string& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open())
    return fail(file_error(ErrorCode::storage_write, errno, "opening", folder));
  // Some network file systems cannot sync a folder and say so by EINVAL; their names are durable by
  // themselves.
  if (::fsync(handle.fd()) != 0 && errno != EINVAL) {
    return fail(file_error(ErrorCode::storage_write, errno, "syncing", folder));
  }
  return {};
}

}  // namespace tideway
