#include "sql/table_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sql/literal.h"

namespace tideway {
namespace {

std::string sized(std::string_view name, std::uint32_t length) {
  return length == 0 ? std::string(name) : fmt::format("{}({})", name, length);
}

// FLOAT(7,3): digits and decimals, or neither.
std::string scaled(std::string_view name, const ColumnType& type) {
  return type.length == 0 ? std::string(name)
                          : fmt::format("{}({},{})", name, type.length, type.decimals);
}

std::string labelled(std::string_view name, const ColumnType& type) {
  std::string out(name);
  out += '(';
  for (std::size_t i = 0; i < type.labels.size(); ++i) {
    if (i > 0) out += ',';
    append_quoted(out, type.labels[i]);
  }
  return out + ')';
}

std::string bare_text(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::tiny_int:
      return sized("tinyint", type.length);
    case TypeKind::small_int:
      return sized("smallint", type.length);
    case TypeKind::medium_int:
      return sized("mediumint", type.length);
    case TypeKind::integer:
      return sized("int", type.length);
    case TypeKind::big_int:
      return sized("bigint", type.length);
    case TypeKind::decimal:
      return fmt::format("decimal({},{})", type.length == 0 ? 10 : type.length, type.decimals);
    case TypeKind::float_number:
      return scaled("float", type);
    case TypeKind::double_number:
      return scaled("double", type);
    case TypeKind::bit:
      return sized("bit", type.length);
    case TypeKind::year:
      return sized("year", type.length);
    case TypeKind::date:
      return "date";
    case TypeKind::time:
      return sized("time", type.decimals);
    case TypeKind::datetime:
      return sized("datetime", type.decimals);
    case TypeKind::timestamp:
      return sized("timestamp", type.decimals);
    case TypeKind::fixed_char:
      return fmt::format("char({})", type.length);
    case TypeKind::var_char:
      return fmt::format("varchar({})", type.length);
    case TypeKind::fixed_binary:
      return fmt::format("binary({})", type.length);
    case TypeKind::var_binary:
      return fmt::format("varbinary({})", type.length);
    case TypeKind::tiny_text:
      return "tinytext";
    case TypeKind::text:
      return "text";
    case TypeKind::medium_text:
      return "mediumtext";
    case TypeKind::long_text:
      return "longtext";
    case TypeKind::tiny_blob:
      return "tinyblob";
    case TypeKind::blob:
      return "blob";
    case TypeKind::medium_blob:
      return "mediumblob";
    case TypeKind::long_blob:
      return "longblob";
    case TypeKind::enumeration:
      return labelled("enum", type);
    case TypeKind::set:
      return labelled("set", type);
    case TypeKind::json:
      return "json";
    case TypeKind::geometry:
    case TypeKind::vector:
    case TypeKind::unknown:
      return type.text;
  }
  return type.text;
}

std::string_view words_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::primary:
      return "PRIMARY KEY";
    case KeyKind::unique:
      return "UNIQUE KEY ";
    case KeyKind::plain:
      return "KEY ";
    case KeyKind::fulltext:
      return "FULLTEXT KEY ";
    case KeyKind::spatial:
      return "SPATIAL KEY ";
  }
  return {};
}

void append_key(std::string& out, const TableDef& table, const Key& key) {
  out += words_of(key.kind);
  if (key.kind != KeyKind::primary) out += quoted(key.name);
  out += " (";
  for (std::size_t i = 0; i < key.parts.size(); ++i) {
    const KeyPart& part = key.parts[i];
    if (i > 0) out += ',';
    out += part.expression.empty() ? quoted(table.columns[part.column].name) : part.expression;
    if (part.prefix_length != 0) out += fmt::format("({})", part.prefix_length);
    if (part.is_descending) out += " DESC";
  }
  out += ')';
  if (!key.options.empty()) out += " " + key.options;
  if (key.is_invisible) out += " INVISIBLE";
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out = "(";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ", ";
    out += quoted(names[i]);
  }
  return out + ")";
}

void append_foreign_key(std::string& out, const TableDef& table, const ForeignKey& key) {
  if (!key.name.empty()) out += "CONSTRAINT " + quoted(key.name) + " ";
  out += "FOREIGN KEY " + list_of(key.columns) + " REFERENCES ";
  out += key.referenced.database == table.id.database ? quoted(key.referenced.name)
                                                      : quoted(key.referenced);
  if (!key.referenced_columns.empty()) out += " " + list_of(key.referenced_columns);
  if (!key.on_delete.empty()) out += " ON DELETE " + key.on_delete;
  if (!key.on_update.empty()) out += " ON UPDATE " + key.on_update;
}

}  // namespace

std::string to_text(const ColumnType& type) {
  std::string out = bare_text(type);
  const bool has_sign = is_integer(type.kind) || type.kind == TypeKind::decimal ||
                        type.kind == TypeKind::float_number || type.kind == TypeKind::double_number;
  if (has_sign && type.is_unsigned) out += " unsigned";
  if (has_sign && type.is_zerofill) out += " zerofill";
  return out;
}

std::string charset_clause(const std::string& charset, const std::string& collation) {
  std::string out;
  if (!charset.empty()) out = "CHARACTER SET " + charset;
  if (collation.empty() || ascii_lower(collation) == "binary") return out;
  return out + (out.empty() ? "COLLATE " : " COLLATE ") + collation;
}

std::string to_text(const Column& column) {
  std::string out = quoted(column.name) + " " + to_text(column.type);
  if (!column.type.charset.empty() || !column.type.collation.empty())
    out += " " + charset_clause(column.type.charset, column.type.collation);
  if (column.generated != Generated::no) {
    out += " GENERATED ALWAYS AS " + column.generation;
    out += column.generated == Generated::stored ? " STORED" : " VIRTUAL";
  }
  if (!column.is_nullable) out += " NOT NULL";
  // TIMESTAMP without either may be NOT NULL.
  if (column.is_nullable && column.type.kind == TypeKind::timestamp) out += " NULL";
  if (column.default_text) out += " DEFAULT " + *column.default_text;
  if (!column.on_update.empty()) out += " ON UPDATE " + column.on_update;
  if (column.is_auto_increment) out += " AUTO_INCREMENT";
  if (column.is_auto_random) out += " AUTO_RANDOM";
  if (column.is_invisible) out += " INVISIBLE";
  if (!column.attributes.empty()) out += " " + column.attributes;
  return out;
}

std::string to_create_table(const TableDef& table) {
  std::string out = "CREATE TABLE " + quoted(table.id.name) + " (";
  bool is_first = true;
  const auto next = [&] {
    out += is_first ? "\n  " : ",\n  ";
    is_first = false;
  };
  for (const Column& column : table.columns) {
    next();
    out += to_text(column);
  }
  for (const Key& key : table.keys) {
    next();
    append_key(out, table, key);
  }
  for (const ForeignKey& key : table.foreign_keys) {
    next();
    append_foreign_key(out, table, key);
  }
  for (const std::string& check : table.checks) {
    next();
    out += check;
  }
  out += "\n)";
  if (!table.engine.empty()) out += " ENGINE=" + table.engine;
  if (!table.charset.empty() || !table.collation.empty())
    out += " DEFAULT " + charset_clause(table.charset, table.collation);
  if (!table.comment.empty()) {
    out += " COMMENT=";
    append_quoted(out, table.comment);
  }
  if (!table.partition_text.empty()) out += "\n" + table.partition_text;
  return out;
}

}  // namespace tideway
