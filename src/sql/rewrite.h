#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_id.h"

namespace tideway {

// What a target can do, as far as statements have to know. Filled by whoever holds a session; rooms
// below mysql/ ask this.
struct TargetTraits {
  enum class Kind : std::uint8_t { mysql, mariadb, tidb };
  Kind kind = Kind::mysql;
  std::uint32_t version = 0;  // of the server itself: MySQL 8.0.15 is 80015, TiDB 8.5.1 is 80501
  // SHOW CHARACTER SET (name -> default collation) and SHOW COLLATION, as the server spells them.
  // Empty: not known, and then no collation is changed.
  std::map<std::string, std::string> charsets;
  std::set<std::string> collations;
  // false: every engine becomes InnoDB, because rows and progress have to commit together. true:
  // engines that the kind of target can have stay.
  bool keeps_engines = false;
  // TiDB takes only some functions in an index on an expression, unless it is configured otherwise.
  // true: it refused one; all of the statement's are left out.
  bool refuses_index_expressions = false;
};

// One thing that is not as the source had it.
struct StatementChange {
  std::string what, why;
  bool is_impossible = false;  // nothing can be changed: the target does not have it in any form
  bool operator==(const StatementChange&) const = default;
};
std::string to_text(const StatementChange& change);  // "what: why"

struct Rewritten {
  std::string text;  // without a ; at its end
  std::vector<StatementChange> changes;
};

// Where an object that a statement refers to is on the target. Default: where it was.
using Renaming = std::function<TableId(const TableId&)>;

// The three below turn a statement of any source into one for `target`. They edit tokens: what is
// not understood and not known to be refused stays byte for byte, and the server judges it. The
// name is forced and, for tables and databases, IF NOT EXISTS added; these two are no changes worth
// a report. Everything else is reported. Pure; any thread. Error: sql_syntax when the statement is
// not one of its kind; the caller may run the original text then.

// A table. `source_database` is the one in which unqualified referenced tables are; they are named
// in full when `renaming` moves them to another database than `name`'s.
Result<Rewritten> rewrite_create_table(std::string_view statement, const TableId& name,
                                       const TargetTraits& target,
                                       std::string_view source_database = {},
                                       const Renaming& renaming = {});

Result<Rewritten> rewrite_create_database(std::string_view statement, std::string_view name,
                                          const TargetTraits& target);

enum class Definer : std::uint8_t { keep, drop };
// A view. The tables it selects from are not renamed. CREATE VIEW is not made OR REPLACE, and an OR
// REPLACE is taken away.
Result<Rewritten> rewrite_create_view(std::string_view statement, const TableId& name,
                                      const TargetTraits& target, Definer definer);

}  // namespace tideway
