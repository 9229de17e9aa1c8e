#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/table_def.h"

namespace tideway {

// A column of the key by which rows are ordered, and a place in that order: one cell text for each
// column, none NULL.
struct KeyColumn {
  std::string name;
  ColumnType type;
};
std::vector<KeyColumn> key_columns(const TableDef& table,
                                   const Key& key);  // whole columns only: ordering_key()'s kind
using KeyCells = std::vector<std::string>;

enum class KeyOrder : std::uint8_t { less, less_equal, greater, greater_equal };

// `row <op> cells` in the order of the key, spelt out column by column, because MySQL 5.7 reads the
// whole index for (a,b)>(1,2). For columns a, b and `greater`: `a`>=1 and(`a`>1 or(`a`=1 and
// `b`>2)) ; the leading bound is implied by the rest and is what the optimizer turns into an index
// range. Characters compare by the column's own collation. Never in need of parentheses around it:
// a term joined by `and`.
std::string key_condition(std::span<const KeyColumn> columns, std::span<const std::string> cells,
                          KeyOrder order);

// The rows after `low` up to and including `high`: (low, high]. An empty bound is no bound; both
// empty: an empty string.
std::string key_range_condition(std::span<const KeyColumn> columns, const KeyCells& low,
                                const KeyCells& high);

// `a`,`b` for ORDER BY and select lists.
std::string key_column_list(std::span<const KeyColumn> columns);

// The literal a key cell is compared with: append_literal's, but BIT as a decimal number (x'05'
// beside a BIT column is compared as DOUBLE, which loses the low bits of BIT(64)).
void append_key_literal(std::string& out, const ColumnType& type, std::string_view cell_text);

}  // namespace tideway
