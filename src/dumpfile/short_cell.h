#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "sql/escapes.h"

namespace tideway {

// Most cells have at most sixteen bytes: one load, one test and one store each. Every function here
// may read 16 bytes at `from` and write 16 at `to`, whatever `length` (at most 16) is.
inline constexpr std::size_t short_cell_bytes = 16;

#if defined(__SSE2__)
class ShortCell {
 public:
  ShortCell(const char* from, std::uint32_t length)
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))),
        inside_((1U << length) - 1U) {}

  // Digits, behind a minus sign perhaps; not empty.
  bool is_whole_number() const {
    const __m128i shifted = _mm_add_epi8(bytes_, _mm_set1_epi8(static_cast<char>(0x80 - '0')));
    unsigned digits = mask(_mm_cmplt_epi8(shifted, _mm_set1_epi8(static_cast<char>(0x80 + 10))));
    if ((inside_ & 2U) != 0) digits |= mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8('-'))) & 1U;
    return inside_ != 0 && (~digits & inside_) == 0;
  }
  bool is_plain(const Escapes& escapes) const { return (escapes.found_in(bytes_) & inside_) == 0; }
  void store(char* to) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes_); }

 private:
  static unsigned mask(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
  const __m128i bytes_;
  const unsigned inside_;
};
#endif

}  // namespace tideway
