#include "dumpfile/file_rules.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "base/text.h"
#include "dumpfile/file_name.h"

namespace tideway {
namespace {

constexpr std::string_view any_folder = "(?i)^(?:[^/]*/)*([^/.]+)";

Error rule_error(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

FileRule ignored(std::string pattern, std::string reason) {
  FileRule rule;
  rule.pattern = std::move(pattern);
  rule.type = "ignore";
  rule.reason = std::move(reason);
  return rule;
}

FileRule schema_rule(std::string_view pattern, std::string table, std::string type,
                     std::string compression) {
  return {std::string(any_folder) + std::string(pattern),
          "$1",
          std::move(table),
          std::move(type),
          "",
          std::move(compression),
          true,
          ""};
}

// A template, cut into texts and numbers of groups.
struct Piece {
  std::string text;
  int group = -1;
};
using Pieces = std::vector<Piece>;

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

Result<int> group_of(std::string_view name, const RE2& pattern) {
  int number = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed == std::errc() && end == name.data() + name.size()) {
    if (number < 0 || number > pattern.NumberOfCapturingGroups())
      return fail(rule_error(fmt::format("sub pattern capture '${}' out of range", name)));
    return number;
  }
  const auto& named = pattern.NamedCapturingGroups();
  const auto found = named.find(std::string(name));
  if (found == named.end())
    return fail(rule_error(fmt::format("invalid named capture '${}'", name)));
  return found->second;
}

Result<Pieces> parse_template(std::string_view text, const RE2& pattern) {
  Pieces pieces;
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      plain += text[at++];
      continue;
    }
    ++at;
    if (at < text.size() && text[at] == '$') {
      plain += text[at++];
      continue;
    }
    const bool is_braced = at < text.size() && text[at] == '{';
    if (is_braced) ++at;
    const std::size_t start = at;
    while (at < text.size() && is_name_byte(text[at])) ++at;
    const std::string_view name = text.substr(start, at - start);
    if (name.empty() || (is_braced && (at == text.size() || text[at] != '}')))
      return fail(rule_error(fmt::format("'{}' is no template", text)));
    if (is_braced) ++at;
    if (!plain.empty()) pieces.push_back({std::exchange(plain, {}), -1});
    pieces.push_back({"", TRY(group_of(name, pattern))});
  }
  if (!plain.empty()) pieces.push_back({std::move(plain), -1});
  return pieces;
}

std::string expanded(const Pieces& pieces, const std::vector<re2::StringPiece>& groups) {
  std::string text;
  for (const Piece& piece : pieces) {
    if (piece.group < 0) {
      text += piece.text;
    } else {
      const auto& group = groups[static_cast<std::size_t>(piece.group)];
      text.append(group.data(), group.size());
    }
  }
  return text;
}

Result<RoutedKind> kind_of(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, RoutedKind>, 7> kinds{
      {{"schema-schema", RoutedKind::database_schema},
       {"table-schema", RoutedKind::table_schema},
       {"view-schema", RoutedKind::view_schema},
       {"sql", RoutedKind::sql},
       {"csv", RoutedKind::csv},
       {"parquet", RoutedKind::parquet},
       {"ignore", RoutedKind::ignore}}};
  while (!type.empty() && type.front() == ' ') type.remove_prefix(1);
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  const std::string lower = ascii_lower(type);
  for (const auto& [name, kind] : kinds) {
    if (name == lower) return kind;
  }
  return fail(rule_error(fmt::format("unknown source type '{}'", type)));
}

Result<Compression> compression_from(const std::string& word) {
  if (word.empty()) return Compression::none;
  const Compression compression = compression_of("x." + word);
  if (compression == Compression::none)
    return fail(rule_error(fmt::format("invalid compression type '{}'", word)));
  return compression;
}

}  // namespace

struct FileRouter::Compiled {
  explicit Compiled(const FileRule& rule)
      : pattern(rule.pattern, options()), decodes_names(rule.decodes_names), reason(rule.reason) {}
  static RE2::Options options() {
    RE2::Options made;
    made.set_log_errors(false);
    made.set_encoding(RE2::Options::EncodingLatin1);  // file names are bytes
    return made;
  }
  const RE2 pattern;
  Pieces schema, table, type, key, compression;
  const bool decodes_names;
  const std::string reason;
};

