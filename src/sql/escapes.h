#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tideway {

// The bytes that a text may not hold as they are, each with the letter that stands for it behind a
// backslash; up to eight of them, so that sixteen bytes of text are looked at in one go. A value:
// any thread may call.
class Escapes {
 public:
  static constexpr std::size_t most = 8;

  constexpr Escapes(std::initializer_list<std::pair<char, char>> pairs) {
    for (auto& of_byte : bytes_) of_byte.fill(pairs.begin()->first);
    for (std::size_t i = 0; const auto& [byte, letter] : pairs) {
      bytes_[i++].fill(byte);
      letters_[static_cast<unsigned char>(byte)] = letter;
    }
  }

  // What write() may touch for that many bytes of text.
  static constexpr std::size_t bound(std::size_t bytes) { return 2 * bytes + 16; }

  // 0: the byte stands for itself.
  constexpr char letter(char byte) const { return letters_[static_cast<unsigned char>(byte)]; }

#if defined(__SSE2__)
  // Bit i: byte i is one of the set.
  unsigned found_in(__m128i text) const {
    __m128i found = _mm_setzero_si128();
    for (const auto& byte : bytes_)
      found = _mm_or_si128(found, _mm_cmpeq_epi8(text, load(byte.data())));
    return static_cast<unsigned>(_mm_movemask_epi8(found));
  }
#endif

  // The end of what was written.
  char* write(char* to, std::string_view text) const {
    const char* from = text.data();
    const char* const end = from + text.size();
#if defined(__SSE2__)
    while (end - from >= 16) {
      const __m128i sixteen = load(from);
      // All are stored; what follows the first one to escape is overwritten.
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), sixteen);
      const unsigned found = found_in(sixteen);
      const int clean = found == 0 ? 16 : std::countr_zero(found);
      from += clean;
      to += clean;
      if (found == 0) continue;
      *to++ = '\\';
      *to++ = letter(*from++);
    }
#endif
    for (; from != end; ++from) {
      const char escaped = letter(*from);
      if (escaped != 0) *to++ = '\\';
      *to++ = escaped == 0 ? *from : escaped;
    }
    return to;
  }

  // Takes no more memory for a large text than it has bytes.
  void append_to(std::string& out, std::string_view text) const {
    for (std::size_t at = 0; at < text.size(); at += slice_bytes) {
      const std::string_view slice = text.substr(at, slice_bytes);
      const std::size_t start = out.size();
      out.resize(start + bound(slice.size()));
      const char* const end = write(out.data() + start, slice);
      out.resize(static_cast<std::size_t>(end - out.data()));
    }
  }

 private:
  static constexpr std::size_t slice_bytes = 4096;

#if defined(__SSE2__)
  static __m128i load(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
#endif

  std::array<std::array<char, 16>, most> bytes_{};  // each sixteen times
  std::array<char, 256> letters_{};
};

// Of a literal between single quotes, as mysql_real_escape_string() has them:
// https://dev.mysql.com/doc/c-api/8.0/en/mysql-real-escape-string.html
inline constexpr Escapes literal_escapes{{'\0', '0'},  {'\n', 'n'}, {'\r', 'r'},  {'\\', '\\'},
                                         {'\'', '\''}, {'"', '"'},  {'\x1A', 'Z'}};

}  // namespace tideway
