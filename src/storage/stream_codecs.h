#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/storage.h"

namespace tideway {

std::unique_ptr<ByteWriter> gzip_writer(std::unique_ptr<ByteWriter> file);
std::unique_ptr<ByteWriter> snappy_writer(std::unique_ptr<ByteWriter> file);
std::unique_ptr<ByteWriter> zstd_writer(std::unique_ptr<ByteWriter> file);
std::unique_ptr<ByteReader> gzip_reader(std::unique_ptr<ByteReader> file, std::string path);
std::unique_ptr<ByteReader> snappy_reader(std::unique_ptr<ByteReader> file, std::string path);
std::unique_ptr<ByteReader> zstd_reader(std::unique_ptr<ByteReader> file, std::string path);

Error corrupt(std::string_view path, std::uint64_t offset, std::string_view what);

// The packed bytes of a file, some at a time: what the readers here look at before they take it.
class PackedInput {
 public:
  PackedInput(std::unique_ptr<ByteReader> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  // Makes at least `bytes` of input visible; fewer only at the end of the file.
  Result<void> want(std::size_t bytes);
  std::string_view visible() const { return std::string_view(buffer_).substr(at_, end_ - at_); }
  void take(std::size_t bytes) { at_ += bytes; }
  std::uint64_t offset() const { return taken_before_ + at_; }  // of the first visible byte
  Error corrupt(std::string_view what) const { return tideway::corrupt(path_, offset(), what); }

 private:
  std::unique_ptr<ByteReader> file_;
  const std::string path_;
  std::string buffer_;
  std::size_t at_ = 0, end_ = 0;
  std::uint64_t taken_before_ = 0;
};

}  // namespace tideway
