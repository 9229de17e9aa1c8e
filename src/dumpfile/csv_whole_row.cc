// The quick way through CSV: rows that lie whole in the buffer and the area, of character sets
// whose later bytes cannot be mistaken for marks. What it leaves half done, CsvReader reads again a
// field at a time.
#include <algorithm>
#include <bit>
#include <cstring>

#include "dumpfile/csv_reader.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tideway {

// What both ways ask for each field stands here, where it is inlined.

bool CsvReader::starts_at(const char* from, const std::string& mark) const {
  return static_cast<std::size_t>(end_ - from) >= mark.size() && *from == mark[0] &&
         (mark.size() == 1 || std::memcmp(from, mark.data(), mark.size()) == 0);
}

CsvReader::Mark CsvReader::mark_at(const char* from, std::size_t& length) const {
  const char c = *from;
  if (options_.terminator.empty()) {
    length = 1;
    if (c == '\r' || c == '\n') return Mark::terminator;
  } else if (starts_at(from, options_.terminator)) {
    length = options_.terminator.size();
    return Mark::terminator;
  }
  if (starts_at(from, options_.separator)) {
    length = options_.separator.size();
    return Mark::separator;
  }
  if (!options_.delimiter.empty() && starts_at(from, options_.delimiter)) {
    length = options_.delimiter.size();
    return Mark::delimiter;
  }
  length = 1;
  return !options_.escape.empty() && c == options_.escape[0] ? Mark::escape : Mark::none;
}

bool CsvReader::is_null_text(std::string_view text) const {
  if (!options_.has_null || (was_quoted_ && options_.quoted_null_is_text)) return false;
  if (null_is_escape_n_ && is_escape_n_ && text == "N") return true;
  for (const std::string& null : plain_nulls_) {
    if (text.size() == null.size() && text == null) return true;
  }
  return false;
}

void CsvReader::add_value(char* end) {
  CsvValue value;
  value.offset = static_cast<std::uint32_t>(field_ - area_);
  value.length = static_cast<std::uint32_t>(end - field_);
  value.is_null = is_null_text({field_, value.length});
  values_.push_back(value);
}

// Copies up to the next byte at which something may begin, to the end of the buffer or to where the
// area has no more room; says where that is in the buffer.
const char* CsvReader::copy_to_stop(const char* from, char* to, bool is_quoted) const {
  const auto room = static_cast<std::size_t>(area_ + area_bytes_ - to) - room_least / 2;
  const char* const limit = from + std::min(static_cast<std::size_t>(end_ - from), room);
#if defined(__SSE2__)
  if (width_ == TextDecoder::Width::bytes) {
    const auto equals = [](__m128i bytes, char c) {
      return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
    };
    while (limit - from >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
      __m128i found;
      if (is_quoted) {
        found = _mm_or_si128(equals(bytes, quoted_stops_[0]), equals(bytes, quoted_stops_[1]));
      } else {
        found = _mm_or_si128(
            _mm_or_si128(equals(bytes, plain_stops_[0]), equals(bytes, plain_stops_[1])),
            _mm_or_si128(equals(bytes, plain_stops_[2]), equals(bytes, plain_stops_[3])));
        found = _mm_or_si128(found, equals(bytes, plain_stops_[4]));
      }
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
      if (mask != 0) return from + std::countr_zero(mask);
      from += 16;
      to += 16;
    }
  }
#endif
  const bool* const stops = is_quoted ? stops_quoted_ : stops_plain_;
  while (from != limit && !stops[static_cast<unsigned char>(*from)]) *to++ = *from++;
  return from;
}

// Behind the opening delimiter; leaves `from` behind the closing one.
bool CsvReader::read_whole_quoted(const char*& from, char*& to) {
  const std::string& delimiter = options_.delimiter;
  while (true) {
    const char* const stop = copy_to_stop(from, to, true);
    to += stop - from;
    from = stop;
    if (end_ - from < static_cast<std::ptrdiff_t>(lookahead_) || !has_room_at(to)) return false;
    if (starts_at(from, delimiter)) {
      from += delimiter.size();
      if (!starts_at(from, delimiter)) return true;
      to = std::copy(from, from + delimiter.size(), to);
      from += delimiter.size();
    } else if (!options_.escape.empty() && *from == options_.escape[0]) {
      is_escape_n_ = is_escape_n_ || (to == field_ && from[1] == 'N');
      *to++ = unescaped(from[1]);
      from += 2;
    } else {
      *to++ = *from++;
    }
  }
}

CsvReader::Mark CsvReader::read_whole_plain(const char*& from, char*& to, std::size_t& length) {
  while (true) {
    const char* const stop = copy_to_stop(from, to, false);
    to += stop - from;
    from = stop;
    if (end_ - from < static_cast<std::ptrdiff_t>(lookahead_) || !has_room_at(to))
      return Mark::none;
    const Mark mark = mark_at(from, length);
    if (mark == Mark::escape) {
      is_escape_n_ = is_escape_n_ || (to == field_ && from[1] == 'N');
      *to++ = unescaped(from[1]);
      from += 2;
    } else if (mark == Mark::none) {
      *to++ = *from++;
    } else {
      return mark;
    }
  }
}

bool CsvReader::read_whole_row(std::size_t& terminator_bytes) {
  const char* from = at_;
  char* to = out_;
  const auto is_here = [&from](const std::string& mark) {
    return *from == mark[0] &&
           (mark.size() == 1 || std::memcmp(from, mark.data(), mark.size()) == 0);
  };
  while (values_.size() < values_most) {
    if (end_ - from < static_cast<std::ptrdiff_t>(lookahead_)) return false;
    field_ = to;
    is_escape_n_ = false;
    was_quoted_ = !options_.delimiter.empty() && is_here(options_.delimiter);
    std::size_t length = 0;
    Mark mark = Mark::none;
    if (was_quoted_) {
      from += options_.delimiter.size();
      if (!read_whole_quoted(from, to) || end_ - from < static_cast<std::ptrdiff_t>(lookahead_))
        return false;
      mark = mark_at(from, length);
    } else {
      mark = read_whole_plain(from, to, length);
    }
    if (mark != Mark::separator && mark != Mark::terminator) return false;
    add_value(to);
    if (mark == Mark::terminator) {
      terminator_bytes = length;
      at_ = from;
      out_ = to;
      return true;
    }
    from += length;
  }
  return false;
}

}  // namespace tideway
