#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/schema_change.h"
#include "sql/alter_actions.h"
#include "sql/table_elements.h"

namespace tideway {

// DDL statements as they are written; names are completed with the session's database and nothing
// is looked up. Offsets are into the statement's text.

struct CreateDatabase {
  std::string name;
  bool if_not_exists = false;
  std::string charset, collation;  // empty: not written
};

struct AlterDatabase {
  std::string name;
  std::string charset, collation;
};

struct DropDatabase {
  std::string name;
  bool if_exists = false;
};

// What a CREATE TABLE or ALTER TABLE says of the table as a whole. Empty: not said; a character set
// or collation may be DEFAULT.
struct WrittenOptions {
  std::string engine, charset, collation, partition_text;
  std::optional<std::string> comment;
};

struct CreateTable {
  TableName name;
  bool if_not_exists = false, or_replace = false;
  TableElements elements;  // none with LIKE, and with SELECT perhaps
  WrittenOptions options;
  std::optional<TableName> like;
  // … SELECT: has columns that the text does not tell. Where it begins.
  std::optional<std::size_t> select_begin;
  // The rows of its SELECT follow in the same transaction (MySQL from 8.0.21 on).
  bool starts_transaction = false;
};

// CREATE INDEX and DROP INDEX are ALTER TABLE with one action and, perhaps, ALGORITHM and LOCK.
struct AlterTable {
  enum class Form : std::uint8_t { alter, create_index, drop_index };
  Form form = Form::alter;
  TableName name;
  std::vector<AlterAction> actions;
};

struct RenameTables {
  struct Pair {
    TableName from, to;
  };
  std::vector<Pair> pairs;  // in order: each sees what those before it made
};

struct DropTables {
  std::vector<TableName> names;
  bool if_exists = false;
};

struct TruncateTable {
  TableName name;
};

struct ChangeView {
  enum class Verb : std::uint8_t { create, alter, drop };
  Verb verb = Verb::create;
  std::vector<TableName> names;  // several only of drop
};

using DdlStatement = std::variant<CreateDatabase, AlterDatabase, DropDatabase, CreateTable,
                                  AlterTable, RenameTables, DropTables, TruncateTable, ChangeView>;

// Reads one statement of kind StatementKind::ddl as MySQL 5.6 to 9 and MariaDB take it, under the
// session's sql_mode. Pure; any thread. Error: sql_syntax with `line:column` as evidence.position,
// also for an action or option that is not known here and for a name without any database.
Result<DdlStatement> parse_ddl(std::string_view statement, const SessionContext& session);

}  // namespace tideway
