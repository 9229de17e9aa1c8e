#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema_change.h"
#include "model/table_def.h"
#include "sql/ddl.h"

namespace tideway {

// lower_case_table_names of a server: 0, 1, 2.
enum class NameFolding : std::uint8_t { exact, lower, compare_lower };

struct DatabaseDef {
  std::string name, charset, collation;
};

// The definition a CREATE TABLE makes, ALTER TABLE leaves: columns, keys and foreign keys as SHOW
// CREATE TABLE of the server would have them, in its order; create_text is written by
// to_create_table. What the server would have refused is not looked for, but what cannot be carried
// out is definition_conflict: a column or key that is not there, two of one name.
Result<TableDef> create_table(const CreateTable& statement, const DatabaseDef& database,
                              const SessionContext& session);
// `database` is the table's. A RENAME TO is carried out too.
Result<TableDef> alter_table(const TableDef& before, const AlterTable& statement,
                             const DatabaseDef& database, const SessionContext& session);
// CREATE TABLE … LIKE.
TableDef table_like(const TableDef& other, const TableId& name);
// RENAME TABLE: the names the server gave to foreign keys follow the table's.
TableDef renamed_table(const TableDef& before, const TableId& name);

// What a source's tables look like at one place of its log. Owner: who reads the log. One thread.
class Definitions {
 public:
  explicit Definitions(NameFolding folding = NameFolding::exact) : folding_(folding) {}

  // As the server has them; takes the place of what was known under the name.
  void put(TablePtr table);
  void put(DatabaseDef database);
  void forget(const TableId& table);

  TablePtr find(const TableId& table) const;                      // nullptr: not known
  const DatabaseDef* find_database(std::string_view name) const;  // nullptr: not known
  std::vector<TablePtr> tables_of(std::string_view database) const;
  std::vector<TablePtr> tables() const;

  // Carries a statement of kind StatementKind::ddl out, all of it or, on error, nothing of it.
  // SchemaChange::tables has the tables the statement names, in its order, a table that several
  // renames of it moved once, and behind them the tables whose foreign keys follow a new name. What
  // IF EXISTS and IF NOT EXISTS leave undone changes no table; nor does DROP of an unknown one.
  //
  // Errors: sql_syntax; definition_unknown, evidence.table says of which table (of a database
  // alone: its name), also for CREATE TABLE … SELECT, whose columns only the server knows: ask it,
  // put() and go on behind the statement; definition_conflict as alter_table.
  Result<std::shared_ptr<const SchemaChange>> apply(std::string_view statement,
                                                    const SessionContext& session);

 private:
  friend class StatementTracker;
  TableId key(const TableId& table) const;
  std::string key(std::string_view name) const;

  NameFolding folding_;
  std::map<TableId, TablePtr> tables_;            // by key()
  std::map<std::string, DatabaseDef> databases_;  // by key()
};

}  // namespace tideway
