#include "model/table_filter.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"

namespace tideway {
namespace {

// What one half of a rule asks of a name. A literal is compared, a regular expression searched
// (wildcards are anchored).
struct Anything {};
using Literal = std::string;
using Expression = std::shared_ptr<const RE2>;
using Pattern = std::variant<Anything, Literal, Expression>;

struct Rule {
  std::string text;
  bool is_positive = true;
  Pattern database, table;
};

bool matches(const Pattern& pattern, std::string_view name) {
  if (const auto* literal = std::get_if<Literal>(&pattern)) return *literal == name;
  if (const auto* expression = std::get_if<Expression>(&pattern)) {
    return RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), **expression);
  }
  return true;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool stands_for_itself(char c) {
  return is_alphanumeric(c) || c == '$' || c == '_' || is_beyond_ascii(c);
}
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

// One code point, or one byte that begins none; moved past.
std::pair<utf8proc_int32_t, std::string_view> take_code_point(std::string_view& text) {
  utf8proc_int32_t point = -1;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &point);
  const std::string_view bytes = text.substr(0, length > 0 ? static_cast<std::size_t>(length) : 1);
  text.remove_prefix(bytes.size());
  return {point, bytes};
}

// Reads rules; where it stands is part of every error.
class Parser {
 public:
  Parser(FilterCase filter_case, const TableFilter::FileReader& read)
      : case_(filter_case), read_(read) {}

  Result<void> add_line(std::string_view line);
  std::vector<Rule> take_rules() { return std::move(rules_); }

 private:
  Result<void> add_file(const std::string& path);
  Result<Pattern> take_pattern(std::string_view& rest);
  Result<Pattern> take_expression(std::string_view& rest);
  Result<Pattern> take_quoted(std::string_view& rest);
  Result<Pattern> take_wildcards(std::string_view& rest);
  Result<std::string> take_class(std::string_view& rest);
  Result<char> take_escaped(std::string_view& rest) const;
  Result<Pattern> compile(const std::string& text) const;

  std::string folded(std::string_view text) const {
    return case_ == FilterCase::sensitive ? std::string(text) : unicode_lower(text);
  }
  tl::unexpected<Error> wrong(std::string_view what) const {
    Evidence evidence;
    evidence.position = fmt::format("{}:{}", file_, line_number_);
    return fail(
        Error(ErrorCode::filter_syntax, Side::local, Retry::never, std::move(evidence),
              fmt::format("at {}:{}: {} in the rule '{}'", file_, line_number_, what, rule_)));
  }

  const FilterCase case_;
  const TableFilter::FileReader& read_;
  std::string file_ = "<cmdline>";
  std::size_t line_number_ = 1;
  bool in_file_ = false;
  std::string_view rule_;
  std::vector<Rule> rules_;
};

Result<void> Parser::add_line(std::string_view line) {
  rule_ = trimmed(line);
  std::string_view rest = rule_;
  if (rest.empty() || rest.front() == '#') return {};
  if (rest.front() == '@') {
    if (in_file_) return wrong("importing filter files recursively is not allowed");
    return add_file(std::string(rest.substr(1)));
  }
  Rule rule;
  rule.text = rule_;
  if (rest.front() == '!') {
    rule.is_positive = false;
    rest.remove_prefix(1);
  }
  rule.database = TRY(take_pattern(rest));
  if (rest.empty()) return wrong("wrong table pattern");
  if (rest.front() != '.')
    return wrong("syntax error: missing '.' between schema and table patterns");
  rest.remove_prefix(1);
  rule.table = TRY(take_pattern(rest));
  if (!rest.empty()) return wrong("syntax error: stray characters after table pattern");
  rules_.push_back(std::move(rule));
  return {};
}

Result<void> Parser::add_file(const std::string& path) {
  const auto text = read_(path);
  if (!text) return wrong(fmt::format("cannot open filter file: {}", text.error().message()));
  const auto outside = std::pair(file_, line_number_);
  file_ = path;
  line_number_ = 1;
  in_file_ = true;
  std::string_view rest = *text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    TRY(add_line(line));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++line_number_;
  }
  std::tie(file_, line_number_) = outside;
  in_file_ = false;
  return {};
}

Result<Pattern> Parser::take_pattern(std::string_view& rest) {
  if (rest.empty()) return wrong("syntax error: missing pattern");
  if (rest.front() == '/') return take_expression(rest);
  if (rest.front() == '"' || rest.front() == '`') return take_quoted(rest);
  return take_wildcards(rest);
}

