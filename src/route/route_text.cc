#include <fmt/format.h>

#include "route/rules.h"

namespace tideway {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// One half of a name: plain, `quoted` or /expression/.
struct Half {
  std::string text;
  enum class Kind : std::uint8_t { plain, quoted, expression } kind = Kind::plain;
};

// Up to the closing mark, which may stand in it doubled (`) or behind a backslash (/).
Result<Half> take_marked(std::string_view& rest) {
  const char mark = rest.front();
  Half half;
  half.kind = mark == '`' ? Half::Kind::quoted : Half::Kind::expression;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    const bool has_next = i + 1 < rest.size();
    if (mark == '/' && rest[i] == '\\' && has_next) {
      ++i;
      if (rest[i] != '/') half.text += '\\';
    } else if (rest[i] == mark) {
      if (mark != '`' || !has_next || rest[i + 1] != '`') {
        rest.remove_prefix(i + 1);
        return half;
      }
      ++i;
    }
    half.text += rest[i];
  }
  return fail(rule_error(fmt::format("the closing {} is missing", mark)));
}

Result<Half> take_half(std::string_view& rest) {
  if (rest.starts_with('`') || rest.starts_with('/')) return take_marked(rest);
  const std::size_t end = std::min(rest.find_first_of(".`/ \t"), rest.size());
  Half half{std::string(rest.substr(0, end)), Half::Kind::plain};
  if (half.text.empty()) return fail(rule_error("a name is missing"));
  rest.remove_prefix(end);
  return half;
}

struct Name {
  Half schema;
  std::optional<Half> table;
};

Result<Name> parse_name(std::string_view text) {
  std::string_view rest = trimmed(text);
  Name name{TRY(take_half(rest)), std::nullopt};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    name.table = TRY(take_half(rest));
  }
  if (!rest.empty()) return fail(rule_error(fmt::format("'{}' is too much", rest)));
  return name;
}

Result<NamePattern> pattern_of(const Half& half, FilterCase filter_case) {
  if (half.kind == Half::Kind::quoted) return NamePattern::of_name(half.text, filter_case);
  return NamePattern::parse(half.kind == Half::Kind::expression ? "~" + half.text : half.text,
                            filter_case);
}

bool is_star(const Half& half) { return half.kind == Half::Kind::plain && half.text == "*"; }

Result<std::string> target_of(const Half& half) {
  const bool is_name =
      half.kind == Half::Kind::quoted ||
      (half.kind == Half::Kind::plain && half.text.find_first_of("*?[~") == std::string::npos);
  if (!is_name || half.text.empty()) {
    return fail(rule_error(fmt::format(
        "the right side is a name, in `quotes` if it has special characters: '{}'", half.text)));
  }
  return half.text;
}

Result<RouteRule> read_route_text(std::string_view text, FilterCase filter_case) {
  const std::size_t arrow = text.find("=>");
  if (arrow == std::string_view::npos)
    return fail(rule_error("it has no => between source and target"));
  const Name from = TRY(parse_name(text.substr(0, arrow)));
  const Name to = TRY(parse_name(text.substr(arrow + 2)));
  RouteRule rule{std::string(trimmed(text)),
                 {TRY(pattern_of(from.schema, filter_case)), std::nullopt},
                 TRY(target_of(to.schema)),
                 {},
                 {}};
  const bool keeps_name = !to.table || is_star(*to.table);
  // A table of * on both sides moves the database as a whole, with its CREATE DATABASE.
  if (from.table && !(is_star(*from.table) && keeps_name))
    rule.from.table = TRY(pattern_of(*from.table, filter_case));
  if (!keeps_name) {
    if (!from.table)
      return fail(rule_error("a database cannot become a table: write shop.* on the left"));
    rule.target_table = TRY(target_of(*to.table));
  }
  return rule;
}

}  // namespace

Result<RouteRule> parse_route(std::string_view text, FilterCase filter_case) {
  auto rule = read_route_text(text, filter_case);
  if (!rule) return fail(rule_error(fmt::format("--route '{}': {}", text, rule.error().message())));
  return rule;
}

}  // namespace tideway
