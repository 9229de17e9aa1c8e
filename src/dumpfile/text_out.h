#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "storage/storage.h"

namespace tideway {

// The bytes a writer lays out, on their way into one file at a time, in pieces of about 1 MiB. For
// the hot path: no call here returns a Result; the first error of the file is kept, nothing is
// written after it, and whoever writes rows asks error() now and then and at the end. One thread.
class TextOut {
 public:
  static constexpr std::size_t buffer_bytes = 1 << 20U;
  static constexpr std::size_t reserve_most = 192 << 10U;

  TextOut() : buffer_(new char[buffer_bytes + reserve_most]), at_(buffer_.get()) {}

  // Where the bytes go from now on; what was written before must have been flushed.
  void set_file(ByteWriter* file, const std::stop_token& stop) {
    file_ = file;
    stop_ = stop;
  }

  // Room for `bytes` (at most reserve_most), of which written_to() takes the part that was used.
  char* reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(end_of_buffer() - at_) < bytes) flush();
    return at_;
  }
  void written_to(char* end) { at_ = end; }
  void put(std::string_view bytes) {
    while (bytes.size() > reserve_most) {
      put(bytes.substr(0, reserve_most));
      bytes.remove_prefix(reserve_most);
    }
    char* const to = reserve(bytes.size());
    std::memcpy(to, bytes.data(), bytes.size());
    at_ = to + bytes.size();
  }

  // How many bytes were ever put in: differences of it are sizes.
  std::uint64_t total() const { return flushed_ + static_cast<std::uint64_t>(at_ - buffer_.get()); }
  void flush();
  bool has_failed() const { return error_.has_value(); }
  Result<void> result() const {
    if (error_) return fail(*error_);
    return {};
  }

 private:
  char* end_of_buffer() const { return buffer_.get() + buffer_bytes + reserve_most; }

  std::unique_ptr<char[]> buffer_;
  char* at_;
  std::uint64_t flushed_ = 0;
  ByteWriter* file_ = nullptr;
  std::stop_token stop_;
  std::optional<Error> error_;
};

}  // namespace tideway
