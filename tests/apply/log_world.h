#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "apply/rows.h"
#include "model/block.h"
#include "model/schema_change.h"

namespace tideway::testing {

// One row change of a log and the SQL that does the same.
struct LogChange {
  TablePtr table;
  ChangeKind kind = ChangeKind::insert;
  ColumnSet before_columns, after_columns;
  Cells before, after;  // of these columns
  std::string sql;
};
struct LogUnit {
  std::uint64_t number = 0;  // gno
  std::vector<LogChange> changes;
  std::shared_ptr<const SchemaChange> change;
};

// What a world is made of.
struct LogWorldOptions {
  std::uint64_t seed = 1;
  std::size_t units = 300;
  std::size_t rows_per_unit = 6;  // at most
  bool is_minimal = false;        // binlog_row_image=MINIMAL
  bool has_schema_changes = false;
  bool has_cascades = false;
  char bench = 0;  // i: inserts of distinct keys, u: updates of them, h: updates of ten rows
  int keys = 40;   // how many different ones rows have: few make conflicts
};

// A source that exists in memory: tables whose rows change at random, as a log tells it. The same
// options make the same world. Tables (of database shop):
//   keyed    a primary key and a unique value that rows pass on to one another
//   pair     two columns of primary key, rows that move
//   keyless  equal rows
//   hot      three rows
//   parent, child   a foreign key that cascades
class LogWorld {
 public:
  explicit LogWorld(const LogWorldOptions& options);
  // SQL for both: whoever follows the log and the oracle.
  static std::vector<std::string> tables();
  const std::vector<LogUnit>& units() const { return units_; }

 private:
  struct Row {
    Cells cells;
  };
  struct Table {
    TablePtr definition;
    std::vector<Cells> rows;
  };
  void make_bench();
  void make_unit(LogUnit& unit);
  bool make_change(LogUnit& unit, const std::string& name);
  void make_schema_change(LogUnit& unit);
  Cells new_row(const std::string& name);
  bool is_free(const Table& table, const Cells& row, const Cells* except) const;
  void add(LogUnit& unit, Table& table, ChangeKind kind, const Cells* before, const Cells* after);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  const LogWorldOptions options_;
  std::mt19937_64 random_;
  std::map<std::string, Table> tables_;
  std::vector<LogUnit> units_;
  int added_columns_ = 0;
};

}  // namespace tideway::testing
