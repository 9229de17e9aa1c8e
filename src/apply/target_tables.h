#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/table_def.h"
#include "progress/meta_session.h"

namespace tideway {

struct TargetTable;

// A foreign key among the target's tables. `name` stands for the columns it refers to: equal for
// all that refer to the same ones.
struct ForeignKeyEdge {
  TargetTable* child = nullptr;
  TargetTable* parent = nullptr;
  std::vector<std::string> columns, referenced_columns;
  bool cascades = false;  // the server changes rows of the child by itself
};

// A table of the target as its server has it: a value, exchanged as a whole after each DDL.
struct TargetShape {
  TablePtr definition;                    // nullptr: the target has no such table
  std::vector<ForeignKeyEdge> parents;    // it is the child
  std::vector<ForeignKeyEdge> children;   // it is the parent
  std::vector<TargetTable*> relatives;    // all that foreign keys join it with, near and far
  std::vector<TargetTable*> descendants;  // children, their children …
  std::vector<TargetTable*> cascaded;     // descendants whose rows its server changes with its own
};
using ShapePtr = std::shared_ptr<const TargetShape>;

// A name in the target, for ever at one address.
struct TargetTable {
  TargetTable(TableId table, std::uint32_t number) : id(std::move(table)), ordinal(number) {}
  const TableId id;
  const std::uint32_t ordinal;
  std::atomic<bool> is_parked = false;
};

// What the target's tables look like, asked of its server when first needed and again after DDL.
// Any thread.
class TargetTables {
 public:
  explicit TargetTables(MetaSession& control) : control_(control) {}
  void fold_names() { folds_names_ = true; }  // before anything else: its server has one case only

  TargetTable& table(const TableId& id);
  std::vector<TargetTable*> tables_of(const std::string& database);  // that were met

  // nullptr: a schema change of the table was taken and not applied yet, so nobody knows.
  Result<ShapePtr> shape(TargetTable& table, const std::stop_token& stop);
  // As it is now, whatever is still to come: for who applies what lies before that.
  Result<ShapePtr> shape_now(TargetTable& table, const std::stop_token& stop);

  void begin_change(std::span<TargetTable* const> tables);  // taken from the log
  void end_change(std::span<TargetTable* const> tables);    // applied: all is asked anew

 private:
  struct Known {
    std::unique_ptr<TargetTable> table;
    ShapePtr shape;                   // nullptr: to be asked
    std::uint64_t edges_version = 0;  // of the foreign keys in it
    std::uint32_t changes_to_come = 0;
  };
  Known& known(const TableId& id);
  Result<ShapePtr> ask(TargetTable& table, const std::stop_token& stop);
  Result<void> ask_foreign_keys(const std::stop_token& stop);
  void join(TargetTable& table, TargetShape& shape) const;
  TableId folded(const TableId& id) const;

  MetaSession& control_;
  bool folds_names_ = false;
  std::mutex mutex_;  // kept while the server is asked: whoever comes needs the answer
  std::map<TableId, Known> known_;
  std::vector<ForeignKeyEdge> edges_;
  std::uint64_t edges_version_ = 0;
  bool has_edges_ = false;
  std::uint32_t next_ordinal_ = 0;
};

}  // namespace tideway
