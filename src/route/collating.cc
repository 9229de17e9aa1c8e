#include "route/collating.h"

#include <algorithm>
#include <array>

namespace tideway {
namespace {

// One character: an ASCII code, or a code point beyond; below zero: no UTF-8.
struct Character {
  std::int32_t code = -1;
  std::size_t bytes = 1;
};

Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (bytes == 1 || text.size() < bytes) return {};
  std::int32_t code = lead & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    code = (code << 6) | (next & 0x3F);
  }
  return {code, bytes};
}

bool is_han(std::int32_t code) { return code >= 0x4E00 && code <= 0x9FFF; }

// Letters that are behind all of ASCII in every order, and equal to nothing in it.
bool is_foreign_letter(std::int32_t code) {
  static constexpr std::array<std::array<std::int32_t, 2>, 8> ranges = {{{0x391, 0x3A1},
                                                                         {0x3A3, 0x3A9},
                                                                         {0x3B1, 0x3C9},
                                                                         {0x410, 0x44F},
                                                                         {0x5D0, 0x5EA},
                                                                         {0x3042, 0x3093},
                                                                         {0x30A2, 0x30F3},
                                                                         {0xAC00, 0xD7A3}}};
  return is_han(code) || std::ranges::any_of(ranges, [code](const auto& range) {
           return code >= range[0] && code <= range[1];
         });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// The place of an ASCII character; nullopt: it weighs nothing there.
std::optional<int> weight_of(Collation::Order order, std::int32_t code) {
  const char c = static_cast<char>(code);
  if (order == Collation::Order::upper_case) return upper(c);
  static constexpr std::string_view sorted =
      "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";
  const std::size_t found = sorted.find(lower(c));
  if (found == std::string_view::npos) return std::nullopt;
  return static_cast<int>(found);
}

Compared ordered(int one, int other) {
  return one < other ? Compared::less : one > other ? Compared::greater : Compared::equal;
}

Compared compare_characters(const Collation& collation, std::int32_t one, std::int32_t other) {
  const bool is_ascii = one < 0x80, is_other_ascii = other < 0x80;
  if (one < 0 || other < 0) return Compared::unknown;
  if (is_ascii && is_other_ascii) {
    const auto left = weight_of(collation.order, one), right = weight_of(collation.order, other);
    return left && right ? ordered(*left, *right) : Compared::unknown;
  }
  if (one == other) return Compared::equal;
  if (is_ascii && is_foreign_letter(other)) return Compared::less;
  if (is_other_ascii && is_foreign_letter(one)) return Compared::greater;
  return is_han(one) && is_han(other) ? Compared::different : Compared::unknown;
}

Compared compare_bytes(std::string_view one, std::string_view other, bool pads) {
  const std::size_t shared = std::min(one.size(), other.size());
  const int order = one.substr(0, shared).compare(other.substr(0, shared));
  if (order != 0) return ordered(order, 0);
  if (!pads) return ordered(one.size() > shared ? 1 : 0, other.size() > shared ? 1 : 0);
  for (const char c : one.substr(shared)) {
    if (c != ' ') return ordered(static_cast<unsigned char>(c), ' ');
  }
  for (const char c : other.substr(shared)) {
    if (c != ' ') return ordered(' ', static_cast<unsigned char>(c));
  }
  return Compared::equal;
}

// What is left of the longer text against nothing, or against spaces.
Compared compare_rest(const Collation& collation, std::string_view rest) {
  while (!rest.empty()) {
    const Character c = first_of(rest);
    if (!collation.pads) {
      const bool has_weight = c.code >= 0x80
                                  ? is_foreign_letter(c.code)
                                  : c.code >= 0 && weight_of(collation.order, c.code).has_value();
      return has_weight ? Compared::greater : Compared::unknown;
    }
    const Compared order = compare_characters(collation, c.code, ' ');
    if (order != Compared::equal) return order;
    rest.remove_prefix(c.bytes);
  }
  return Compared::equal;
}

Compared reversed(Compared order) {
  return order == Compared::less      ? Compared::greater
         : order == Compared::greater ? Compared::less
                                      : order;
}

Compared compare_folded(const Collation& collation, std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    const Character left = first_of(one), right = first_of(other);
    const Compared order = compare_characters(collation, left.code, right.code);
    if (order != Compared::equal) return order;
    one.remove_prefix(left.bytes);
    other.remove_prefix(right.bytes);
  }
  if (!one.empty()) return compare_rest(collation, one);
  return reversed(compare_rest(collation, other));
}

}  // namespace

