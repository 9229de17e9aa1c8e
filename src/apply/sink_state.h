#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "apply/copy_sink.h"
#include "apply/governor.h"
#include "apply/method_choice.h"
#include "apply/table_plan.h"
#include "base/guarded.h"

namespace tideway {

// A target table as the writers of a sink share it.
struct PlannedTable {
  PlanPtr plan;
  std::shared_ptr<MethodChoice> method;
};

// What the writers of a sink share. Private to the room. Any thread.
struct CopySink::Shared {
  Shared(JobProgress& job, TargetLedger& chunks, std::map<TableId, TablePtr> definitions,
         MemoryArbiter& memory, CopyOptions copy_options, const Clock& time);

  // The plan for rows of this definition and these columns, made at its first use. TW501.
  Result<PlannedTable> planned(const TablePtr& source, const ColumnSet& columns);

  JobProgress& progress;
  TargetLedger& ledger;
  const std::map<TableId, TablePtr> targets;
  MemoryArbiter& arbiter;
  const CopyOptions options;
  const Clock& clock;
  Governor governor;
  CopyMeter meter;
  std::atomic<bool> may_use_infile;  // until the server says no

 private:
  struct Entry {
    TablePtr source;  // keeps the key's address its own
    ColumnSet columns;
    PlannedTable table;
  };
  Guarded<std::multimap<const TableDef*, Entry>> plans_;
};

}  // namespace tideway
