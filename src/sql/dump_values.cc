// The values of a row: the states of DumpReader (sql/dump_reader.h) between '(' and ')'.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "sql/char_class.h"
#include "sql/charset.h"
#include "sql/dump_reader.h"
#include "sql/literal.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tideway {

using sql_text::is_digit;
using sql_text::is_space;
using sql_text::is_word_char;
using sql_text::nibble;

namespace {

// NULL, CONVERT, _utf8mb4.
constexpr std::size_t word_bytes_max = 64;

std::string shown(std::string_view text) { return fmt::format("'{}'", text.substr(0, 60)); }

}  // namespace

void DumpReader::begin_bytes(DumpValue::Kind kind, State state) {
  kind_ = has_introducer_ ? DumpValue::Kind::text : kind;
  if (!joins_last_) value_ = out_;
  state_ = state;
}

DumpReader::Step DumpReader::begin_value() {
  if (gap_ == Gap::none && wrap_ == Wrap::none && !has_introducer_ && !is_negative_) {
    const char* const before = at_;
    const Step made = read_plain_values();
    if (made != Step::go_on || at_ != before) return made;
  }
  if (is_space(*at_) || gap_ != Gap::none || *at_ == '/' || *at_ == '#' || *at_ == '-') {
    if (const Step made = skip_gap(); made != Step::go_on) return made;
  }
  const char c = *at_;
  if (wrap_ == Wrap::convert_open || wrap_ == Wrap::cast_open) {
    if (c != '(') return refuse(unexpected_here("'('"));
    wrap_ = wrap_ == Wrap::convert_open ? Wrap::convert : Wrap::cast;
    ++at_;
    return Step::go_on;
  }
  if (c == ')' && state_ == State::first_value && !has_introducer_ && !is_negative_ &&
      wrap_ == Wrap::none)
    return end_row();
  return begin_literal(c);
}

// The usual case at speed: integers, NULL and texts with nothing between them, whole before the
// limit. Whatever else comes is left to the states, from the first byte of its value.
DumpReader::Step DumpReader::read_plain_values() {
  for (;;) {
    const char c = *at_;
    if (c == '\'') {
      quote_ = c;
      begin_bytes(DumpValue::Kind::text, State::text);
      ++at_;
      if (read_text() == Step::wait) return Step::wait;
    } else if (c == 'N' && limit_ - at_ > 4 && std::memcmp(at_, "NULL", 4) == 0 &&
               (at_[4] == ',' || at_[4] == ')')) {
      at_ += 4;
      value_ = out_;
      end_value(DumpValue::Kind::null);
    } else if (!read_plain_integer()) {
      return Step::go_on;
    }
    if (at_ == limit_) return Step::wait;
    if (*at_ == ')') return end_row();
    if (*at_ != ',') return Step::go_on;
    ++at_;
    state_ = State::before_value;
    if (at_ == limit_) return Step::wait;
  }
}

// False: nothing was taken.
bool DumpReader::read_plain_integer() {
  const char* from = at_;
  char* to = out_;
  if (*from == '-') *to++ = *from++;
  const char* const digits = from;
  while (from != limit_ && is_digit(*from)) *to++ = *from++;
  if (from == limit_ || from == digits || (*from != ',' && *from != ')')) return false;
  value_ = out_;
  at_ = from;
  out_ = to;
  end_value(DumpValue::Kind::number);
  return true;
}

DumpReader::Step DumpReader::begin_literal(char c) {
  if ((c == '\'' || c == '"') && !is_negative_) {
    quote_ = c;
    begin_bytes(DumpValue::Kind::text, State::text);
    ++at_;
    return read_text();
  }
  if (is_digit(c) || c == '.' || (c == '+' && !is_negative_)) {
    if (c == '+') ++at_;
    begin_bytes(DumpValue::Kind::number, State::number);
    if (std::exchange(is_negative_, false)) *out_++ = '-';
    return Step::go_on;
  }
  if (!is_word_char(c) || is_negative_) return refuse(unexpected_here("data literal"));
  word_.clear();
  state_ = State::word;
  return Step::go_on;
}

