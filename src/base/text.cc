#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

namespace tideway {
namespace {

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

// A decimal number at the front of `text`, which is moved past it.
std::optional<double> take_number(std::string_view& text) {
  // from_chars takes "nan", "inf" and "-0" for numbers too.
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Optimal string alignment: insert, remove, replace, swap neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < units.size()) {  // rounds to 1024.0 otherwise
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string human_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, " ");
  return digits;
}

std::string human_duration(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 59.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds + 0.05);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m{:02}s", whole / 3600, whole / 60 % 60, whole % 60);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number)
    return fail(bad_value(fmt::format("'{}' is not a size; write for example 256MiB", text)));
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const std::string unit = ascii_lower(rest);
  static constexpr std::string_view prefixes = "kmgtp";
  std::uint64_t factor = 1;
  if (!unit.empty() && unit != "b") {
    const auto power = prefixes.find(unit.front());
    const std::string_view tail = std::string_view(unit).substr(1);
    if (power == std::string_view::npos ||
        !(tail.empty() || tail == "b" || tail == "i" || tail == "ib")) {
      return fail(bad_value(
          fmt::format("'{}' is not a size; the units are B, KiB, MiB, GiB, TiB and PiB", text)));
    }
    factor = 1ULL << (10 * (power + 1));
  }
  // A double has 53 bits: whole numbers are multiplied as what they are.
  std::uint64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  const double bytes = *number * static_cast<double>(factor);
  const bool is_whole = error == std::errc() && (end == text.data() + text.size() || *end != '.');
  const bool fits = is_whole ? whole <= UINT64_MAX / factor : bytes < 18446744073709551616.0;
  if (!fits || error == std::errc::result_out_of_range) {
    return fail(bad_value(fmt::format("'{}' is too large", text)));
  }
  return is_whole ? whole * factor : static_cast<std::uint64_t>(bytes);
}

Result<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> units = {{{"ns", 1},
                                                                                {"us", 1e3},
                                                                                {"ms", 1e6},
                                                                                {"s", 1e9},
                                                                                {"m", 60e9},
                                                                                {"h", 3600e9},
                                                                                {"d", 86400e9}}};
  std::string_view rest = text;
  double total = 0;
  do {
    const auto number = take_number(rest);
    if (!number)
      return fail(
          bad_value(fmt::format("'{}' is not a duration; write for example 15m or 1h30m", text)));
    const std::size_t length = std::min(rest.find_first_of("0123456789."), rest.size());
    const std::string_view unit = rest.substr(0, length);
    rest.remove_prefix(length);
    if (unit.empty() && rest.empty()) {
      total += *number * 1e9;
      break;
    }
    const auto known = std::ranges::find(units, unit, &std::pair<std::string_view, double>::first);
    if (known == units.end())
      return fail(
          bad_value(fmt::format("'{}' is not a duration; the units are ms, s, m, h, d", text)));
    total += *number * known->second;
  } while (!rest.empty());
  if (total > 9e18) return fail(bad_value(fmt::format("'{}' is too long", text)));
  return Duration(static_cast<std::int64_t>(total));
}

std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, (typed.size() + 1) / 3) + 1;
  for (const std::string_view word : known) {
    if (const std::size_t d = distance(typed, word); d < least) {
      least = d;
      best = word;
    }
  }
  if (!best.empty() || typed.size() < 3) return best;
  // A word that was cut off, where only one begins so.
  const auto begins = [typed](std::string_view word) { return word.starts_with(typed); };
  if (std::ranges::count_if(known, begins) == 1) best = *std::ranges::find_if(known, begins);
  return best;
}

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string hex(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    hex[2 * i] = digits[byte >> 4U];
    hex[2 * i + 1] = digits[byte & 15U];
  }
  return hex;
}

Result<std::string> from_hex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  if (hex.size() % 2 != 0) return fail(bad_value("hex text has an odd number of digits"));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return fail(bad_value("hex text has a character that is no hex digit"));
    bytes[i] = static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  return lower;
}

std::string visible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      shown += c;
    } else if (c == '\n' || c == '\t') {
      shown += c == '\n' ? "\\n" : "\\t";
    } else {
      shown += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return shown;
}

}  // namespace tideway
