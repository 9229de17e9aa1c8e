#include "binlog/event_bytes.h"

#include <bit>

namespace tideway {

std::string_view EventBytes::fail() {
  has_failed_ = true;
  rest_ = {};
  return {};
}

std::uint64_t EventBytes::length_encoded() {
  constexpr std::uint8_t two_bytes = 0xFC, three_bytes = 0xFD, eight_bytes = 0xFE;
  const std::uint8_t first = u8();
  if (first < 0xFB) return first;
  if (first == two_bytes) return number(2);
  if (first == three_bytes) return number(3);
  if (first == eight_bytes) return number(8);
  has_failed_ = true;  // 0xFB is a NULL of the protocol, 0xFF an error: no lengths
  return 0;
}

std::uint64_t EventBytes::trailing_ones() {
  const std::uint8_t first = u8();
  const auto more = static_cast<unsigned>(std::countr_one(first));
  if (more == 8) return number(8);  // nothing of the first byte is left for the value
  const std::uint64_t low = static_cast<std::uint64_t>(first) >> (more + 1);
  return low | number(more) << (7 - more);
}

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    out += static_cast<char>(value & 0xFFU);
    value >>= 8U;
  }
}

}  // namespace tideway
