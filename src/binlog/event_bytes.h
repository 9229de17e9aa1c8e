#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tideway {

// Reads numbers and texts off the front of bytes, little-endian as the log has them. What is not
// there reads as 0 or empty and is remembered: a parser asks has_failed() once, at its end, and
// never reads outside. A value; one thread; borrows the bytes.
class EventBytes {
 public:
  explicit EventBytes(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t bytes) {  // of at most 8 bytes
    std::uint64_t value = 0;
    if (bytes == 0) return value;  // there may be no place to load from
    if (bytes > rest_.size()) {
      fail();
      return value;
    }
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(&value, rest_.data(), bytes);  // one load where `bytes` is known
    rest_.remove_prefix(bytes);
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::uint64_t length_encoded();  // MySQL's packed integer of 1, 3, 4 or 9 bytes
  std::uint64_t trailing_ones();   // how the newer events pack: trailing 1 bits count the bytes
  std::string_view take(std::uint64_t bytes) {
    if (bytes > rest_.size()) return fail();
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(bytes));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view short_text() { return take(u8()); }  // a length byte, then so many bytes
  std::string_view packed_text() { return take(length_encoded()); }
  std::string_view rest() const { return rest_; }
  bool is_at_end() const { return rest_.empty(); }
  bool has_failed() const { return has_failed_; }

 private:
  std::string_view fail();

  std::string_view rest_;
  bool has_failed_ = false;
};

void append_number(std::string& out, std::uint64_t value, std::size_t bytes);  // little-endian

}  // namespace tideway
