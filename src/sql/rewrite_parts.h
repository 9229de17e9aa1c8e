#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/cursor.h"
#include "sql/rewrite.h"
#include "sql/text_edit.h"

namespace tideway {

// What the rewriting of tables, databases and views has in common: part of rewrite.h, used only by
// it.

// "MySQL 5.7.19", "TiDB 8.5.1"
std::string target_text(const TargetTraits& target);
std::string version_text(std::uint32_t version);  // 80016 -> 8.0.16

// The statement as the target would read it: version comments that are not for it are taken out and
// reported, those that it would skip though it may understand them (MariaDB skips MySQL's from 5.7
// to 9) are opened, the others stay. A trailing ; goes.
std::string resolve_version_comments(std::string_view statement, const TargetTraits& target,
                                     std::vector<StatementChange>& changes);
std::string without_empty_version_comments(std::string_view text);

// "(a int, KEY (a))", elements of a CREATE TABLE in parentheses, for `target`; what stands behind a
// column (FIRST, AFTER) stays. nullopt: the target can have none of them. `name` is the table's on
// the target.
Result<std::optional<std::string>> rewrite_elements(std::string_view elements, const TableId& name,
                                                    const TargetTraits& target,
                                                    std::string_view source_database,
                                                    const Renaming& renaming,
                                                    std::vector<StatementChange>& changes);

// CHARACTER SET and COLLATE of one column, table or database, found while its text is walked.
class CharsetClause {
 public:
  // At one of the two, the word DEFAULT before them taken already: takes it. False: neither stands
  // here.
  Result<bool> take(TokenCursor& cursor);
  // Maps both to what the target has; `what` names the object in a change.
  void rewrite(TextEdit& edit, const TargetTraits& target, const std::string& inherited_charset,
               std::string_view what, std::vector<StatementChange>& changes) const;
  const std::string& charset() const { return charset_; }

 private:
  std::string charset_, collation_;
  Token charset_at_, collation_at_;  // the names
};

}  // namespace tideway
