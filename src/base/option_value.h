#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/config_tree.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/text.h"

// How the text of one option becomes its type and back. Used by option_table.h only.
namespace tideway::internal {

template <typename V>
struct ElementOf {
  using Type = V;
  static constexpr bool is_list = false;
};
template <typename V>
struct ElementOf<std::optional<V>> : ElementOf<V> {};
template <typename V>
struct ElementOf<std::vector<V>> {
  using Type = V;
  static constexpr bool is_list = true;
};

// What a value may be.
template <typename E>
struct Limits {
  std::optional<std::pair<E, E>> range;
  std::vector<std::pair<std::string, E>> names;  // of an enum
  bool is_bytes = false;
};

Result<bool> parse_bool(std::string_view text);
Result<std::int64_t> parse_signed(std::string_view text);
Result<std::uint64_t> parse_unsigned(std::string_view text);
Result<double> parse_double(std::string_view text);
Error out_of_range(std::string_view text, const std::string& limits);
Error not_one_of(std::string_view text, const std::vector<std::string_view>& names);
// One CSV record: commas separate, "…" protects them. Text that is no CSV is one item as it is.
std::vector<std::string> split_list(std::string_view text);
Result<ConfigTree> parse_tree(std::string_view text);  // a map or a list
std::string show_bytes(std::uint64_t bytes);           // "64MiB": reads back as itself
std::string show_duration(Duration duration);
std::string show_double(double value);

template <typename E>
std::string show(const E& value, const Limits<E>& limits) {
  if constexpr (std::is_enum_v<E>) {
    for (const auto& [name, known] : limits.names) {
      if (known == value) return name;
    }
    return "";
  } else if constexpr (std::is_same_v<E, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<E, Secret>) {
    return value.is_empty() ? "" : "(not shown)";
  } else if constexpr (std::is_same_v<E, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<E, ConfigTree>) {
    return "";
  } else if constexpr (std::is_same_v<E, Duration>) {
    return show_duration(value);
  } else if constexpr (std::is_floating_point_v<E>) {
    return show_double(value);
  } else {
    return limits.is_bytes ? show_bytes(static_cast<std::uint64_t>(value)) : std::to_string(value);
  }
}

template <typename E>
std::string limits_text(const Limits<E>& limits) {
  std::string text;
  for (const auto& [name, value] : limits.names) text += (text.empty() ? "" : ", ") + name;
  if (!text.empty()) return "one of " + text;
  if (limits.range)
    return show(limits.range->first, limits) + " to " + show(limits.range->second, limits);
  return "";
}

template <typename E>
Result<E> parse_enum(std::string_view text, const Limits<E>& limits) {
  std::vector<std::string_view> known;
  for (const auto& [name, value] : limits.names) {
    if (name == text) return value;
    known.push_back(name);
  }
  return fail(not_one_of(text, known));
}

template <typename E>
Result<E> parse_integer(std::string_view text, const Limits<E>& limits) {
  constexpr bool is_signed = std::is_signed_v<E>;
  using Wide = std::conditional_t<is_signed, std::int64_t, std::uint64_t>;
  Wide wide = 0;
  if (limits.is_bytes) {
    const std::uint64_t bytes = TRY(parse_bytes(text));
    if (!std::in_range<Wide>(bytes)) return fail(out_of_range(text, limits_text(limits)));
    wide = static_cast<Wide>(bytes);
  } else if constexpr (is_signed) {
    wide = TRY(parse_signed(text));
  } else {
    wide = TRY(parse_unsigned(text));
  }
  if (!std::in_range<E>(wide)) return fail(out_of_range(text, limits_text(limits)));
  return static_cast<E>(wide);
}

template <typename E>
Result<E> parse_any(std::string_view text, const Limits<E>& limits) {
  if constexpr (std::is_enum_v<E>) {
    return parse_enum(text, limits);
  } else if constexpr (std::is_same_v<E, bool>) {
    return parse_bool(text);
  } else if constexpr (std::is_same_v<E, std::string> || std::is_same_v<E, Secret>) {
    return E(std::string(text));
  } else if constexpr (std::is_same_v<E, Duration>) {
    return parse_duration(text);
  } else if constexpr (std::is_same_v<E, ConfigTree>) {
    return parse_tree(text);
  } else if constexpr (std::is_floating_point_v<E>) {
    return parse_double(text);
  } else {
    return parse_integer(text, limits);
  }
}

template <typename E>
Result<E> parse(std::string_view text, const Limits<E>& limits) {
  E value = TRY(parse_any(text, limits));
  if constexpr (!std::is_same_v<E, Secret> && !std::is_same_v<E, ConfigTree>) {
    if (limits.range && (value < limits.range->first || limits.range->second < value)) {
      return fail(out_of_range(text, limits_text(limits)));
    }
  }
  return value;
}

// The word that stands for a value in help when the option names none.
template <typename E>
std::string_view usual_value_name(const Limits<E>& limits) {
  if constexpr (std::is_enum_v<E>) return "WORD";
  if constexpr (std::is_same_v<E, Duration>) return "TIME";
  if constexpr (std::is_same_v<E, ConfigTree>) return "YAML";
  if constexpr (std::is_arithmetic_v<E>) return limits.is_bytes ? "SIZE" : "N";
  return "TEXT";
}

}  // namespace tideway::internal