Result<Pattern> Parser::compile(const std::string& text) const {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto expression =
      std::make_shared<const RE2>((case_ == FilterCase::sensitive ? "" : "(?i)") + text, options);
  if (!expression->ok()) return wrong(fmt::format("invalid pattern: {}", expression->error()));
  return Pattern(std::move(expression));
}

Result<Pattern> Parser::take_expression(std::string_view& rest) {
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '/') {
      if (text.empty()) break;  // at least one character
      rest.remove_prefix(i + 1);
      return compile(text);
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) {
      ++i;
      if (rest[i] != '/') text += '\\';
    }
    text += rest[i];
  }
  return wrong("syntax error: incomplete regexp");
}

Result<Pattern> Parser::take_quoted(std::string_view& rest) {
  const char quote = rest.front();
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == quote) {
      const bool is_doubled = i + 1 < rest.size() && rest[i + 1] == quote;
      if (!is_doubled && text.empty()) break;  // at least one character
      if (!is_doubled) {
        rest.remove_prefix(i + 1);
        return Pattern(folded(text));
      }
      ++i;
    }
    text += rest[i];
  }
  return wrong("syntax error: incomplete quoted identifier");
}

// rest begins with the backslash.
Result<char> Parser::take_escaped(std::string_view& rest) const {
  if (rest.size() < 2) return wrong("syntax error: cannot place \\ at end of line");
  const char c = rest[1];
  if (is_alphanumeric(c)) {
    return wrong(fmt::format(
        "cannot escape a letter or number (\\{}), it is reserved for future extension", c));
  }
  rest.remove_prefix(2);
  return c;
}

Result<Pattern> Parser::take_wildcards(std::string_view& rest) {
  std::string run, expression;  // `run`: literal text since the last wildcard
  bool is_literal = true, is_only_star = true;
  const auto add_wildcard = [&](std::string_view text) {
    expression += RE2::QuoteMeta(folded(run));
    expression += text;
    run.clear();
    is_literal = false;
  };
  std::size_t characters = 0;
  for (; !rest.empty() && rest.front() != '.'; ++characters) {
    const char c = rest.front();
    is_only_star = c == '*' && characters == 0;
    if (c == '*' || c == '?') {
      add_wildcard(c == '*' ? ".*" : ".");
      rest.remove_prefix(1);
    } else if (c == '[') {
      add_wildcard(TRY(take_class(rest)));
    } else if (c == '\\') {
      run += TRY(take_escaped(rest));
    } else if (stands_for_itself(c)) {
      run += c;
      rest.remove_prefix(1);
    } else {
      return wrong(fmt::format("unexpected special character '{}'", c));
    }
  }
  if (characters == 0) return wrong("syntax error: missing pattern");
  if (is_literal) return Pattern(folded(run));
  if (is_only_star) return Pattern(Anything{});
  return compile("(?s)^" + expression + RE2::QuoteMeta(folded(run)) + "$");
}

// rest begins with the bracket. Every member is written as its number, so that nothing in it is
// special to RE2.
Result<std::string> Parser::take_class(std::string_view& rest) {
  static constexpr std::string_view broken = "syntax error: failed to parse character class";
  std::string text = "[";
  std::string_view inner = rest.substr(1);
  if (inner.starts_with('!')) {
    text += '^';
    inner.remove_prefix(1);
  }
  std::size_t members = 0;
  const auto take_member = [&]() -> Result<void> {
    if (inner.starts_with('\\')) {
      if (inner.size() < 2 || is_alphanumeric(inner[1])) return wrong(broken);
      inner.remove_prefix(1);
    }
    if (inner.empty()) return wrong(broken);
    const auto [point, bytes] = take_code_point(inner);
    if (point < 0) return wrong("invalid pattern: no UTF-8");
    text += fmt::format("\\x{{{:X}}}", point);
    ++members;
    return {};
  };
  while (!inner.empty() && inner.front() != ']') {
    TRY(take_member());
    if (inner.size() >= 2 && inner[0] == '-' && inner[1] != ']') {
      inner.remove_prefix(1);
      text += '-';
      TRY(take_member());
    }
  }
  if (inner.empty() || members == 0) return wrong(broken);
  rest = inner.substr(1);
  return text + "]";
}

}  // namespace

std::string unicode_lower(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  while (!text.empty()) {
    const auto [point, bytes] = take_code_point(text);
    std::array<utf8proc_uint8_t, 4> encoded{};
    const auto length =
        point < 0 ? 0 : utf8proc_encode_char(utf8proc_tolower(point), encoded.data());
    if (length > 0) {
      lower.append(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length));
    } else {
      lower.append(bytes);
    }
  }
  return lower;
}