DumpReader::Step DumpReader::end_value(DumpValue::Kind kind) {
  const auto length = static_cast<std::uint32_t>(value_ == nullptr ? 0 : out_ - value_);
  const auto offset = static_cast<std::uint32_t>(value_ == nullptr ? 0 : value_ - area_);
  if (std::exchange(joins_last_, false)) {
    values_.back().length = length;
  } else {
    values_.push_back({kind, offset, length});
  }
  has_introducer_ = false;
  state_ = State::after_value;
  return Step::go_on;
}

DumpReader::Step DumpReader::end_row() {
  ++at_;
  row_end_offset_ = offset();
  ++rows_;
  value_ = nullptr;
  is_delivered_ = true;
  state_ = State::after_row;
  event_ = Event::row;
  return Step::stop;
}

DumpReader::Step DumpReader::after_value() {
  if (gap_ != Gap::none || (*at_ != ',' && *at_ != ')')) {
    if (const Step made = skip_gap(); made != Step::go_on) return made;
  }
  const char c = *at_;
  if (wrap_ != Wrap::none && c != '\'' && c != '"') {
    word_.clear();
    state_ = State::tail;
    return Step::go_on;
  }
  if (c == ',') {
    ++at_;
    state_ = State::before_value;
    return Step::go_on;
  }
  if (c == ')') return end_row();
  if ((c == '\'' || c == '"') && values_.back().kind == DumpValue::Kind::text) {  // 'a' 'b' is 'ab'
    joins_last_ = true;
    quote_ = c;
    begin_bytes(DumpValue::Kind::text, State::text);
    ++at_;
    return Step::go_on;
  }
  return refuse(unexpected_here("',' or ')'"));
}

void DumpReader::escape(char letter) {
  switch (letter) {
    case '0':
      *out_++ = '\0';
      return;
    case 'b':
      *out_++ = '\b';
      return;
    case 'n':
      *out_++ = '\n';
      return;
    case 'r':
      *out_++ = '\r';
      return;
    case 't':
      *out_++ = '\t';
      return;
    case 'Z':
      *out_++ = '\x1A';
      return;
    case '%':
    case '_':
      *out_++ = '\\';
      break;  // as the server reads them outside LIKE
    default:
      break;
  }
  *out_++ = letter;
}

DumpReader::Step DumpReader::read_text() {
  const char backslash = options_.no_backslash_escapes ? quote_ : '\\';
  if (at_ == limit_) return Step::wait;
  if (state_ == State::text_escape) {
    escape(*at_++);
    state_ = State::text;
  } else if (state_ == State::text_quote) {
    if (*at_ != quote_) return end_value(DumpValue::Kind::text);
    *out_++ = *at_++;
    state_ = State::text;
  }
  while (at_ != limit_) {
#if defined(__SSE2__)
    while (limit_ - at_ >= 16) {
      // Sixteen bytes are stored whatever they hold; what follows a quote or backslash is
      // overwritten.
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out_), bytes);
      const __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(quote_)),
                                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8(backslash)));
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stops));
      const int clean = mask == 0 ? 16 : std::countr_zero(mask);
      at_ += clean;
      out_ += clean;
      if (mask != 0) break;
    }
#endif
    while (at_ != limit_ && *at_ != quote_ && *at_ != backslash) *out_++ = *at_++;
    if (at_ == limit_) break;
    const bool is_quote = *at_++ == quote_;
    if (at_ == limit_) {
      state_ = is_quote ? State::text_quote : State::text_escape;
      break;
    }
    if (!is_quote) {
      escape(*at_++);
    } else if (*at_ == quote_) {
      *out_++ = *at_++;
    } else {
      return end_value(DumpValue::Kind::text);
    }
  }
  return Step::wait;
}