std::optional<Collation> collation_named(std::string_view name) {
  using enum Collation::Order;
  if (name.empty() || name == "binary") return Collation{};
  if (name.ends_with("_0900_bin")) return Collation{bytes, true, false};
  if (name.ends_with("_bin")) return Collation{bytes, true, true};
  if (name.ends_with("_0900_ai_ci") || name.ends_with("_0900_as_ci")) {
    const std::string_view before = name.substr(0, name.size() - 11);
    return before == "utf8mb4" ? std::optional(Collation{unicode, false, false}) : std::nullopt;
  }
  if (name == "utf8mb4_0900_as_cs") return Collation{unicode, true, false};
  static constexpr std::array<std::string_view, 6> unicode_names = {
      "utf8mb4_unicode_ci",     "utf8mb3_unicode_ci",     "utf8_unicode_ci",
      "utf8mb4_unicode_520_ci", "utf8mb3_unicode_520_ci", "utf8_unicode_520_ci"};
  if (std::ranges::find(unicode_names, name) != unicode_names.end())
    return Collation{unicode, false, true};
  static constexpr std::array<std::string_view, 6> general_names = {
      "utf8mb4_general_ci", "utf8mb3_general_ci", "utf8_general_ci",
      "ascii_general_ci",   "latin1_swedish_ci",  "ucs2_general_ci"};
  if (std::ranges::find(general_names, name) != general_names.end())
    return Collation{upper_case, false, true};
  return std::nullopt;
}

Collation literal_collation() { return {Collation::Order::unicode, false, false}; }

Compared compare_texts(const Collation& collation, std::string_view one, std::string_view other) {
  if (collation.order == Collation::Order::bytes) return compare_bytes(one, other, collation.pads);
  const Compared order = compare_folded(collation, one, other);
  if (order != Compared::equal || !collation.is_case_sensitive) return order;
  // Equal but for case: the small letter goes first.
  for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
    if (one[i] != other[i]) return lower(one[i]) == one[i] ? Compared::less : Compared::greater;
  }
  return Compared::equal;
}

std::optional<bool> matches_like(const Collation& collation, std::string_view text,
                                 std::string_view pattern, char escape) {
  const bool is_binary = collation.order == Collation::Order::bytes;
  bool was_unsure = false;
  const auto is_same = [&](const Character& one, const Character& other) {
    if (one.code < 0 || other.code < 0) {
      was_unsure = true;
      return false;
    }
    if (is_binary || collation.is_case_sensitive) return one.code == other.code;
    const Compared order = compare_characters(collation, one.code, other.code);
    was_unsure = was_unsure || order == Compared::unknown;
    return order == Compared::equal;
  };
  std::string_view text_retry, pattern_retry;  // behind the last %, and where it was tried
  bool has_retry = false;
  while (true) {
    bool fits = false;
    if (pattern.empty()) {
      if (text.empty()) return true;
    } else if (pattern.front() == '%' && escape != '%') {
      pattern.remove_prefix(1);
      pattern_retry = pattern;
      text_retry = text;
      has_retry = true;
      continue;
    } else if (!text.empty()) {
      const bool is_escaped = escape != '\0' && pattern.front() == escape && pattern.size() > 1;
      const std::string_view wanted_text = pattern.substr(is_escaped ? 1 : 0);
      const Character wanted = first_of(wanted_text), found = first_of(text);
      fits = (!is_escaped && wanted.code == '_') || is_same(wanted, found);
      if (fits) {
        pattern.remove_prefix(wanted.bytes + (is_escaped ? 1 : 0));
        text.remove_prefix(found.bytes);
        continue;
      }
    }
    if (!has_retry || text_retry.empty()) return was_unsure ? std::nullopt : std::optional(false);
    text_retry.remove_prefix(first_of(text_retry).bytes);
    text = text_retry;
    pattern = pattern_retry;
  }
}

}  // namespace tideway