// Rules, the exact names of a tables filter, or somebody who knows.
struct TableFilter::Rules {
  FilterCase filter_case = FilterCase::insensitive;
  std::vector<Rule> rules;
  bool is_list = false;
  std::set<TableId> tables;
  std::set<std::string> databases;
  std::function<bool(const TableId&)> ask_table;
  std::function<bool(std::string_view)> ask_database;

  std::string folded(std::string_view name) const {
    return filter_case == FilterCase::sensitive ? std::string(name) : unicode_lower(name);
  }
  // The last rule that matches a folded name, or nullptr.
  const Rule* deciding(const TableId& name) const {
    const auto found = std::find_if(rules.rbegin(), rules.rend(), [&name](const Rule& rule) {
      return matches(rule.database, name.database) && matches(rule.table, name.name);
    });
    return found == rules.rend() ? nullptr : &*found;
  }
};

TableFilter::TableFilter(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

Result<TableFilter> TableFilter::parse(const std::vector<std::string>& rules,
                                       FilterCase filter_case) {
  return parse(rules, filter_case, [](const std::string& path) { return read_small_file(path); });
}

Result<TableFilter> TableFilter::parse(const std::vector<std::string>& rules,
                                       FilterCase filter_case, const FileReader& read) {
  Parser parser(filter_case, read);
  for (const std::string& rule : rules) TRY(parser.add_line(rule));
  auto parsed = std::make_shared<Rules>();
  parsed->filter_case = filter_case;
  parsed->rules = parser.take_rules();
  return TableFilter(std::move(parsed));
}

Result<TableFilter> TableFilter::of_tables(const std::vector<std::string>& names,
                                           FilterCase filter_case) {
  auto list = std::make_shared<Rules>();
  list->filter_case = filter_case;
  list->is_list = true;
  for (const std::string& name : names) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      return fail(Error(
          ErrorCode::bad_value, Side::local, Retry::never,
          fmt::format("--tables-list only accepts qualified table names, but `{}` lacks a dot",
                      name)));
    }
    TableId table{list->folded(name.substr(0, dot)), list->folded(name.substr(dot + 1))};
    list->databases.insert(table.database);
    list->tables.insert(std::move(table));
  }
  return TableFilter(std::move(list));
}

TableFilter TableFilter::of_questions(std::function<bool(const TableId&)> table,
                                      std::function<bool(std::string_view)> database) {
  auto asking = std::make_shared<Rules>();
  asking->ask_table = std::move(table);
  asking->ask_database = std::move(database);
  return TableFilter(std::move(asking));
}

const std::vector<std::string>& TableFilter::default_rules() {
  static const std::vector<std::string> rules = {
      "*.*",
      "!/"
      "^(mysql|sys|INFORMATION_SCHEMA|PERFORMANCE_SCHEMA|METRICS_SCHEMA|INSPECTION_SCHEMA|tideway_"
      "meta)$/.*",
  };
  return rules;
}

TableFilter TableFilter::everything_but_system() {
  auto filter = parse(default_rules());
  CHECK(filter.has_value());
  return std::move(*filter);
}

bool TableFilter::matches_table(std::string_view database, std::string_view table) const {
  if (rules_->ask_table) return rules_->ask_table({std::string(database), std::string(table)});
  const TableId name{rules_->folded(database), rules_->folded(table)};
  if (rules_->is_list) return rules_->tables.contains(name);
  const Rule* rule = rules_->deciding(name);
  return rule != nullptr && rule->is_positive;
}

std::string TableFilter::rule_for(const TableId& table) const {
  const TableId name{rules_->folded(table.database), rules_->folded(table.name)};
  if (rules_->tables.contains(name)) return quoted(table);
  const Rule* rule = rules_->deciding(name);
  return rule == nullptr ? std::string() : rule->text;
}

bool TableFilter::matches_database(std::string_view database) const {
  if (rules_->ask_database) return rules_->ask_database(database);
  const std::string name = rules_->folded(database);
  if (rules_->is_list) return rules_->databases.contains(name);
  const auto& rules = rules_->rules;
  const auto decides = std::find_if(rules.rbegin(), rules.rend(), [&name](const Rule& rule) {
    return (rule.is_positive || std::holds_alternative<Anything>(rule.table)) &&
           matches(rule.database, name);
  });
  return decides != rules.rend() && decides->is_positive;
}

bool is_system_database(std::string_view database) {
  constexpr std::array<std::string_view, 8> names = {
      "mysql",          "information_schema", "performance_schema", "sys",
      "metrics_schema", "inspection_schema",  "tideway_meta",       "dm_meta"};
  return std::ranges::find(names, ascii_lower(database)) != names.end();
}

}  // namespace tideway