DumpReader::Step DumpReader::read_number() {
  while (at_ != limit_) {
    const char c = *at_;
    if (is_digit(c) || c == '.' || c == 'e' || c == 'E' ||
        ((c == '-' || c == '+') && out_ != value_ && (out_[-1] == 'e' || out_[-1] == 'E'))) {
      *out_++ = c;
      ++at_;
      continue;
    }
    const std::string_view number(value_, static_cast<std::size_t>(out_ - value_));
    if (number == "0" && (c == 'x' || c == 'b')) {  // 0x…, 0b…
      --out_;
      ++at_;
      word_.clear();
      half_byte_ = -1;
      begin_bytes(c == 'x' ? DumpValue::Kind::hex : DumpValue::Kind::bits,
                  c == 'x' ? State::wide_hex : State::bits);
      quote_ = 0;
      return Step::go_on;
    }
    if (!is_number(number) || has_introducer_ || is_word_char(c)) {
      return refuse(unexpected(shown(std::string(number) + c), "data literal"));
    }
    return end_value(DumpValue::Kind::number);
  }
  return Step::wait;
}

DumpReader::Step DumpReader::read_word() {
  while (at_ != limit_ && is_word_char(*at_)) {
    if (word_.size() >= word_bytes_max) return refuse(unexpected(shown(word_), "data literal"));
    word_ += *at_++;
  }
  if (at_ == limit_) return Step::wait;
  return end_of_word(*at_);
}

// word_ is whole, and c stands behind it.
DumpReader::Step DumpReader::end_of_word(char c) {
  const std::string word = ascii_lower(word_);
  if (c == '\'' && (word == "x" || word == "b")) {
    ++at_;
    word_.clear();
    half_byte_ = -1;
    quote_ = '\'';
    begin_bytes(word == "x" ? DumpValue::Kind::hex : DumpValue::Kind::bits,
                word == "x" ? State::hex : State::bits);
    return Step::go_on;
  }
  const bool is_national = c == '\'' && word == "n";
  if (!has_introducer_ &&
      (is_national || (word[0] == '_' && is_charset(std::string_view(word).substr(1))))) {
    const std::string charset = canonical_charset(std::string_view(word).substr(1));
    if (!is_national && charset != "utf8mb4" && charset != "utf8mb3" && charset != "binary" &&
        charset != "ascii") {
      return refuse(
          {ErrorCode::charset, Side::local, Retry::never,
           fmt::format(
               "text in character set {} at offset {}: only UTF-8, ASCII and binary are read",
               charset, offset())});
    }
    has_introducer_ = true;
    state_ = State::before_value;
    return Step::go_on;
  }
  if (has_introducer_) return refuse(unexpected(shown(word_), "data literal"));
  if (word == "convert" || word == "cast") {
    if (wrap_ != Wrap::none) return refuse(unexpected(shown(word_), "data literal"));
    wrap_ = word == "cast" ? Wrap::cast_open : Wrap::convert_open;
    state_ = State::before_value;
    return Step::go_on;
  }
  value_ = out_;
  if (word == "null") return end_value(DumpValue::Kind::null);
  if (word == "default" && wrap_ == Wrap::none) return end_value(DumpValue::Kind::defaulted);
  if (word != "true" && word != "false") return refuse(unexpected(shown(word_), "data literal"));
  *out_++ = word == "true" ? '1' : '0';
  return end_value(DumpValue::Kind::number);
}

