#include "sql/charset.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tideway {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

constexpr std::array<Entry, 42> default_collations = {{
    {"armscii8", "armscii8_general_ci"}, {"ascii", "ascii_general_ci"},
    {"big5", "big5_chinese_ci"},         {"binary", "binary"},
    {"cp1250", "cp1250_general_ci"},     {"cp1251", "cp1251_general_ci"},
    {"cp1256", "cp1256_general_ci"},     {"cp1257", "cp1257_general_ci"},
    {"cp850", "cp850_general_ci"},       {"cp852", "cp852_general_ci"},
    {"cp866", "cp866_general_ci"},       {"cp932", "cp932_japanese_ci"},
    {"dec8", "dec8_swedish_ci"},         {"eucjpms", "eucjpms_japanese_ci"},
    {"euckr", "euckr_korean_ci"},        {"gb18030", "gb18030_chinese_ci"},
    {"gb2312", "gb2312_chinese_ci"},     {"gbk", "gbk_chinese_ci"},
    {"geostd8", "geostd8_general_ci"},   {"greek", "greek_general_ci"},
    {"hebrew", "hebrew_general_ci"},     {"hp8", "hp8_english_ci"},
    {"keybcs2", "keybcs2_general_ci"},   {"koi8r", "koi8r_general_ci"},
    {"koi8u", "koi8u_general_ci"},       {"latin1", "latin1_swedish_ci"},
    {"latin2", "latin2_general_ci"},     {"latin5", "latin5_turkish_ci"},
    {"latin7", "latin7_general_ci"},     {"macce", "macce_general_ci"},
    {"macroman", "macroman_general_ci"}, {"sjis", "sjis_japanese_ci"},
    {"swe7", "swe7_swedish_ci"},         {"tis620", "tis620_thai_ci"},
    {"ucs2", "ucs2_general_ci"},         {"ujis", "ujis_japanese_ci"},
    {"utf16", "utf16_general_ci"},       {"utf16le", "utf16le_general_ci"},
    {"utf32", "utf32_general_ci"},       {"utf8", "utf8_general_ci"},
    {"utf8mb3", "utf8mb3_general_ci"},   {"utf8mb4", "utf8mb4_general_ci"},
}};

const Entry* find(std::string_view charset) {
  const std::string name = ascii_lower(charset);
  const auto* const found =
      std::ranges::find(default_collations, std::string_view(name), &Entry::first);
  return found == default_collations.end() ? nullptr : found;
}

}  // namespace

bool is_charset(std::string_view name) { return find(name) != nullptr; }

std::string default_collation(std::string_view charset) {
  const Entry* const entry = find(charset);
  return entry == nullptr ? std::string() : std::string(entry->second);
}

std::string charset_of_collation(std::string_view collation) {
  const std::string name = ascii_lower(collation);
  const std::string charset = name.substr(0, name.find('_'));
  const bool is_whole = charset.size() == name.size();
  return is_charset(charset) && (!is_whole || charset == "binary") ? charset : std::string();
}

std::string canonical_charset(std::string_view name) {
  std::string lower = ascii_lower(name);
  if (lower == "utf8" || lower.starts_with("utf8_")) lower.insert(4, "mb3");
  return lower;
}

std::string binary_collation(std::string_view charset) {
  std::string name = ascii_lower(charset);
  return name == "binary" ? name : name + "_bin";
}

}  // namespace tideway
