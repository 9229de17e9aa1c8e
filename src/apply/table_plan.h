#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/column_set.h"
#include "model/table_def.h"
#include "sql/literal.h"

namespace tideway {

// How rows of one source definition enter one target table: which columns, under which names,
// written how. Built once per definition version, immutable after, shared by all writers.
class TablePlan {
 public:
  // `columns`: of the source, as rows hold them. Columns meet by name, in any case; a column that
  // the target generates is left out of what is written. TW501, with the ALTER to type: the target
  // lacks a column; or a column that no row fills has no default.
  static Result<std::shared_ptr<const TablePlan>> make(TablePtr source, TablePtr target,
                                                       const ColumnSet& columns);

  struct PlannedColumn {
    std::uint32_t cell = 0;                // place among a row's cells
    std::uint32_t source = 0, target = 0;  // ordinals in the definitions
    LiteralForm form = LiteralForm::characters;
  };

  const TablePtr& source() const { return source_; }
  const TablePtr& target() const { return target_; }
  const std::vector<PlannedColumn>& columns() const {
    return columns_;
  }  // that are written, in the order of a row's cells
  // Places in columns() of the key by which messages name a row: the primary key, else the first
  // unique one, else all columns.
  const std::vector<std::uint32_t>& key() const { return key_; }
  const std::string& table_name() const { return table_name_; }        // `db`.`t` of the target
  const std::string& column_list() const { return column_list_; }      // (`a`,`b`)
  const ColumnSet& source_columns() const { return source_columns_; }  // as rows hold them
  // Where the row's cells are in the target, generated columns included: what a digest of the
  // target is asked over.
  const ColumnSet& target_columns() const { return target_columns_; }

 private:
  TablePlan() = default;
  TablePtr source_, target_;
  std::vector<PlannedColumn> columns_;
  std::vector<std::uint32_t> key_;
  std::string table_name_, column_list_;
  ColumnSet source_columns_, target_columns_;
};
using PlanPtr = std::shared_ptr<const TablePlan>;

// What differs between two definitions such that rows of `source` could arrive bent or not at all
// in `target`, a line each; empty: nothing. Extra columns of the target that have a default, and
// wider types of the same kind are no difference.
std::vector<std::string> differences(const TableDef& source, const TableDef& target);

struct KeyMisfit {
  std::string text, column;
  std::string statement;  // what would end it
};
// Keys of the target under which rows of the source may be duplicates, and the source's primary key
// where the target has none like it. Keys over expressions are not looked at.
std::vector<KeyMisfit> key_differences(const TableDef& source, const TableDef& target);

// Unique keys of the source that the target does not keep, a sentence each: every row arrives, and
// so would duplicates that an application makes later. The primary key is key_differences()'.
std::vector<std::string> keys_not_kept(const TableDef& source, const TableDef& target);

}  // namespace tideway
