#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/column_set.h"
#include "model/table_def.h"

namespace tideway {

// Two definitions of one table, and how their rows can be compared. A value.
struct TablePair {
  TablePtr source, target;
  ColumnSet source_columns, target_columns;  // the same columns on each side, in the source's order
  std::vector<std::string>
      left_out;              // "column c: generated on the target": compared are all others
  const Key* key = nullptr;  // the source's ordering key; nullptr: rows are compared as a multiset
  // A range of keys holds the same rows on both sides: the key's columns sort alike. False where
  // character columns of the key have different collations.
  bool ranges_agree = false;
};

// Pairs columns by name (any case, as both servers do). Fails with TW501 when a column of the
// source is missing in the target or its values are written in a different form there (numbers
// against bytes).
Result<TablePair> pair_tables(TablePtr source, TablePtr target);

}  // namespace tideway
