#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/table_id.h"

namespace tideway {

enum class TypeKind : std::uint8_t {
  tiny_int,
  small_int,
  medium_int,
  integer,
  big_int,
  decimal,
  float_number,
  double_number,
  bit,
  year,
  date,
  time,
  datetime,
  timestamp,
  fixed_char,
  var_char,
  tiny_text,
  text,
  medium_text,
  long_text,
  fixed_binary,
  var_binary,
  tiny_blob,
  blob,
  medium_blob,
  long_blob,
  enumeration,
  set,
  json,
  geometry,
  vector,
  unknown,  // a type this version does not know: copied as text, never used as a key
};

// How a cell of the type is written in SQL and compared: a bare number, raw bytes, or characters.
enum class TypeClass : std::uint8_t { number, bytes, characters };

struct ColumnType {
  TypeKind kind = TypeKind::unknown;
  bool is_unsigned = false;
  bool is_zerofill = false;
  std::uint32_t length = 0;    // CHAR(n), BIT(n), DECIMAL(n,…); 0: not given
  std::uint32_t decimals = 0;  // DECIMAL(…,d), fractional seconds
  std::string charset,
      collation;  // resolved against the table's defaults; empty for types without characters
  std::vector<std::string> labels;  // ENUM, SET: UTF-8, unquoted
  std::string text;  // as the server wrote it, for messages and for comparing definitions
};
TypeClass class_of(const ColumnType& type);
bool is_integer(TypeKind kind);

enum class Generated : std::uint8_t { no, stored, virtually };

struct Column {
  std::string name;
  ColumnType type;
  bool is_nullable = true;
  bool is_invisible = false;
  bool is_auto_increment = false;
  bool is_auto_random = false;  // TiDB
  Generated generated = Generated::no;
  std::optional<std::string> default_text;  // as in CREATE TABLE, quotes included
  std::string generation;                   // of a generated one: the expression in parentheses
  std::string on_update;                    // "CURRENT_TIMESTAMP(3)"; empty: none
  // COMMENT, SRID, COLUMN_FORMAT and others that say nothing of values: as written, one space
  // between.
  std::string attributes;
};

enum class KeyKind : std::uint8_t { primary, unique, plain, fulltext, spatial };

struct KeyPart {
  std::uint32_t column = 0;         // ordinal in TableDef::columns; meaningless for an expression
  std::uint32_t prefix_length = 0;  // characters or bytes; 0: the whole column
  bool is_descending = false;
  std::string expression;  // a functional part; empty otherwise
};

struct Key {
  KeyKind kind = KeyKind::plain;
  std::string name;  // "PRIMARY" for the primary key
  std::vector<KeyPart> parts;
  bool is_invisible = false;
  // The server made it for a foreign key, and takes it away when another key can serve. Known only
  // of keys whose making was seen; SHOW CREATE TABLE does not tell.
  bool is_implicit = false;
  std::string options;  // COMMENT, WITH PARSER and others: as written, one space between
};

struct ForeignKey {
  std::string name;
  std::vector<std::string> columns;
  TableId referenced;
  std::vector<std::string> referenced_columns;
  std::string on_delete, on_update;  // upper case, empty: not given
};

// One version of a table's definition. Immutable once shared; every block in flight under it keeps
// it alive.
struct TableDef {
  TableId id;
  std::vector<Column> columns;
  std::vector<Key> keys;
  std::vector<ForeignKey> foreign_keys;
  std::vector<std::string> checks;  // constraint text
  std::string engine, charset, collation, comment;
  std::string partition_text;  // "PARTITION BY …" as written, empty: none
  std::string create_text;     // the whole statement as the server gave it
};
using TablePtr = std::shared_ptr<const TableDef>;

// Columns whose values travel: everything but generated ones. Ordinals, ascending.
std::vector<std::uint32_t> stored_columns(const TableDef& table);

// The key by which a table is read in order and taken up again after a mark: the primary key, else
// the unique key over NOT NULL columns with the fewest parts (ties: first). Only whole ascending
// columns whose ORDER BY and comparison with a literal agree: no prefix, no expression, no ENUM or
// SET (sorted by number, compared as text), no JSON, no geometry; and no invisible key, by which
// the server would not read. nullptr: the table has no such key and is read in one scan.
const Key* ordering_key(const TableDef& table);

// The key that names each row: the primary key, else the first unique key whose columns are all NOT
// NULL; of whole columns, no expressions, any type. nullptr: two rows of the table may be equal.
const Key* row_key(const TableDef& table);
inline bool has_row_key(const TableDef& table) { return row_key(table) != nullptr; }

}  // namespace tideway
