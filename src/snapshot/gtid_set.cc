#include "snapshot/gtid_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace tideway {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// What stands before the next separator, which is removed with it.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = trimmed(text.substr(0, at));
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0)
      return false;
  }
  return true;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

Error not_a_set(std::string_view text) {
  return {ErrorCode::unexpected_answer, Side::source, Retry::never,
          fmt::format("'{}' is not a GTID set", text.substr(0, 200))};
}

}  // namespace

void GtidSet::insert(Intervals& intervals, Interval added) {
  // The first that touches or follows what is added: appending, the usual case, finds the end.
  auto first = std::ranges::lower_bound(intervals, added.first, {}, [](const Interval& each) {
    return each.last == UINT64_MAX ? each.last : each.last + 1;
  });
  auto last = first;
  while (last != intervals.end() && (added.last == UINT64_MAX || last->first <= added.last + 1)) {
    added.first = std::min(added.first, last->first);
    added.last = std::max(added.last, last->last);
    ++last;
  }
  intervals.insert(intervals.erase(first, last), added);
}

Result<GtidSet> GtidSet::parse(std::string_view text, bool has_owners) {
  GtidSet set;
  std::string_view rest = text;
  while (!trimmed(rest).empty()) {
    std::string_view part = take_until(rest, ',');
    if (part.empty()) continue;
    const std::string_view uuid = take_until(part, ':');
    if (!is_uuid(uuid)) return fail(not_a_set(text));
    std::string source = ascii_lower(uuid);
    while (!part.empty()) {
      std::string_view word = take_until(part, ':');
      if (!word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) == 0) {
        source = ascii_lower(uuid) + ":" + ascii_lower(word);  // a tag: for what follows it
        continue;
      }
      if (has_owners) word = word.substr(0, word.find('#'));
      const std::size_t dash = word.find('-');
      const auto first = to_number(word.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : to_number(word.substr(dash + 1));
      if (!first || !last) return fail(not_a_set(text));
      if (*first <= *last) insert(set.sources_[source], {*first, *last});
    }
  }
  return set;
}

Result<GtidSet> GtidSet::parse(std::string_view text) { return parse(text, false); }
Result<GtidSet> GtidSet::parse_owned(std::string_view text) { return parse(text, true); }

void GtidSet::add(std::string_view source, std::uint64_t number) {
  insert(sources_[ascii_lower(source)], {number, number});
}

void GtidSet::add(const GtidSet& other) {
  for (const auto& [source, intervals] : other.sources_) {
    for (const Interval& each : intervals) insert(sources_[source], each);
  }
}

bool GtidSet::contains(std::string_view source, std::uint64_t number) const {
  const auto found = sources_.find(source);
  if (found == sources_.end()) return false;
  const auto at = std::ranges::lower_bound(found->second, number, {}, &Interval::last);
  return at != found->second.end() && at->first <= number;
}

bool GtidSet::contains(const GtidSet& other) const { return other.minus(*this).is_empty(); }

GtidSet GtidSet::minus(const GtidSet& other) const {
  GtidSet left;
  for (const auto& [source, intervals] : sources_) {
    const auto removed = other.sources_.find(source);
    Intervals kept;
    for (Interval each : intervals) {
      bool is_left = true;
      if (removed != other.sources_.end()) {
        for (const Interval& hole : removed->second) {
          if (hole.last < each.first) continue;
          if (hole.first > each.last) break;
          if (hole.first > each.first) kept.push_back({each.first, hole.first - 1});
          is_left = hole.last < each.last;
          if (!is_left) break;
          each.first = hole.last + 1;
        }
      }
      if (is_left) kept.push_back(each);
    }
    if (!kept.empty()) left.sources_.emplace(source, std::move(kept));
  }
  return left;
}

std::uint64_t GtidSet::size() const {
  std::uint64_t count = 0;
  for (const auto& [source, intervals] : sources_) {
    for (const Interval& each : intervals) count += each.last - each.first + 1;
  }
  return count;
}

std::string GtidSet::to_text() const {
  std::string text;
  for (const auto& [source, intervals] : sources_) {
    if (!text.empty()) text += ',';
    text += source;
    for (const Interval& each : intervals) {
      text += fmt::format(":{}", each.first);
      if (each.last != each.first) text += fmt::format("-{}", each.last);
    }
  }
  return text;
}

}  // namespace tideway
