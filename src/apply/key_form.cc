#include "apply/key_form.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "model/odd_value.h"

namespace tideway {
namespace {

bool is_character(TypeKind kind) {
  return kind >= TypeKind::fixed_char && kind <= TypeKind::long_text;
}
bool is_binary(TypeKind kind) {
  return kind >= TypeKind::fixed_binary && kind <= TypeKind::long_blob;
}

// With a length before it, so that neighbours in a key cannot be mistaken for one another.
void append_counted(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  out.append(bytes, sizeof size);
  out.append(text);
}

std::string_view without_end(std::string_view text, char c) {
  const std::size_t last = text.find_last_not_of(c);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// The first so many characters of UTF-8.
std::string_view first_characters(std::string_view text, std::uint32_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && count-- == 0) break;
  }
  return text.substr(0, at);
}

void append_number(std::string& out, std::string_view text) {
  bool is_negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.find_first_of("eE") == std::string_view::npos) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    if (text.find('.') != std::string_view::npos) text = without_end(without_end(text, '0'), '.');
  }
  const std::size_t begin = out.size();
  append_counted(out, text);
  if (is_negative && !text.empty()) out[begin + 3] = '-';  // no number is 2^24 digits long
}

bool append_folded(std::string& out, std::uint32_t prefix, std::string_view text) {
  if (prefix != 0) text = text.substr(0, prefix);  // characters are bytes, or it fails below
  text = without_end(text, ' ');
  const std::size_t begin = out.size();
  append_counted(out, text);
  for (std::size_t i = begin + sizeof(std::uint32_t); i < out.size(); ++i) {
    const char c = out[i];
    if (c < ' ' || c > '~') return false;  // all bytes from 0x80 up too
    if (c >= 'A' && c <= 'Z') out[i] = static_cast<char>(c + ('a' - 'A'));
  }
  return true;
}

}  // namespace

// Known not to give letters of ASCII another meaning side by side (as Danish does with aa,
// Hungarian with ccs) and not to ignore a printable character: tests/apply/server asks each of
// them.
bool folds_ascii_only(std::string_view collation) {
  constexpr std::array<std::string_view, 9> plain = {
      "general_ci", "general_cs", "general_mysql500_ci", "unicode_ci", "unicode_520_ci",
      "0900_ai_ci", "0900_as_ci", "0900_as_cs",          "swedish_ci"};
  constexpr std::array<std::string_view, 5> charsets = {"utf8mb4", "utf8mb3", "utf8", "latin1",
                                                        "ascii"};
  const std::size_t at = std::min(collation.find('_'), collation.size());
  const std::string_view charset = collation.substr(0, at);
  if (std::ranges::find(charsets, charset) == charsets.end() || at == collation.size())
    return false;
  return std::ranges::find(plain, collation.substr(at + 1)) != plain.end();
}

KeyForm key_form(const ColumnType& source, const ColumnType& target) {
  if (is_integer(source.kind) && is_integer(target.kind)) return KeyForm::number;
  if (is_character(source.kind) && is_character(target.kind)) {
    if (may_bend(source) || may_bend(target)) return KeyForm::opaque;
    const std::string_view collation = target.collation;
    if (collation == "binary") return KeyForm::bytes;
    if (collation.ends_with("_bin")) return KeyForm::text;
    return folds_ascii_only(collation) ? KeyForm::folded : KeyForm::opaque;
  }
  if (is_binary(source.kind) && is_binary(target.kind)) return KeyForm::bytes;
  if (source.kind != target.kind) return KeyForm::opaque;
  switch (source.kind) {
    case TypeKind::decimal:
      return source.decimals <= target.decimals ? KeyForm::number : KeyForm::opaque;
    case TypeKind::float_number:
    case TypeKind::double_number:
      return source.decimals == target.decimals ? KeyForm::number : KeyForm::opaque;
    case TypeKind::year:
      return KeyForm::number;
    case TypeKind::bit:
      return KeyForm::bits;
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::datetime:
    case TypeKind::timestamp:
      return source.decimals == target.decimals ? KeyForm::bytes : KeyForm::opaque;
    case TypeKind::enumeration:
    case TypeKind::set:
      return source.labels == target.labels ? KeyForm::text : KeyForm::opaque;
    default:
      return KeyForm::opaque;
  }
}

bool append_key_value(std::string& out, KeyForm form, std::uint32_t prefix, std::string_view text) {
  switch (form) {
    case KeyForm::bytes:
      if (prefix != 0) text = text.substr(0, prefix);
      append_counted(out, without_end(text, '\0'));
      return true;
    case KeyForm::bits:
      text.remove_prefix(std::min(text.find_first_not_of('\0'), text.size()));
      append_counted(out, text);
      return true;
    case KeyForm::number:
      append_number(out, text);
      return true;
    case KeyForm::text:
      if (prefix != 0) text = first_characters(text, prefix);
      append_counted(out, without_end(text, ' '));
      return true;
    case KeyForm::folded:
      return append_folded(out, prefix, text);
    case KeyForm::opaque:
      return false;
  }
  return false;
}

}  // namespace tideway
