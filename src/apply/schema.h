#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/statement.h"
#include "base/result.h"
#include "model/table_def.h"
#include "mysql/endpoint.h"
#include "progress/job_progress.h"
#include "sql/rewrite.h"

namespace tideway {

struct DatabaseToMake {
  std::string name;
  std::string create_statement;  // as SHOW CREATE DATABASE gave it; empty: the target's defaults
};
struct TableToMake {
  TablePtr source;            // create_text is the statement
  TableId target;             // where its rows go
  bool is_redefined = false;  // it had another definition when the job made it
  // Columns of `source` that its create_text lacks, because a route fills them: added at the end
  // when the table is made.
  std::vector<std::string> added_columns = {};
};
struct ViewToMake {
  TableId id;
  std::string create_statement;
};

struct SchemaOptions {
  OnDuplicate on_duplicate = OnDuplicate::error;
  std::uint32_t threads = 4;
  bool may_create = true;  // false: a table that is not there is TW501
  Renaming renaming = {};  // where tables are that foreign keys refer to; empty: where they were
};

struct MadeTable {
  TablePtr source, target;           // target: as the target has it now
  bool is_new = false;               // it was not there before
  bool was_empty = true;             // nobody else's rows are in it
  std::vector<std::string> changes;  // what was changed in the statement for this target, and why
};

// Makes databases and tables that the target lacks, compares those that it has, and tells
// `progress` which tables the job fills. A table that the job itself made is dropped and made
// anew when it is_redefined, or does not fit any more and the job was never finished: its rows are
// to be copied again. Idempotent: the second start finds the tables of the
// first.
//   TW501  a table is there and does not fit: each difference, and the ALTER where it is known
//   TW502  a table is there with rows, the job did not fill it, and on_duplicate is `error`
//   TW503  tables that this target cannot have in any form: all of them, before anything is made
//   TW803  the target refused a CREATE: statement and server text
Result<std::vector<MadeTable>> make_tables(JobProgress& progress,
                                           std::span<const DatabaseToMake> databases,
                                           std::span<const TableToMake> tables,
                                           const SchemaOptions& options,
                                           const std::stop_token& stop);

// After the tables. Views may need each other in any order: those that fail are tried again as long
// as a pass makes one. A view of that name that is there already stays. TW803 for the first that no
// pass could make.
struct MadeView {
  TableId id;
  bool is_new = false;
  std::vector<std::string> changes;
};
Result<std::vector<MadeView>> make_views(const JobProgress& progress,
                                         std::span<const ViewToMake> views,
                                         const std::stop_token& stop);

}  // namespace tideway
