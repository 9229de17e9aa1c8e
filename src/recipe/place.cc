#include "recipe/place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "storage/null_storage.h"

namespace tideway::recipe {

void SpaceWatch::waiting(const SpaceShortage& shortage) {
  text_.with([&](std::string& text) { text = "space: " + to_text(shortage); });
}

void SpaceWatch::resumed(std::string_view) {
  text_.with([](std::string& text) { text.clear(); });
}

std::string SpaceWatch::text() const {
  return text_.with([](const std::string& text) { return text; });
}

namespace {

Error not_writable(const std::string& folder, int error) {
  Evidence evidence;
  evidence.position = folder;
  return {ErrorCode::storage_write, Side::local, Retry::after_operator, std::move(evidence),
          fmt::format("{} cannot be written: {}", folder, std::strerror(error))};
}

}  // namespace

Result<void> check_writable(const std::string& folder) {
  const auto refused = [&folder](int error) { return fail(not_writable(folder, error)); };
  std::filesystem::path there = folder, missing;
  std::error_code error;
  while (!std::filesystem::exists(there, error)) {
    if (error && error.value() != ENOTDIR) return refused(error.value());
    missing = there;
    there = there.parent_path();
  }
  if (!std::filesystem::is_directory(there, error)) return refused(ENOTDIR);
  if (::access(there.c_str(), W_OK | X_OK) != 0) return refused(errno);
  if (missing.empty()) return {};
  if (::mkdir(missing.c_str(), 0777) != 0) {
    // A full disk is a state: whoever writes waits for room.
    if (errno == ENOSPC || errno == EDQUOT || errno == EEXIST) return {};
    return refused(errno);
  }
  ::rmdir(missing.c_str());
  return {};
}

Result<FileHandle> claim_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(not_writable(folder, error.value()));
  FileHandle claim(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!claim.is_open()) return fail(not_writable(folder, errno));
  if (::flock(claim.fd(), LOCK_EX | LOCK_NB) == 0) return claim;
  if (errno != EWOULDBLOCK) {
    LOG(warn, "the file system has no locks: a second dump into the folder would not be noticed",
        {{"folder", folder}, {"why", std::strerror(errno)}});
    return claim;
  }
  Evidence evidence;
  evidence.position = folder;
  evidence.statement = "wait for it or stop it; fuser -v " + folder + " names it";
  return fail(Error(ErrorCode::job_owned, Side::local, Retry::after_operator, std::move(evidence),
                    "another process is writing a dump into " + folder));
}

Result<std::unique_ptr<Storage>> open_place(const std::string& url, SpaceWatch& watch) {
  const std::size_t colon = url.find("://");
  const std::string scheme =
      colon == std::string::npos ? "local" : ascii_lower(url.substr(0, colon));
  if (scheme == "noop") return std::make_unique<NullStorage>();
  if (scheme != "local" && scheme != "file") {
    return fail(Error(ErrorCode::not_supported, Side::local, Retry::never,
                      fmt::format("{}:// cannot be opened: this version knows directories "
                                  "(local://, file:// or a path) and noop://",
                                  scheme)));
  }
  const std::string path = colon == std::string::npos ? url : url.substr(colon + 3);
  if (path.empty())
    return fail(Error(ErrorCode::usage, Side::local, Retry::never, "the directory is missing"));
  SpacePolicy space;
  space.observer = &watch;
  space.budget = watch.budget();
  auto place = std::make_unique<LocalStorage>(
      std::filesystem::absolute(path).lexically_normal().string(), space);
  if (space.budget != nullptr && std::filesystem::exists(place->name())) {
    for (const StoredFile& file : TRY(place->list()))
      TRY(space.budget->take(file.bytes, file.path));
  }
  return place;
}

}  // namespace tideway::recipe
