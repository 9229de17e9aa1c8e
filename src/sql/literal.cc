#include "sql/literal.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "model/odd_value.h"
#include "sql/char_class.h"
#include "sql/escapes.h"

namespace tideway {

using sql_text::is_digit;

namespace {

char* write_hex(char* to, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const char* from = bytes.data();
  const char* const end = from + bytes.size();
#if defined(__SSE2__)
  const __m128i low_half = _mm_set1_epi8(0x0F), nine = _mm_set1_epi8(9), zero = _mm_set1_epi8('0'),
                to_letter = _mm_set1_epi8('a' - '0' - 10);
  const auto digits_of = [&](__m128i nibbles) {
    return _mm_add_epi8(_mm_add_epi8(nibbles, zero),
                        _mm_and_si128(_mm_cmpgt_epi8(nibbles, nine), to_letter));
  };
  for (; end - from >= 16; from += 16, to += 32) {
    const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i low = digits_of(_mm_and_si128(sixteen, low_half));
    const __m128i high = digits_of(_mm_and_si128(_mm_srli_epi16(sixteen, 4), low_half));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi8(high, low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), _mm_unpackhi_epi8(high, low));
  }
#endif
  for (; from != end; ++from) {
    const auto byte = static_cast<unsigned char>(*from);
    *to++ = digits[byte >> 4U];
    *to++ = digits[byte & 15U];
  }
  return to;
}

char* write_text(char* to, std::string_view text) {
  *to++ = '\'';
  to = literal_escapes.write(to, text);
  *to++ = '\'';
  return to;
}

char* write_plain(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// The usual number is an integer: copied while it is looked at. false: it is something else.
bool write_integer(char* to, std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  if (from != end && *from == '-') *to++ = *from++;
  if (from == end) return false;
  for (; from != end; ++from) {
    if (!is_digit(*from)) return false;
    *to++ = *from;
  }
  return true;
}

bool is_negative_zero(std::string_view number) {
  return number.starts_with('-') && number.find_first_not_of("0.", 1) == std::string_view::npos;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// Long texts are written slice by slice, so that the string grows with what is written and not with
// twice its input.
constexpr std::size_t slice_bytes = 4096;

}  // namespace

LiteralForm file_form(const ColumnType& type) {
  if (type.kind == TypeKind::float_number || type.kind == TypeKind::double_number)
    return LiteralForm::approximate;
  switch (class_of(type)) {
    case TypeClass::number:
      return LiteralForm::number;
    case TypeClass::bytes:
      return LiteralForm::hex;
    case TypeClass::characters:
      break;
  }
  return may_bend(type) ? LiteralForm::bending : LiteralForm::characters;
}

LiteralForm live_form(const ColumnType& type) {
  const LiteralForm form = file_form(type);
  if (set_number_prefix(type).value_or("").starts_with('+')) return LiteralForm::set_number;
  const bool keeps_hex = type.kind == TypeKind::bit || type.kind == TypeKind::geometry;
  return form == LiteralForm::hex && !keeps_hex ? LiteralForm::binary_text : form;
}

bool is_number(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  std::size_t digits = at - whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(text, at);
    digits += at - fraction;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

char* write_literal(char* to, LiteralForm form, std::string_view cell_text) {
  switch (form) {
    case LiteralForm::approximate:
      if (is_number(cell_text) && is_negative_zero(cell_text)) return write_plain(to, "-0e0");
      [[fallthrough]];
    case LiteralForm::number:
      if (write_integer(to, cell_text)) return to + cell_text.size();
      return is_number(cell_text) ? write_plain(to, cell_text) : write_text(to, cell_text);
    case LiteralForm::hex:
      to = write_hex(write_plain(to, "x'"), cell_text);
      *to++ = '\'';
      return to;
    case LiteralForm::binary_text:
      return write_text(write_plain(to, "_binary"), cell_text);
    case LiteralForm::bending:
      if (is_raw(cell_text)) {
        to = write_plain(write_plain(to, "x'"), cell_text.substr(raw_mark.size()));
        *to++ = '\'';
        return to;
      }
      break;
    case LiteralForm::set_number:
      if (cell_text.starts_with('+') && is_number(cell_text)) return write_plain(to, cell_text);
      break;
    case LiteralForm::characters:
      break;
  }
  return write_text(to, cell_text);
}

void append_literal(std::string& out, LiteralForm form, std::string_view cell_text) {
  if (cell_text.size() > slice_bytes) {
    if (form == LiteralForm::bending && !is_raw(cell_text)) form = LiteralForm::characters;
    if (form == LiteralForm::hex) return append_hex_literal(out, cell_text);
    if (form == LiteralForm::binary_text) out.append("_binary");
    if (form == LiteralForm::characters || form == LiteralForm::binary_text)
      return append_quoted(out, cell_text);
  }
  const std::size_t start = out.size();
  out.resize(start + literal_bound(cell_text.size()));
  const char* const end = write_literal(out.data() + start, form, cell_text);
  out.resize(static_cast<std::size_t>(end - out.data()));
}

void append_literal(std::string& out, const ColumnType& type, std::string_view cell_text) {
  append_literal(out, file_form(type), cell_text);
}

void append_live_literal(std::string& out, const ColumnType& type, std::string_view cell_text) {
  append_literal(out, live_form(type), cell_text);
}

void append_quoted(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size() + 2);
  out.push_back('\'');
  literal_escapes.append_to(out, text);
  out.push_back('\'');
}

void append_quoted_plain(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size() + 2);
  out.push_back('\'');
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t quote = text.find('\'', at);
    out.append(text.substr(at, quote == std::string_view::npos ? quote : quote - at));
    if (quote == std::string_view::npos) break;
    out.append("''");
    at = quote + 1;
  }
  out.push_back('\'');
}

void append_hex_literal(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  out.resize(start + 2 * bytes.size() + 3);
  char* const to = write_hex(write_plain(out.data() + start, "x'"), bytes);
  *to = '\'';
}

}  // namespace tideway
