#include "recipe/given_definitions.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "base/text.h"
#include "dumpfile/part_list.h"
#include "recipe/place.h"
#include "sql/create_table.h"
#include "sql/schema_file.h"

namespace tideway::recipe {
namespace {

using Tables = std::map<TableId, TablePtr>;

// The name in USE `name`; nullopt: another statement.
std::optional<std::string> used_database(std::string_view statement) {
  constexpr std::string_view word = "use";
  if (ascii_lower(statement.substr(0, word.size())) != word) return std::nullopt;
  const auto begin = statement.find_first_not_of(" \t\r\n`", word.size());
  const auto end = statement.find_last_not_of(" \t\r\n`;");
  if (begin == std::string_view::npos || begin == word.size() || end < begin) return std::nullopt;
  return std::string(statement.substr(begin, end - begin + 1));
}

Result<void> read_file(const std::string& path, std::string database, Tables& tables) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(Error(ErrorCode::storage_missing, Side::local, Retry::after_operator,
                      path + " cannot be read"));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const SchemaStatement& statement : TRY(read_schema_file(text))) {
    if (auto used = used_database(statement.text)) database = *std::move(used);
    if (statement.kind != SchemaStatement::Kind::create_table) continue;
    auto table = std::make_shared<TableDef>(TRY(parse_create_table(statement.text, database)));
    if (table->id.database.empty()) {
      return fail(Error(ErrorCode::file_syntax, Side::local, Retry::after_operator,
                        fmt::format("line {}: the database of table {} is not told: name it, or "
                                    "write USE before",
                                    statement.line, table->id.name)));
    }
    const TableId id = table->id;
    tables.insert_or_assign(id, std::move(table));
  }
  return {};
}

}  // namespace

Result<std::map<TableId, TablePtr>> read_definitions(const std::string& path) {
  Tables tables;
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    TRY_DURING("reading " + path, read_file(path, "", tables));
    return tables;
  }
  SpaceWatch space;
  const auto place = TRY(open_place(path, space));
  for (const InputTable& table : TRY_DURING("listing " + path, list_parts(*place)).tables) {
    if (table.schema_path.empty() || !table.view_path.empty()) continue;
    const std::string file = path + "/" + table.schema_path;
    TRY_DURING("reading " + file, read_file(file, table.id.database, tables));
  }
  return tables;
}

}  // namespace tideway::recipe
