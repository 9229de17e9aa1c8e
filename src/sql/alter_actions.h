#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/table_id.h"
#include "sql/table_elements.h"

namespace tideway {

// The actions of ALTER TABLE, part of ddl.h.

// A table's name and where it is written.
struct TableName {
  TableId id;
  std::size_t begin = 0, end = 0;
};

struct ColumnPlace {
  enum class At : std::uint8_t { unsaid, first, after };
  At at = At::unsaid;
  std::string after;
};

// ADD of columns, keys, foreign keys and checks.
struct AddElements {
  TableElements elements;
  bool if_not_exists = false;
  ColumnPlace place;                                 // of a single column
  std::size_t elements_begin = 0, elements_end = 0;  // without ADD, COLUMN, ( ) and the place
};

// CHANGE and, under the same name, MODIFY. `elements` has one column, with keys and checks beside
// it.
struct ChangeColumn {
  std::string name;
  TableElements elements;
  ColumnPlace place;
  bool is_modify = false;
  std::size_t column_begin = 0, column_end = 0;  // from the (new) name on, without the place
};

struct DropColumn {
  std::string name;
};

struct RenameColumn {
  std::string from, to;
};

// ALTER COLUMN.
struct AlterColumn {
  enum class Does : std::uint8_t { set_default, drop_default, show, hide };
  std::string name;
  Does does = Does::set_default;
  std::string default_text;
};

struct DropKey {
  std::string name;  // "PRIMARY" for the primary key
};

struct RenameKey {
  std::string from, to;
};

// ALTER INDEX … VISIBLE, INVISIBLE.
struct AlterKey {
  std::string name;
  bool is_invisible = false;
};

struct DropForeignKey {
  std::string name;
};

// DROP CHECK and, of whatever kind the constraint is, DROP CONSTRAINT.
struct DropConstraint {
  std::string name;
  bool is_check = false;
};

// ALTER CHECK, ALTER CONSTRAINT … [NOT] ENFORCED.
struct AlterCheck {
  std::string name;
  bool is_enforced = true;
};

struct RenameTo {
  TableName to;
};

// CONVERT TO CHARACTER SET.
struct ConvertCharset {
  std::string charset, collation;  // charset may be DEFAULT; collation empty: not written
};

// One option of the table.
struct SetOption {
  enum class What : std::uint8_t { charset, collation, engine, comment, other };
  What what = What::other;
  std::string value;  // not of other
  std::string name;   // its first words in upper case
};

struct ChangePartitions {
  enum class Verb : std::uint8_t {
    add,
    drop,
    truncate,
    coalesce,
    reorganize,
    exchange,
    rebuild,
    split_by,    // PARTITION BY
    remove,      // REMOVE PARTITIONING
    look_after,  // ANALYZE, CHECK, OPTIMIZE, REPAIR, DISCARD and IMPORT TABLESPACE
  };
  Verb verb = Verb::look_after;
  std::vector<std::string> names;  // of drop, truncate, reorganize, …; empty: ALL or not said
  std::string definitions;         // of add, reorganize: in parentheses; of split_by: all of it
  std::optional<TableName> exchanged_with;
};

// What changes no definition: ALGORITHM, LOCK, VALIDATION, ORDER BY, ENABLE and DISABLE KEYS,
// FORCE, … TABLESPACE.
struct OtherAction {
  std::string what;  // its first words in upper case
};

struct AlterAction {
  std::variant<AddElements, ChangeColumn, DropColumn, RenameColumn, AlterColumn, DropKey, RenameKey,
               AlterKey, DropForeignKey, DropConstraint, AlterCheck, RenameTo, ConvertCharset,
               SetOption, ChangePartitions, OtherAction>
      does;
  std::size_t begin = 0, end = 0;  // its text
};

// Reads actions up to the end of the statement; at the first. The session's database completes the
// names of tables, that of the altered table those of referenced tables.
Result<std::vector<AlterAction>> parse_alter_actions(TokenCursor& cursor, std::string_view database,
                                                     std::string_view table_database);

// `t`, `d`.`t` or .`t`. Error: sql_syntax, also when there is no database.
Result<TableName> parse_table_name(TokenCursor& cursor, std::string_view database);

}  // namespace tideway