// x'…' and 0x…: two digits a byte.
DumpReader::Step DumpReader::read_hex() {
  while (at_ != limit_) {
    const int digit = nibble(*at_);
    if (digit < 0) return end_of_hex();
    if (half_byte_ >= 0) {
      *out_++ =
          static_cast<char>(static_cast<unsigned>(half_byte_) << 4U | static_cast<unsigned>(digit));
      half_byte_ = -1;
      ++at_;
    }
    while (limit_ - at_ >= 2) {
      const int high = nibble(at_[0]), low = nibble(at_[1]);
      if ((high | low) < 0) break;
      *out_++ = static_cast<char>(static_cast<unsigned>(high) << 4U | static_cast<unsigned>(low));
      at_ += 2;
    }
    if (at_ != limit_ && nibble(*at_) >= 0) half_byte_ = nibble(*at_++);
  }
  return Step::wait;
}

// An odd number of digits is an error in x'…'. In 0x… the first byte then has one digit, so all are
// shifted by one.
DumpReader::Step DumpReader::end_of_hex() {
  const int half = std::exchange(half_byte_, -1);
  if (state_ == State::hex) {
    if (*at_ != '\'' || half >= 0)
      return refuse(unexpected_here("two hex digits or the end of the hex literal"));
    ++at_;
    return end_value(kind_);
  }
  if (is_word_char(*at_) || (out_ == value_ && half < 0))
    return refuse(unexpected_here("hex digits"));
  if (half >= 0) {
    *out_++ = static_cast<char>(static_cast<unsigned>(half) << 4U);
    unsigned carry = 0;
    for (char* byte = value_; byte != out_; ++byte) {
      const auto bits = static_cast<unsigned>(static_cast<unsigned char>(*byte));
      *byte = static_cast<char>(carry << 4U | bits >> 4U);
      carry = bits & 15U;
    }
  }
  return end_value(kind_);
}

// The digits are written as they come and packed in place when their number is known.
DumpReader::Step DumpReader::read_bits() {
  while (at_ != limit_ && (*at_ == '0' || *at_ == '1')) *out_++ = *at_++;
  if (at_ == limit_) return Step::wait;
  const bool is_quoted = quote_ == '\'';
  if (is_quoted ? *at_ != '\'' : is_word_char(*at_) || out_ == value_)
    return refuse(unexpected_here("binary digits"));
  if (is_quoted) ++at_;
  const auto digits = static_cast<std::size_t>(out_ - value_);
  const std::size_t bytes = (digits + 7) / 8;
  std::size_t position = bytes * 8 - digits;  // zeros fill up the first byte
  unsigned byte = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    byte = byte << 1U | static_cast<unsigned>(value_[i] - '0');
    if (++position % 8 == 0) value_[position / 8 - 1] = static_cast<char>(byte);
    if (position % 8 == 0) byte = 0;
  }
  out_ = value_ + bytes;
  return end_value(kind_);
}

// USING utf8mb4) of CONVERT, AS JSON) of CAST.
DumpReader::Step DumpReader::read_tail() {
  while (at_ != limit_ && *at_ != ')') {
    if (word_.size() >= 64) return refuse(unexpected(shown(word_), "USING … ) or AS … )"));
    word_ += is_space(*at_) ? ' ' : *at_;
    ++at_;
  }
  if (at_ == limit_) return Step::wait;
  std::string tail = ascii_lower(word_);
  tail.erase(tail.find_last_not_of(' ') + 1);
  const std::string_view first = wrap_ == Wrap::convert ? "using " : "as ";
  const std::size_t name_at = tail.find_first_not_of(' ', std::min(first.size(), tail.size()));
  const std::string name =
      canonical_charset(name_at == std::string::npos ? std::string() : tail.substr(name_at));
  const bool is_known = wrap_ == Wrap::convert ? name == "utf8mb4" || name == "utf8mb3" ||
                                                     name == "binary" || name == "ascii"
                                               : name == "json" || name == "char";
  if (!tail.starts_with(first) || !is_known) {
    return refuse(unexpected(shown(word_), wrap_ == Wrap::convert ? "USING utf8mb4)" : "AS JSON)"));
  }
  ++at_;
  wrap_ = Wrap::none;
  state_ = State::after_value;
  return Step::go_on;
}

}  // namespace tideway
