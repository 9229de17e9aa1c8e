#pragma once

#include <array>
#include <cstdint>

namespace tideway::sql_text {

// What a byte is in SQL text. The readers of this room ask it for every byte.
enum CharClass : std::uint8_t { other_char, space_char, digit_char, word_char };

inline constexpr std::array<std::uint8_t, 256> char_classes = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < 256; ++c) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) classes[c] = space_char;
    if (c >= '0' && c <= '9') classes[c] = digit_char;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) classes[c] = word_char;
    if (c == '_' || c == '$' || c >= 0x80) classes[c] = word_char;
  }
  return classes;
}();

constexpr std::uint8_t class_of(char c) { return char_classes[static_cast<unsigned char>(c)]; }
constexpr bool is_space(char c) { return class_of(c) == space_char; }
constexpr bool is_digit(char c) { return class_of(c) == digit_char; }
// Of a name without quotes: letters, digits, _ and $, and every byte of a character beyond ASCII.
constexpr bool is_word_char(char c) { return class_of(c) >= digit_char; }

inline constexpr std::array<std::int8_t, 256> nibbles = [] {
  std::array<std::int8_t, 256> values{};
  for (std::size_t c = 0; c < 256; ++c) {
    int value = -1;
    if (c >= '0' && c <= '9') value = static_cast<int>(c) - '0';
    if (c >= 'a' && c <= 'f') value = static_cast<int>(c) - 'a' + 10;
    if (c >= 'A' && c <= 'F') value = static_cast<int>(c) - 'A' + 10;
    values[c] = static_cast<std::int8_t>(value);
  }
  return values;
}();

// The value of a hex digit, or -1.
constexpr int nibble(char c) { return nibbles[static_cast<unsigned char>(c)]; }

}  // namespace tideway::sql_text
