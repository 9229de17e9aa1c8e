#include "binlog/gtid_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "binlog/event_bytes.h"

namespace tideway {
namespace {

constexpr std::size_t uuid_text = 36;

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
  if (text.size() != uuid_text) return false;
  for (std::size_t i = 0; i < uuid_text; ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0)
      return false;
  }
  return true;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value == 0 || value > GtidSet::last_number) return std::nullopt;
  return value;
}

// A tag as servers accept it, in lower case.
bool is_tag(std::string_view text) {
  constexpr std::size_t longest = 32;
  const auto fits = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };
  return !text.empty() && text.size() <= longest && fits(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return fits(c) || (c >= '0' && c <= '9'); });
}

constexpr std::uint64_t tagged_form = 1;  // in the first and the last byte of the count
constexpr std::size_t uuid_bytes = 16;

unsigned digit(char hex) { return static_cast<unsigned>(hex <= '9' ? hex - '0' : hex - 'a' + 10); }

Error not_a_set(std::string_view text) {
  return {ErrorCode::unexpected_answer, Side::source, Retry::never,
          fmt::format("'{}' is not a GTID set", visible(text.substr(0, 200)))};
}

}  // namespace

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
        if (!is_tag(ascii_lower(word))) return fail(not_a_set(text));
        continue;
      }
      if (has_owners) word = word.substr(0, word.find('#'));
      const std::size_t dash = word.find('-');
      const auto first = to_number(word.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : to_number(word.substr(dash + 1));
      if (!first || !last) return fail(not_a_set(text));
      if (*first <= *last) set.sources_[source].add({*first, *last});
    }
  }
  return set;
}

Result<GtidSet> GtidSet::parse(std::string_view text) { return parse(text, false); }
Result<GtidSet> GtidSet::parse_owned(std::string_view text) { return parse(text, true); }

Result<GtidSet> GtidSet::decode(std::string_view bytes) {
  EventBytes reader(bytes);
  std::uint64_t count = reader.u64();
  const bool has_tags = count >> 56U != 0;
  if (has_tags) {
    if (count >> 56U != tagged_form || (count & 0xFFU) != tagged_form)
      return fail(not_a_set(bytes));
    count = count >> 8U & 0xFFFFFFFFFFFFU;
  }
  GtidSet set;
  for (; count > 0 && !reader.has_failed(); --count) {
    std::string source = to_uuid_text(reader.take(uuid_bytes));
    if (has_tags) {
      const std::string_view tag = reader.take(reader.trailing_ones());
      if (!tag.empty()) {
        if (!is_tag(tag)) return fail(not_a_set(bytes));
        source += ":" + std::string(tag);
      }
    }
    for (std::uint64_t ranges = reader.u64(); ranges > 0 && !reader.has_failed(); --ranges) {
      const std::uint64_t first = reader.u64(), behind = reader.u64();
      if (reader.has_failed()) break;
      if (first == 0 || first >= behind || behind > last_number + 1) return fail(not_a_set(bytes));
      set.sources_[source].add({first, behind - 1});
    }
  }
  if (reader.has_failed() || !reader.is_at_end()) return fail(not_a_set(bytes));
  return set;
}

std::string GtidSet::encode() const {
  const bool has_tags =
      std::ranges::any_of(sources_, [](const auto& each) { return each.first.size() > uuid_text; });
  std::string out;
  append_number(
      out, has_tags ? tagged_form << 56U | sources_.size() << 8U | tagged_form : sources_.size(),
      8);
  for (const auto& [source, intervals] : sources_) {
    for (std::size_t i = 0; i < uuid_text; i += source[i] == '-' ? 1U : 2U) {
      if (source[i] != '-') out += static_cast<char>(digit(source[i]) << 4 | digit(source[i + 1]));
    }
    if (has_tags) {
      const std::string_view tag =
          source.size() > uuid_text ? std::string_view(source).substr(uuid_text + 1) : "";
      append_number(out, tag.size() << 1U, 1);
      out += tag;
    }
    append_number(out, intervals.ranges().size(), 8);
    for (const Intervals::Range& range : intervals.ranges()) {
      append_number(out, range.first, 8);
      append_number(out, range.last + 1, 8);
    }
  }
  return out;
}

void GtidSet::add(std::string_view source, std::uint64_t number) {
  CHECK(is_uuid(source.substr(0, uuid_text)) && number != 0 && number <= last_number);
  sources_[ascii_lower(source)].add({number, number});
}

void GtidSet::add(std::string_view source, const Intervals& numbers) {
  CHECK(is_uuid(source.substr(0, uuid_text)) && !numbers.is_empty());
  sources_[ascii_lower(source)].add(numbers);
}

void GtidSet::add(const GtidSet& other) {
  for (const auto& [source, intervals] : other.sources_) sources_[source].add(intervals);
}

bool GtidSet::contains(std::string_view source, std::uint64_t number) const {
  const auto found = sources_.find(source);
  return found != sources_.end() && found->second.contains(Intervals::Range{number, number});
}

bool GtidSet::contains(const GtidSet& other) const {
  return std::ranges::all_of(other.sources_, [this](const auto& each) {
    const auto found = sources_.find(each.first);
    return found != sources_.end() && found->second.contains(each.second);
  });
}

GtidSet GtidSet::minus(const GtidSet& other) const {
  GtidSet left;
  for (const auto& [source, intervals] : sources_) {
    Intervals kept = intervals;
    const auto removed = other.sources_.find(source);
    if (removed != other.sources_.end()) kept.remove(removed->second);
    if (!kept.is_empty()) left.sources_.emplace(source, std::move(kept));
  }
  return left;
}

std::uint64_t GtidSet::size() const {
  std::uint64_t count = 0;
  for (const auto& [source, intervals] : sources_) count += intervals.size();
  return count;
}

std::string GtidSet::to_text() const {
  std::string text;
  for (const auto& [source, intervals] : sources_) {
    if (!text.empty()) text += ',';
    text += source;
    for (const Intervals::Range& each : intervals.ranges()) {
      text += fmt::format(":{}", each.first);
      if (each.last != each.first) text += fmt::format("-{}", each.last);
    }
  }
  return text;
}

std::string to_uuid_text(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += to_hex(bytes.substr(i, 1));
  }
  return text;
}

}  // namespace tideway
