#pragma once

#include <string>
#include <vector>

#include "model/table_def.h"
#include "sql/column_parser.h"
#include "sql/server_rules.h"

namespace tideway {

// What a server makes of a column that a statement writes. Part of track_ddl.h.

struct TableCharset {
  std::string charset, collation;
};

// Character set and collation from those written, either of which may be empty or DEFAULT, and
// those that hold where neither is.
TableCharset charset_of(const std::string& charset, const std::string& collation,
                        const TableCharset& otherwise, const ServerRules& rules);

Column settle_column(ParsedColumn parsed, const TableCharset& table, const ServerRules& rules);

// CONVERT TO CHARACTER SET. TEXT of the table grows until it holds as many characters as before; a
// column that the statement itself writes has the length it was given.
enum class ColumnOrigin : std::uint8_t { of_table, of_statement };
void convert_column(Column& column, ColumnOrigin origin, const TableCharset& to,
                    const ServerRules& rules);

// Without explicit_defaults_for_timestamp: TIMESTAMP is NOT NULL unless it says NULL.
void settle_timestamp(const ParsedColumn& parsed, Column& column, const ServerRules& rules);
// And the first TIMESTAMP of the table, when it is NOT NULL and without a default, follows the
// clock.
void promote_first_timestamp(std::vector<Column>& columns, const ServerRules& rules);
// And any other that a statement writes so begins with zero.
void zero_timestamp(Column& column, const ServerRules& rules);

}  // namespace tideway
