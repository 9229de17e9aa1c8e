#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_def.h"
#include "sql/server_rules.h"
#include "sql/table_elements.h"

namespace tideway {

// What a server makes of the keys and foreign keys of a table whose columns are known. Part of
// track_ddl.h.

// Sets table.keys: those made for foreign keys go where another serves, keys without a name get
// one, columns of the primary key become NOT NULL, and all stand in the server's order. Error:
// definition_conflict, a column that is not there or two keys of one name.
Result<void> settle_keys(TableDef& table, std::vector<ParsedKey> keys, const ServerRules& rules);

// Keys as they are written, to be settled again when columns have changed.
std::vector<ParsedKey> unsettled_keys(const TableDef& table);

// As they are written; MySQL 8.0 before 8.0.16 gives one without a name that of its index.
std::vector<ForeignKey> foreign_keys_of(const TableElements& elements, const ServerRules& rules);
// Foreign keys of `table` that have no name get `t_ibfk_n`, counted up from `last`.
void name_foreign_keys(TableDef& table, std::uint64_t last);
// The highest n of the names `t_ibfk_n`.
std::uint64_t last_foreign_key(const TableDef& table);

// Checks without a name get `t_chk_n`; servers that do not keep checks have none.
void settle_checks(TableDef& table, const ServerRules& rules);
// The name of a check as settle_checks left it; empty: it has none.
std::string name_of_check(std::string_view check);

// Can a key have a part of its values only?
bool has_prefixes(const ColumnType& type);

bool same_name(std::string_view a, std::string_view b);  // of columns, keys and constraints

Error conflict(const TableDef& table, std::string_view what);

}  // namespace tideway
