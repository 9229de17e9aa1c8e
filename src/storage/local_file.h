#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/space.h"
#include "storage/storage.h"

namespace tideway {

// A file descriptor, closed when it goes.
class FileHandle {
 public:
  explicit FileHandle(int fd = -1) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();

 private:
  int fd_;
};

Error file_error(ErrorCode code, int error, std::string_view doing, std::string_view path);
std::uint64_t free_bytes_at(const std::string& path);  // 0 when nobody can say
bool is_unpublished_name(std::string_view name);       // .tideway-….tmp

Result<std::unique_ptr<ByteReader>> open_local_reader(const std::string& path,
                                                      std::uint64_t offset);
Result<std::unique_ptr<ByteWriter>> open_local_writer(const std::string& path,
                                                      const SpacePolicy& space,
                                                      const std::stop_token& stop);
Result<std::unique_ptr<ByteAppender>> open_local_appender(const std::string& path,
                                                          const SpacePolicy& space,
                                                          const std::stop_token& stop);
// Makes what was renamed, made or removed in the folder durable.
Result<void> sync_folder(const std::string& folder);
std::string folder_of(const std::string& path);

}  // namespace tideway
