#include "model/unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/check.h"

namespace tideway {
namespace {

constexpr std::string_view reserved = ",:%";

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (reserved.find(c) == std::string_view::npos) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name += text[i];
      continue;
    }
    unsigned value = 0;
    if (text.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(&text[i + 1], &text[i] + 3, value, 16);
    if (error != std::errc() || end != &text[i] + 3) return std::nullopt;
    name += static_cast<char>(value);
    i += 2;
  }
  return name;
}

// A GTID's source may have a tag behind its uuid; a colon in it is no part of a file's name.
std::string origin_text(std::string_view origin) {
  constexpr std::size_t uuid_length = 36;
  if (origin.size() > uuid_length && origin[uuid_length] == ':' &&
      origin.find_first_of(",%") == std::string_view::npos)
    return std::string(origin);
  return escaped(origin);
}

std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

bool begins_with_letter(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0;
}

std::optional<Intervals::Range> parse_range(std::string_view text) {
  Intervals::Range range;
  const char* const end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, range.first);
  if (error != std::errc() || range.first == 0) return std::nullopt;
  range.last = range.first;
  if (at != end && *at == '-') {
    const auto second = std::from_chars(at + 1, end, range.last);
    if (second.ec != std::errc()) return std::nullopt;
    at = second.ptr;
  }
  return at == end && range.first <= range.last ? std::optional(range) : std::nullopt;
}

Error not_units(std::string_view text) {
  return {ErrorCode::unexpected_answer, Side::target, Retry::never,
          fmt::format("'{}' is not a set of transactions", text.substr(0, 200))};
}

}  // namespace

std::uint32_t OriginNames::ordinal(std::string_view name) {
  return names_.with([name](Names& names) {
    const auto [found, is_new] = names.ordinals.try_emplace(
        std::string(name), static_cast<std::uint32_t>(names.by_ordinal.size()));
    if (is_new) names.by_ordinal.emplace_back(name);
    return found->second;
  });
}

std::string OriginNames::name(std::uint32_t ordinal) const {
  return names_.with([ordinal](const Names& names) {
    CHECK(ordinal < names.by_ordinal.size());
    return names.by_ordinal[ordinal];
  });
}

void UnitSet::add(const UnitId& unit) {
  CHECK(unit.last >= unit.first);
  origins_[unit.origin].add(Intervals::Range{unit.first, unit.last});
}

void UnitSet::add(const UnitSet& other) {
  for (const auto& [origin, intervals] : other.origins_) origins_[origin].add(intervals);
}

void UnitSet::remove(const UnitSet& other) {
  for (const auto& [origin, intervals] : other.origins_) {
    const auto found = origins_.find(origin);
    if (found == origins_.end()) continue;
    found->second.remove(intervals);
    if (found->second.is_empty()) origins_.erase(found);
  }
}

bool UnitSet::contains(const UnitId& unit) const {
  const auto found = origins_.find(unit.origin);
  return found != origins_.end() && found->second.contains({unit.first, unit.last});
}

bool UnitSet::contains(const UnitSet& other) const {
  return std::ranges::all_of(other.origins_, [this](const auto& origin) {
    const auto found = origins_.find(origin.first);
    return found != origins_.end() && found->second.contains(origin.second);
  });
}

std::size_t UnitSet::range_count() const {
  std::size_t count = 0;
  for (const auto& [origin, intervals] : origins_) count += intervals.ranges().size();
  return count;
}

std::string UnitSet::to_text(const OriginNames& names) const {
  std::vector<std::string> parts;
  for (const auto& [origin, intervals] : origins_) {
    std::string part = origin_text(names.name(origin));
    for (const auto& [first, last] : intervals.ranges())
      part += first == last ? fmt::format(":{}", first) : fmt::format(":{}-{}", first, last);
    parts.push_back(std::move(part));
  }
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, ","));
}

Result<UnitSet> UnitSet::parse(std::string_view text, OriginNames& names) {
  UnitSet set;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view part = take_until(rest, ',');
    auto name = unescaped(take_until(part, ':'));
    if (!name || name->empty() || part.empty()) return fail(not_units(text));
    if (begins_with_letter(part)) *name += ':' + std::string(take_until(part, ':'));
    const std::uint32_t origin = names.ordinal(*name);
    do {
      const auto range = parse_range(take_until(part, ':'));
      if (!range) return fail(not_units(text));
      set.origins_[origin].add(*range);
    } while (!part.empty());
  }
  return set;
}

}  // namespace tideway
