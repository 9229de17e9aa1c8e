#include "model/odd_value.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tideway {
namespace {

// Each of their values was seen to come back from utf8mb4 as it was, on 5.7.19 and 8.0.15.
constexpr std::array<std::string_view, 13> faithful = {
    "",      "utf8mb4", "utf8mb3", "utf8",  "binary",  "latin1", "ucs2",
    "utf16", "utf16le", "utf32",   "cp850", "gb18030", "koi8u"};

}  // namespace

bool may_bend(const ColumnType& type) {
  return type.kind >= TypeKind::fixed_char && type.kind <= TypeKind::long_text &&
         std::ranges::find(faithful, ascii_lower(type.charset)) == faithful.end();
}

std::string enum_error_text(const ColumnType& type) {
  const auto is_label = [&type](std::string_view text) {
    return std::ranges::any_of(
        type.labels, [text](const std::string& label) { return ascii_lower(label) == text; });
  };
  if (!is_label("")) return {};
  std::string text = "error value 0";
  while (is_label(text)) text += '!';
  return text;
}

std::optional<std::string> set_number_prefix(const ColumnType& type) {
  if (type.kind != TypeKind::set || std::ranges::find(type.labels, "") == type.labels.end())
    return std::nullopt;
  const auto is_number_behind = [&type](std::string_view prefix) {
    return std::ranges::any_of(type.labels, [prefix](std::string_view label) {
      return label.starts_with(prefix) && label.size() > prefix.size() &&
             label.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
    });
  };
  std::string prefix;
  while (is_number_behind(prefix)) prefix += prefix.empty() ? '+' : '0';
  return prefix;
}

}  // namespace tideway
