#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/compression.h"

namespace tideway {

enum class RoutedKind : std::uint8_t {
  ignore,
  database_schema,
  table_schema,
  view_schema,
  sql,
  csv,
  parquet
};

// One rule of the importer's file routing: what a path that the pattern (RE2) is found in means.
// The other fields are templates: $1, ${1}, $name, ${name}, $$; a group that took no part is empty.
struct FileRule {
  std::string pattern;
  std::string schema, table, type, key, compression;
  bool decodes_names =
      false;  // %2F in schema and table is /: the default rules do, rules of a user's do not
  std::string reason;  // of type ignore: why, for whoever asks
};

// What the exporter's and mydumper's names mean (docs/formats.md), first match first.
std::vector<FileRule> default_file_rules();

struct RoutedFile {
  RoutedKind kind = RoutedKind::ignore;
  std::string database, table, key;
  Compression compression = Compression::none;
  std::string reason;  // kind ignore
};

// Tells what files are by their paths. Immutable; any thread.
class FileRouter {
 public:
  // Error bad_value: a pattern RE2 does not take, a template that names no group, schema or type
  // missing.
  static Result<FileRouter> open(const std::vector<FileRule>& rules);
  FileRouter(FileRouter&&) noexcept;
  ~FileRouter();

  // nullopt: no rule matches. Error bad_value: `unknown source type`, `invalid compression type`.
  Result<std::optional<RoutedFile>> route(std::string_view path) const;

 private:
  struct Compiled;
  FileRouter();
  std::vector<std::unique_ptr<Compiled>> rules_;
};

}  // namespace tideway
