#include "storage/memory_storage.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace tideway {
namespace {

Error bad_path(ErrorCode code, std::string_view path, std::string_view what) {
  return {code, Side::local, Retry::never,
          "'" + std::string(path) + "' in memory: " + std::string(what)};
}

std::uint64_t free_of(const MemoryStorage::Disk& disk) {
  return disk.capacity == endless_bytes ? endless_bytes
                                        : disk.capacity - std::min(disk.capacity, disk.used);
}

// Takes room on the disk, waiting for it as a file system would be waited for.
Result<void> take(Guarded<MemoryStorage::Disk>& disk, const SpacePolicy& space,
                  std::string_view path, std::uint64_t bytes, const std::stop_token& stop) {
  const auto have = [&disk] { return disk.with(free_of); };
  const auto attempt = [&disk, bytes] {
    return disk.with([bytes](MemoryStorage::Disk& all) {
      if (free_of(all) < bytes) return ENOSPC;
      all.used += bytes;
      return 0;
    });
  };
  TRY(retry_for_space(space, path, bytes, have, attempt, stop));
  return {};
}

class MemoryReader : public ByteReader {
 public:
  MemoryReader(std::shared_ptr<const std::string> bytes, std::size_t at)
      : bytes_(std::move(bytes)), at_(at) {}

  Result<std::size_t> read(char* to, std::size_t most) override {
    const std::size_t got = std::min(most, bytes_->size() - at_);
    if (got != 0) std::memcpy(to, bytes_->data() + at_, got);
    at_ += got;
    return got;
  }

 private:
  const std::shared_ptr<const std::string> bytes_;
  std::size_t at_;
};

void replace(MemoryStorage::Disk& disk, const std::string& path,
             std::shared_ptr<std::string> bytes) {
  auto& file = disk.files[path];
  if (file != nullptr) disk.used -= file->size();
  file = std::move(bytes);
}

class MemoryWriter : public ByteWriter {
 public:
  MemoryWriter(Guarded<MemoryStorage::Disk>& disk, const SpacePolicy& space, std::string path)
      : disk_(disk), space_(space), path_(std::move(path)) {}
  ~MemoryWriter() override {
    if (!is_published_)
      disk_.with([this](MemoryStorage::Disk& disk) { disk.used -= bytes_.size(); });
  }

  Result<void> write(std::string_view bytes, const std::stop_token& stop) override {
    TRY(take(disk_, space_, path_, bytes.size(), stop));
    bytes_.append(bytes);
    stored_bytes_ += bytes.size();
    return {};
  }
  Result<void> publish(const std::stop_token&) override {
    CHECK(!is_published_);
    is_published_ = true;
    disk_.with([this](MemoryStorage::Disk& disk) {
      replace(disk, path_, std::make_shared<std::string>(std::move(bytes_)));
    });
    return {};
  }
  std::uint64_t stored_bytes() const override { return stored_bytes_; }

 private:
  Guarded<MemoryStorage::Disk>& disk_;
  const SpacePolicy& space_;
  const std::string path_;
  std::string bytes_;
  std::uint64_t stored_bytes_ = 0;
  bool is_published_ = false;
};

class MemoryAppender : public ByteAppender {
 public:
  MemoryAppender(Guarded<MemoryStorage::Disk>& disk, const SpacePolicy& space, std::string path)
      : disk_(disk), space_(space), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes, const std::stop_token& stop) override {
    TRY(take(disk_, space_, path_, bytes.size(), stop));
    disk_.with([&](MemoryStorage::Disk& disk) {
      auto& file = disk.files[path_];
      if (file == nullptr) file = std::make_shared<std::string>();
      if (file.use_count() != 1)
        file = std::make_shared<std::string>(*file);  // a reader has the old one
      file->append(bytes);
    });
    return {};
  }

 private:
  Guarded<MemoryStorage::Disk>& disk_;
  const SpacePolicy& space_;
  const std::string path_;
};

}  // namespace

MemoryStorage::MemoryStorage(std::uint64_t capacity_bytes, SpacePolicy space) : space_(space) {
  set_capacity(capacity_bytes);
}

Result<std::vector<StoredFile>> MemoryStorage::list() {
  return disk_.with([](const Disk& disk) {
    std::vector<StoredFile> files;
    for (const auto& [path, bytes] : disk.files) files.push_back({path, bytes->size()});
    return files;
  });
}

Result<std::unique_ptr<ByteReader>> MemoryStorage::open_read(std::string_view path,
                                                             std::uint64_t offset) {
  const auto bytes = disk_.with([path](const Disk& disk) -> std::shared_ptr<const std::string> {
    const auto found = disk.files.find(std::string(path));
    return found == disk.files.end() ? nullptr : found->second;
  });
  if (bytes == nullptr)
    return fail(bad_path(ErrorCode::storage_missing, path, "there is no such file"));
  return std::make_unique<MemoryReader>(bytes, std::min<std::size_t>(offset, bytes->size()));
}

Result<std::unique_ptr<ByteWriter>> MemoryStorage::open_write(std::string_view path,
                                                              const std::stop_token&) {
  if (!is_plain_path(path))
    return fail(bad_path(ErrorCode::storage_write, path, "not a relative path"));
  return std::make_unique<MemoryWriter>(disk_, space_, std::string(path));
}

Result<std::unique_ptr<ByteAppender>> MemoryStorage::open_append(std::string_view path,
                                                                 const std::stop_token&) {
  if (!is_plain_path(path))
    return fail(bad_path(ErrorCode::storage_write, path, "not a relative path"));
  disk_.with([path](Disk& disk) {
    auto& file = disk.files[std::string(path)];
    if (file == nullptr) file = std::make_shared<std::string>();
  });
  return std::make_unique<MemoryAppender>(disk_, space_, std::string(path));
}

Result<void> MemoryStorage::remove(std::string_view path) {
  disk_.with([path](Disk& disk) {
    const auto found = disk.files.find(std::string(path));
    if (found == disk.files.end()) return;
    disk.used -= found->second->size();
    disk.files.erase(found);
  });
  return {};
}

Result<std::optional<std::uint64_t>> MemoryStorage::size(std::string_view path) {
  return disk_.with([path](const Disk& disk) -> std::optional<std::uint64_t> {
    const auto found = disk.files.find(std::string(path));
    if (found == disk.files.end()) return std::nullopt;
    return found->second->size();
  });
}

Result<std::uint64_t> MemoryStorage::free_bytes() { return disk_.with(free_of); }

void MemoryStorage::set_capacity(std::uint64_t bytes) {
  disk_.with([bytes](Disk& disk) { disk.capacity = bytes; });
}

std::map<std::string, std::string> MemoryStorage::files() const {
  return disk_.with([](const Disk& disk) {
    std::map<std::string, std::string> files;
    for (const auto& [path, bytes] : disk.files) files.emplace(path, *bytes);
    return files;
  });
}

void MemoryStorage::put(std::string path, std::string bytes) {
  disk_.with([&](Disk& disk) {
    disk.used += bytes.size();
    replace(disk, path, std::make_shared<std::string>(std::move(bytes)));
  });
}

}  // namespace tideway
