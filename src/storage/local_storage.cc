#include "storage/local_storage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "storage/local_file.h"

namespace tideway {
namespace {

namespace fs = std::filesystem;

std::string without_trailing_slash(std::string root) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return root.empty() ? "." : root;
}

// Calls `visit(path relative to root, entry)` for everything that is not a folder. The error is the
// first the file system gave.
template <typename Visit>
std::error_code walk(const std::string& root, const Visit& visit) {
  std::error_code error;
  fs::recursive_directory_iterator entries(root, error);
  if (error) return error;
  while (entries != fs::recursive_directory_iterator()) {
    if (!entries->is_directory(error) || entries->is_symlink(error)) {
      std::string path = entries->path().native().substr(root == "/" ? 1 : root.size() + 1);
      visit(std::move(path), *entries);
    }
    entries.increment(error);
    if (error) return error;
  }
  return {};
}

}  // namespace

LocalStorage::LocalStorage(std::string root, SpacePolicy space)
    : root_(without_trailing_slash(std::move(root))), space_(space) {}

Result<std::string> LocalStorage::full_path(std::string_view path, ErrorCode code) const {
  if (is_plain_path(path)) return root_ + "/" + std::string(path);
  return fail(Error(code, Side::local, Retry::never,
                    "'" + std::string(path) + "' is not a path below " + root_));
}

Result<std::vector<StoredFile>> LocalStorage::list() {
  std::vector<StoredFile> files;
  const std::error_code error = walk(root_, [&files](std::string path,
                                                     const fs::directory_entry& entry) {
    std::error_code ignored;  // a link to nowhere, or a file that went meanwhile: not a file
    if (is_unpublished_name(entry.path().filename().native()) || !entry.is_regular_file(ignored))
      return;
    const std::uint64_t bytes = entry.file_size(ignored);
    if (!ignored) files.push_back({std::move(path), bytes});
  });
  if (error) return fail(file_error(ErrorCode::storage_read, error.value(), "listing", root_));
  std::ranges::sort(files, {}, &StoredFile::path);
  return files;
}

Result<std::unique_ptr<ByteReader>> LocalStorage::open_read(std::string_view path,
                                                            std::uint64_t offset) {
  return open_local_reader(TRY(full_path(path, ErrorCode::storage_read)), offset);
}

// Folders are made one by one and each is synced into its parent, so that a published file has a
// durable path.
Result<void> LocalStorage::make_folder_of(const std::string& file, const std::stop_token& stop) {
  const std::string folder = folder_of(file);
  struct stat info{};
  if (::stat(folder.c_str(), &info) == 0) return {};
  TRY(make_folder_of(folder, stop));
  const auto make = [&folder] {
    return ::mkdir(folder.c_str(), 0777) == 0 || errno == EEXIST ? 0 : errno;
  };
  const auto have = [&folder] { return free_bytes_at(folder); };
  const int error = TRY(retry_for_space(space_, folder, 1, have, make, stop));
  if (error != 0)
    return fail(file_error(ErrorCode::storage_write, error, "making the folder", folder));
  return sync_folder(folder_of(folder));
}

Result<std::unique_ptr<ByteWriter>> LocalStorage::open_write(std::string_view path,
                                                             const std::stop_token& stop) {
  const std::string file = TRY(full_path(path, ErrorCode::storage_write));
  TRY(make_folder_of(file, stop));
  return open_local_writer(file, space_, stop);
}

Result<std::unique_ptr<ByteAppender>> LocalStorage::open_append(std::string_view path,
                                                                const std::stop_token& stop) {
  const std::string file = TRY(full_path(path, ErrorCode::storage_write));
  TRY(make_folder_of(file, stop));
  return open_local_appender(file, space_, stop);
}

Result<void> LocalStorage::remove(std::string_view path) {
  const std::string file = TRY(full_path(path, ErrorCode::storage_write));
  const std::uint64_t bytes = space_.budget == nullptr ? 0 : TRY(size(path)).value_or(0);
  if (::unlink(file.c_str()) == 0) {
    if (space_.budget != nullptr) space_.budget->give_back(bytes);
    return sync_folder(folder_of(file));
  }
  if (errno == ENOENT || errno == ENOTDIR) return {};
  return fail(file_error(ErrorCode::storage_write, errno, "removing", file));
}

Result<std::optional<std::uint64_t>> LocalStorage::size(std::string_view path) {
  const std::string file = TRY(full_path(path, ErrorCode::storage_read));
  struct stat info{};
  if (::stat(file.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_size);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return fail(file_error(ErrorCode::storage_read, errno, "looking at", file));
}

Result<std::uint64_t> LocalStorage::free_bytes() {
  const std::uint64_t free = free_bytes_at(root_);
  return space_.budget == nullptr ? free : std::min(free, space_.budget->left());
}

Result<std::size_t> LocalStorage::remove_abandoned() {
  std::vector<std::string> abandoned;
  const std::error_code error =
      walk(root_, [&abandoned](std::string path, const fs::directory_entry& entry) {
        if (is_unpublished_name(entry.path().filename().native()))
          abandoned.push_back(std::move(path));
      });
  if (error == std::errc::no_such_file_or_directory) return 0U;
  if (error) return fail(file_error(ErrorCode::storage_read, error.value(), "listing", root_));
  for (const std::string& path : abandoned) TRY(remove(path));
  return abandoned.size();
}

}  // namespace tideway
