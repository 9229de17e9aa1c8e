#pragma once

#include <cstddef>
#include <cstdint>

namespace tideway {

// Writes a character of Unicode as UTF-8 to where there is room for most_utf8 bytes; returns its
// end.
inline constexpr std::size_t most_utf8 = 4;
inline char* put_utf8(char* to, std::uint32_t character) {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0U | character >> 6U);
    put(0x80U | (character & 0x3FU));
  } else if (character < 0x10000) {
    put(0xE0U | character >> 12U);
    put(0x80U | (character >> 6U & 0x3FU));
    put(0x80U | (character & 0x3FU));
  } else {
    put(0xF0U | character >> 18U);
    put(0x80U | (character >> 12U & 0x3FU));
    put(0x80U | (character >> 6U & 0x3FU));
    put(0x80U | (character & 0x3FU));
  }
  return to;
}

}  // namespace tideway