FileRouter::FileRouter() = default;
FileRouter::FileRouter(FileRouter&&) noexcept = default;
FileRouter::~FileRouter() = default;

std::vector<FileRule> default_file_rules() {
  return {
      ignored(R"((?i)(?:^|/)metadata(?:\.partial)?$)", "the dump's metadata"),
      ignored(R"((?i)-schema-(?:triggers?|post)\.sql(?:\.\w*)?$)",
              "triggers, events and routines are not carried over"),
      ignored(R"((?i)-schema-sequence\.sql(?:\.\w*)?$)", "sequences are not carried over"),
      ignored(R"((?i)-placement-policy-create\.sql(?:\.\w*)?$)",
              "placement policies are not carried over"),
      ignored(R"((?i)\.(?:sql|csv|parquet)(?:\.\w+)?\.bak$)", "a backup of a file"),
      schema_rule(R"(-schema-create\.sql(?:\.(\w*?))?$)", "", "schema-schema", "$2"),
      schema_rule(R"(\.(.*?)-schema\.sql(?:\.(\w*?))?$)", "$2", "table-schema", "$3"),
      schema_rule(R"(\.(.*?)-schema-view\.sql(?:\.(\w*?))?$)", "$2", "view-schema", "$3"),
      {std::string(any_folder) + R"(\.(.*?)(?:\.([0-9]+))?\.(sql|csv|parquet)(?:\.(\w+))?$)", "$1",
       "$2", "$4", "$3", "$5", true, ""},
  };
}

Result<FileRouter> FileRouter::open(const std::vector<FileRule>& rules) {
  FileRouter router;
  for (const FileRule& rule : rules) {
    auto compiled = std::make_unique<Compiled>(rule);
    if (!compiled->pattern.ok())
      return fail(rule_error(
          fmt::format("file route pattern '{}': {}", rule.pattern, compiled->pattern.error())));
    if (rule.type.empty()) return fail(rule_error("field 'type' match pattern can't be empty"));
    if (rule.type != "ignore") {
      if (rule.schema.empty())
        return fail(rule_error("field 'schema' match pattern can't be empty"));
      if (rule.table.empty() && rule.type != "schema-schema")
        return fail(rule_error("field 'table' match pattern can't be empty"));
    }
    for (const auto& [text, pieces] :
         {std::pair{&rule.schema, &compiled->schema}, std::pair{&rule.table, &compiled->table},
          std::pair{&rule.type, &compiled->type}, std::pair{&rule.key, &compiled->key},
          std::pair{&rule.compression, &compiled->compression}}) {
      *pieces = TRY(parse_template(*text, compiled->pattern));
    }
    router.rules_.push_back(std::move(compiled));
  }
  return router;
}

Result<std::optional<RoutedFile>> FileRouter::route(std::string_view path) const {
  for (const auto& rule : rules_) {
    std::vector<re2::StringPiece> groups(
        static_cast<std::size_t>(rule->pattern.NumberOfCapturingGroups()) + 1);
    const re2::StringPiece text(path.data(), path.size());
    if (!rule->pattern.Match(text, 0, text.size(), RE2::UNANCHORED, groups.data(),
                             static_cast<int>(groups.size())))
      continue;
    RoutedFile file;
    file.kind = TRY(kind_of(expanded(rule->type, groups)));
    file.reason = rule->reason;
    if (file.kind == RoutedKind::ignore) return file;
    file.database = expanded(rule->schema, groups);
    if (file.kind != RoutedKind::database_schema) file.table = expanded(rule->table, groups);
    if (rule->decodes_names) {
      file.database = unescape_name(file.database);
      file.table = unescape_name(file.table);
    }
    file.key = expanded(rule->key, groups);
    auto compression = compression_from(expanded(rule->compression, groups));
    if (!compression) return fail(std::move(compression).error().during(std::string(path)));
    file.compression = *compression;
    return file;
  }
  return std::nullopt;
}

}  // namespace tideway
