#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/column_set.h"
#include "model/table_def.h"

namespace tideway {

// How rows of one source definition enter one target table: which columns, under which names,
// written how. Built once per definition version, immutable after, shared by all writers.
class TablePlan {
 public:
  // Columns meet by name, in any case. TW501, with the ALTER to type: a stored source column that
  // the target lacks, or that the target generates; a target column that has no default and is in
  // no row.
  static Result<std::shared_ptr<const TablePlan>> make(TablePtr source, TablePtr target,
                                                       const ColumnSet& columns);

  struct PlannedColumn {
    std::uint32_t source = 0, target = 0;  // ordinals in the definitions
    TypeKind kind = TypeKind::unknown;     // of the source: how the cell text reads
    TypeClass written_as = TypeClass::characters;
  };

  const TablePtr& source() const { return source_; }
  const TablePtr& target() const { return target_; }
  const std::vector<PlannedColumn>& columns() const {
    return columns_;
  }  // in the order of a row's cells
  // Places in columns() of the parts of the key by which a row is named in messages: the primary
  // key, else the first unique one, else every column.
  const std::vector<std::uint32_t>& key() const { return key_; }
  const std::string& table_name() const { return table_name_; }    // `db`.`t` of the target
  const std::string& column_list() const { return column_list_; }  // (`a`,`b`)
  const ColumnSet& target_columns() const { return target_columns_; }

 private:
  TablePlan() = default;
  TablePtr source_, target_;
  std::vector<PlannedColumn> columns_;
  std::vector<std::uint32_t> key_;
  std::string table_name_, column_list_;
  ColumnSet target_columns_;
};
using PlanPtr = std::shared_ptr<const TablePlan>;

// What differs between two definitions such that rows of `source` could arrive bent or not at all
// in `target`, a line each; empty: nothing. Extra columns of the target that have a default, other
// keys, and wider types of the same kind are no difference.
std::vector<std::string> differences(const TableDef& source, const TableDef& target);

}  // namespace tideway
