#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/ddl.h"
#include "sql/rewrite_ddl.h"

namespace tideway {

// ALTER TABLE, CREATE INDEX or DROP INDEX for a target; `text` is the statement's, in the usual
// mode and without version comments that are not for the target. `before` is the source's
// definition, or nullptr. nullopt: no action is left. Part of rewrite_ddl.h.
Result<std::optional<std::string>> rewrite_alter_table(std::string_view text,
                                                       const AlterTable& statement,
                                                       const TableChange& change,
                                                       const DdlTarget& target,
                                                       std::vector<StatementChange>& changes);

// Where a table is on the target.
TableId moved(const TableId& table, const DdlTarget& target);
bool is_wanted(const TableId& table, const DdlTarget& target);
Error not_followed(const TableId& table, std::string_view why);

}  // namespace tideway
