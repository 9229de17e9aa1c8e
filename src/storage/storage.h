#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideway {

// Bytes of one file in order. One thread.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  // Fills `to` with at most `most` bytes. 0: the end, and nothing else is the end.
  virtual Result<std::size_t> read(char* to, std::size_t most) = 0;
};

// A file in the making: nobody sees it under its name before publish() has returned, and then it is
// there whole and stays there after a power cut. Destroyed without publish() it leaves nothing. One
// thread.
class ByteWriter {
 public:
  virtual ~ByteWriter() = default;
  // All bytes are taken or an error is returned. A full disk is no error: the call waits for room
  // (space.h) until there is some or `stop` asks it to give up, which is the error `stopped`.
  // Pieces of about 1 MiB are best.
  virtual Result<void> write(std::string_view bytes, const std::stop_token& stop) = 0;
  // Once, last. An older file of the name is replaced in the same act. After an error the file is
  // not there, or the old one still is.
  virtual Result<void> publish(const std::stop_token& stop) = 0;
  // What has gone to the store so far: after publish(), the size of the file (compressed, where
  // something compresses).
  virtual std::uint64_t stored_bytes() const = 0;
};

// A file that grows by records and is read again after a crash: a journal. One thread.
class ByteAppender {
 public:
  virtual ~ByteAppender() = default;
  // Durable on return. After a crash or an error a part of `bytes` may stand at the end of the
  // file.
  virtual Result<void> append(std::string_view bytes, const std::stop_token& stop) = 0;
};

struct StoredFile {
  std::string path;  // relative to the storage's root, '/' between names
  std::uint64_t bytes = 0;
  bool operator==(const StoredFile&) const = default;
};

// Named byte streams below one root: a directory, an object store, memory. Paths are relative, with
// '/', and never leave the root ("..", an absolute path: error storage_write or storage_read). Any
// thread; the readers and writers it opens do not outlive it. Compression wraps what it opens
// (compression.h).
class Storage {
 public:
  virtual ~Storage() = default;
  // Every published file, folders included, ascending by path. Unpublished files are not listed. A
  // root that does not exist is an error storage_missing.
  virtual Result<std::vector<StoredFile>> list() = 0;
  // From `offset` on, which may be the end. storage_missing when there is no such file.
  virtual Result<std::unique_ptr<ByteReader>> open_read(std::string_view path,
                                                        std::uint64_t offset = 0) = 0;
  // Makes missing folders.
  virtual Result<std::unique_ptr<ByteWriter>> open_write(std::string_view path,
                                                         const std::stop_token& stop) = 0;
  // At the end of what is there, making the file when it is not; its name is durable on return.
  virtual Result<std::unique_ptr<ByteAppender>> open_append(std::string_view path,
                                                            const std::stop_token& stop) = 0;
  // A file that is not there is no error.
  virtual Result<void> remove(std::string_view path) = 0;
  virtual Result<std::optional<std::uint64_t>> size(
      std::string_view path) = 0;  // nullopt: not there
  virtual Result<std::uint64_t> free_bytes() = 0;
  // Removes what writers of a process that died left unpublished, and says how many files that
  // were. To be called before the first open_write of a run, by the only run that writes here.
  virtual Result<std::size_t> remove_abandoned() = 0;
  // How the root is called in messages: "/data/dump", "memory", "s3://bucket/prefix".
  virtual std::string name() const = 0;
};

inline constexpr std::uint64_t endless_bytes =
    ~std::uint64_t{0};  // free_bytes() of a store without a limit

// The whole of a small file, as stored. Larger than `most_bytes`: error file_unexpected.
Result<std::string> read_all(Storage& storage, std::string_view path,
                             std::uint64_t most_bytes = 64ULL << 20U);
// Writes and publishes a whole file.
Result<void> write_all(Storage& storage, std::string_view path, std::string_view bytes,
                       const std::stop_token& stop);
// Is it relative, without empty, "." and ".." components and without a NUL byte?
bool is_plain_path(std::string_view path);

}  // namespace tideway
