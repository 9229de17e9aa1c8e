#include "route/name_pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace tideway {
namespace {

// At a bracket: the class behind it as RE2 writes it, and moved behind its end. Empty: it is not
// closed.
std::string take_class(std::string_view& rest) {
  const std::size_t first = rest.size() > 1 && rest[1] == '!' ? 2 : 1;
  const std::size_t end = rest.find(']', first + 1);
  if (end == std::string_view::npos) return {};
  std::string text = first == 2 ? "[^" : "[";
  for (std::size_t i = first; i < end; ++i) {
    const char c = rest[i];
    const bool is_range = c == '-' && i > first && i + 1 < end;
    if (!is_range && (c == '\\' || c == '[' || c == ']' || c == '^' || c == '-')) text += '\\';
    text += c;
  }
  rest.remove_prefix(end + 1);
  return text + "]";
}

// The glob as an expression; empty: nothing in it is special.
std::string expression_of(std::string_view glob) {
  std::string text = "(?s)^";
  bool is_special = false;
  while (!glob.empty()) {
    const char c = glob.front();
    if (c == '[') {
      const std::string of_class = take_class(glob);
      if (!of_class.empty()) {
        text += of_class;
        is_special = true;
        continue;
      }
    } else if (c == '*' || c == '?') {
      text += c == '*' ? ".*" : ".";
      glob.remove_prefix(1);
      is_special = true;
      continue;
    }
    const std::size_t run = std::min(glob.find_first_of("*?[", 1), glob.size());
    text += RE2::QuoteMeta(re2::StringPiece(glob.data(), run));
    glob.remove_prefix(run);
  }
  return is_special ? text + "$" : std::string();
}

}  // namespace

Error rule_error(std::string message) {
  return {ErrorCode::route_rule, Side::local, Retry::never, std::move(message)};
}

Result<std::shared_ptr<const re2::RE2>> compile_expression(const std::string& text, bool folds) {
  RE2::Options options;
  options.set_log_errors(false);
  auto expression = std::make_shared<const RE2>((folds ? "(?i)" : "") + text, options);
  if (!expression->ok()) {
    return fail(rule_error(
        fmt::format("the regular expression '{}' cannot be read: {}", text, expression->error())));
  }
  return expression;
}

Result<NamePattern> NamePattern::parse(std::string_view text, FilterCase filter_case) {
  if (text.empty() || text == "~") return fail(rule_error("a pattern of names is empty"));
  NamePattern pattern;
  pattern.text_ = text;
  pattern.folds_ = filter_case == FilterCase::insensitive;
  if (text.front() == '~') {
    pattern.expression_ = TRY(compile_expression(std::string(text.substr(1)), pattern.folds_));
    return pattern;
  }
  const std::string folded = pattern.folds_ ? unicode_lower(text) : std::string(text);
  const std::string expression = expression_of(folded);
  if (expression.empty()) {
    pattern.literal_ = folded;
  } else {
    pattern.expression_ = TRY(compile_expression(expression, false));
  }
  return pattern;
}

NamePattern NamePattern::of_name(std::string_view name, FilterCase filter_case) {
  NamePattern pattern;
  pattern.text_ = name;
  pattern.folds_ = filter_case == FilterCase::insensitive;
  pattern.literal_ = pattern.folds_ ? unicode_lower(name) : std::string(name);
  return pattern;
}

bool NamePattern::matches(std::string_view name) const {
  const std::string folded = folds_ ? unicode_lower(name) : std::string(name);
  if (expression_ == nullptr) return folded == literal_;
  return RE2::PartialMatch(folded, *expression_);
}

bool TablePattern::matches(const TableId& id) const {
  if (!schema.matches(id.database)) return false;
  return !table || (!id.name.empty() && table->matches(id.name));
}

std::string TablePattern::text() const {
  return table ? schema.text() + "." + table->text() : schema.text();
}

}  // namespace tideway
