#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema_change.h"
#include "sql/ddl_events.h"
#include "sql/rewrite.h"

namespace tideway {

struct DdlTarget {
  TargetTraits traits;
  Renaming renaming;  // where a table of the source is on the target; default: where it was
  // Is the table followed at all? Default: every one. Databases are asked for with an empty name.
  std::function<bool(const TableId&)> is_wanted;
  // RENAME and DROP of several tables become a statement for each table: where the target is not
  // atomic, so that each can be proven done.
  bool splits_tables = false;
  std::string tag;  // put as a comment before every statement: /* tag */ …; no `*/` in it
};

// One statement for the target.
struct TargetStatement {
  std::string text;
  // What it is to be run under: the session's without ANSI_QUOTES and NO_BACKSLASH_ESCAPES, whose
  // quotes were written in the usual way.
  std::uint64_t sql_mode = 0;
  // The default database; empty: none is needed, every name is written in full. Only the text of a
  // view may name tables without one, and those are not renamed.
  std::string database;
  std::vector<StatementChange> changes;  // what is not as the source had it
  // The source's names of the tables it changes, as in SchemaChange::tables: after it, TableDef of
  // the target is to be read again.
  std::vector<TableId> tables;
};

// The statements that do on the target what `change` did on the source, to be run in order. Empty:
// nothing to do there, since the statement did nothing on the source, all its tables are not
// wanted, or no action is left.
//
// Edits tokens of the original; what is not understood stays byte for byte. What a server fills in
// by itself is told: the default collation of utf8mb4, names of foreign keys. CREATE TABLE … LIKE
// and … SELECT are written out from the definition, so that the other table need not be there.
// ALGORITHM and LOCK go without a word: they say how, not what. IF [NOT] EXISTS is added to
// databases alone: whether a table's statement was done is proven by definitions.
//
// Errors: sql_syntax; not_supported for a RENAME between a table that is wanted and one that is not
// (the caller copies the table, or says so), and for partitions and tablespaces that are exchanged,
// discarded or imported, whose rows are in no log.
Result<std::vector<TargetStatement>> rewrite_ddl(const SchemaChange& change,
                                                 const DdlTarget& target);

// What the statement does, for event filters. ALTER TABLE has the events of its actions in their
// order, one or more of each; MODIFY and CHANGE are compared with the table's definition before.
// Statements without an event of their own (ALTER VIEW) have none. Error: sql_syntax.
Result<std::vector<DdlEvent>> events_of(const SchemaChange& change);

}  // namespace tideway
