#include "sql/described.h"

#include <algorithm>

#include "sql/charset.h"
#include "sql/table_text.h"

namespace tideway::testing {
namespace {

std::string key_line(const TableDef& table, const Key& key) {
  std::string out = "key " + key.name + " " + std::to_string(static_cast<int>(key.kind)) + " (";
  for (const KeyPart& part : key.parts) {
    out += part.expression.empty() ? table.columns[part.column].name : "expression";
    if (part.prefix_length != 0) out += "/" + std::to_string(part.prefix_length);
    out += part.is_descending ? " desc," : ",";
  }
  return out + ")" + (key.is_invisible ? " invisible" : "") + "\n";
}

std::string foreign_line(const ForeignKey& key) {
  std::string out = "foreign " + key.name + " (";
  for (const std::string& column : key.columns) out += column + ",";
  out += ") -> " + key.referenced.database + "." + key.referenced.name + " (";
  for (const std::string& column : key.referenced_columns) out += column + ",";
  out += ")";
  // NO ACTION and RESTRICT are what holds without a word; servers show one, the other or none.
  const auto action = [](const std::string& word) {
    return word == "NO ACTION" || word == "RESTRICT" ? std::string() : word;
  };
  return out + " delete " + action(key.on_delete) + " update " + action(key.on_update) + "\n";
}

}  // namespace

std::string described(const TableDef& table) {
  std::string out = table.id.database + "." + table.id.name + " " +
                    canonical_charset(table.charset) + "/" + canonical_charset(table.collation) +
                    "\n";
  for (const Column& column : table.columns) {
    out += "column " + column.name + " " + to_text(column.type) + " " +
           canonical_charset(column.type.charset) + "/" + canonical_charset(column.type.collation);
    out += column.is_nullable ? " null" : " not-null";
    if (column.generated != Generated::no)
      out += column.generated == Generated::stored ? " stored" : " virtual";
    if (column.is_invisible) out += " invisible";
    if (column.is_auto_increment) out += " auto-increment";
    if (!column.on_update.empty()) out += " follows-clock";
    if (column.default_text && *column.default_text != "NULL") out += " default";
    out += "\n";
  }
  for (const Key& key : table.keys) out += key_line(table, key);
  std::vector<std::string> foreign;
  for (const ForeignKey& key : table.foreign_keys) foreign.push_back(foreign_line(key));
  std::ranges::sort(foreign);
  for (const std::string& line : foreign) out += line;
  return out + "checks " + std::to_string(table.checks.size()) + "\n" +
         (table.partition_text.empty() ? "" : "partitioned\n");
}

}  // namespace tideway::testing
