#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "storage/space.h"
#include "storage/storage.h"

namespace tideway {

// Files in memory: tests, and objects too small for a disk. It can have a size, and then runs full
// as a disk does.
class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(std::uint64_t capacity_bytes = endless_bytes, SpacePolicy space = {});

  Result<std::vector<StoredFile>> list() override;
  Result<std::unique_ptr<ByteReader>> open_read(std::string_view path,
                                                std::uint64_t offset = 0) override;
  Result<std::unique_ptr<ByteWriter>> open_write(std::string_view path,
                                                 const std::stop_token& stop) override;
  Result<std::unique_ptr<ByteAppender>> open_append(std::string_view path,
                                                    const std::stop_token& stop) override;
  Result<void> remove(std::string_view path) override;
  Result<std::optional<std::uint64_t>> size(std::string_view path) override;
  Result<std::uint64_t> free_bytes() override;
  Result<std::size_t> remove_abandoned() override { return 0U; }
  std::string name() const override { return "memory"; }

  void set_capacity(std::uint64_t bytes);
  // The disk as it is now, without what is not published: what a start after a power cut would
  // find.
  std::map<std::string, std::string> files() const;
  void put(std::string path, std::string bytes);

  struct Disk {
    std::map<std::string, std::shared_ptr<std::string>> files;  // shared with who reads it
    std::uint64_t capacity = endless_bytes, used = 0;
  };

 private:
  Guarded<Disk> disk_;
  const SpacePolicy space_;
};

}  // namespace tideway
