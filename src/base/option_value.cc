#include "base/option_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace tideway::internal {
namespace {

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

template <typename N>
Result<N> parse_number(std::string_view text, std::string_view kind) {
  N value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return fail(bad_value(fmt::format("'{}' is too large", text)));
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(bad_value(fmt::format("'{}' is not a {}", text, kind)));
  }
  return value;
}

}  // namespace

Result<bool> parse_bool(std::string_view text) {
  static constexpr std::array yes = {"true", "1", "on", "yes", "t"},
                              no = {"false", "0", "off", "no", "f"};
  const std::string lower = ascii_lower(text);
  if (std::ranges::find(yes, lower) != yes.end()) return true;
  if (std::ranges::find(no, lower) != no.end()) return false;
  return fail(bad_value(fmt::format("'{}' is neither true nor false", text)));
}

Result<std::int64_t> parse_signed(std::string_view text) {
  return parse_number<std::int64_t>(text, "whole number");
}

Result<std::uint64_t> parse_unsigned(std::string_view text) {
  return parse_number<std::uint64_t>(text, "whole number from 0 on");
}

Result<double> parse_double(std::string_view text) {
  const double value = TRY(parse_number<double>(text, "number"));
  if (!std::isfinite(value)) return fail(bad_value(fmt::format("'{}' is not a number", text)));
  return value;
}

Error out_of_range(std::string_view text, const std::string& limits) {
  return bad_value(limits.empty() ? fmt::format("'{}' is out of range", text)
                                  : fmt::format("'{}' is out of range: {}", text, limits));
}

Error not_one_of(std::string_view text, const std::vector<std::string_view>& names) {
  const std::string_view near = nearest(text, names);
  return bad_value(fmt::format("'{}' is not one of {}{}", text, fmt::join(names, ", "),
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items(1);
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '"' && items.back().empty()) {
      for (++i;; ++i) {
        if (i >= text.size()) return {std::string(text)};  // never closed
        if (text[i] == '"' && text.substr(i + 1, 1) != "\"") break;
        if (text[i] == '"') ++i;
        items.back() += text[i];
      }
      if (++i < text.size() && text[i] != ',') return {std::string(text)};
    } else if (text[i] == '"') {
      return {std::string(text)};
    } else if (text[i] != ',') {
      items.back() += text[i++];
      continue;
    }
    if (i < text.size()) {  // at a comma
      ++i;
      items.emplace_back();
    }
  }
  return items;
}

Result<ConfigTree> parse_tree(std::string_view text) {
  ConfigTree tree = TRY(parse_config_tree(std::string(text), "<cmdline>"));
  if (tree.kind != ConfigTree::Kind::map && tree.kind != ConfigTree::Kind::list)
    return fail(bad_value(fmt::format("'{}' is neither a map nor a list of YAML", text)));
  return tree;
}

std::string show_bytes(std::uint64_t bytes) {
  static constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, units[unit]);
}

std::string show_duration(Duration duration) {
  const auto ns = duration.count();
  if (ns % 1'000'000'000 != 0) return fmt::format("{}ms", static_cast<double>(ns) / 1e6);
  const auto seconds = ns / 1'000'000'000;
  if (seconds != 0 && seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds != 0 && seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

std::string show_double(double value) { return fmt::format("{}", value); }

}  // namespace tideway::internal
