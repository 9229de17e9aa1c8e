#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/cursor.h"
#include "sql/rewrite.h"
#include "sql/text_edit.h"

namespace tideway {

// Edits one column of a CREATE TABLE for a target; at its name. False: the target cannot have the
// column, and its values are made by the server (the row times of system versioning). Part of
// rewrite.h.
Result<bool> rewrite_column(TokenCursor& cursor, TextEdit& edit, const TargetTraits& target,
                            const std::string& table_charset,
                            std::vector<StatementChange>& changes);

}  // namespace tideway
