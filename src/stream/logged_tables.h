#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "binlog/event.h"
#include "binlog/rows_plan.h"
#include "sql/ddl.h"
#include "sql/track_ddl.h"
#include "stream/copied_table.h"
#include "stream/log_source.h"

namespace tideway {

// Which table a number of the log means, whether it is wanted, what of it a copy has, and how its
// rows are decoded. One thread. Private to the room.
class LoggedTables {
 public:
  LoggedTables(const LogSourceOptions& options, Definitions definitions)
      : options_(options), definitions_(std::move(definitions)) {}

  struct Table {
    TableId id;
    bool is_wanted = false;
    const CopiedTable* copied = nullptr;
    TablePtr definition;
    std::uint64_t definitions_version = 0;  // of which `definition` is
    std::optional<RowsPlan> plan;
    // Of `definitions_version`: nothing of the table can be read.
    std::shared_ptr<const TableFault> fault;
    Overlap overlap = Overlap::none;  // with the unit at hand
    std::uint64_t overlap_unit = 0;   // of which `overlap` is
  };

  // What a statement of the log means.
  struct Applied {
    std::shared_ptr<const SchemaChange> change;  // nullptr: nothing, or a copy has it already
    std::vector<std::shared_ptr<const TableFault>> faults;  // of tables it cannot be followed for
  };

  // From here on rows are of this unit.
  void begin_unit(const UnitPlace& unit);
  // A table whose definition is not known, or not the one its rows were logged under, has a fault.
  Result<void> take(const TableMap& map, const FormatDescription& format,
                    const std::stop_token& stop);
  // The table of the last map with this number; nullptr: there was none.
  Table* find(std::uint64_t number);
  void forget_numbers();

  // What the statement changes of wanted tables.
  Result<Applied> apply(std::string_view statement, const SessionContext& session,
                        const std::stop_token& stop);
  // The tables of a statement that is not followed have a fault.
  Result<Applied> refuse(std::string_view statement, const SessionContext& session,
                         const Error& why);
  bool is_wanted(const TableId& table) const;

  // Whether others can be read on beside the table that the error is about.
  static bool is_of_table(const Error& error);
  static void set_fault(Table& table, const Error& error, std::string_view statement = {});

 private:
  Table& table(const TableId& id);
  std::vector<TableId> wanted_tables(const DdlStatement& statement) const;
  Applied faults_of(std::span<const TableId> tables, const Error& error,
                    std::string_view statement);
  Result<void> learn(Table& table, const std::stop_token& stop);
  Result<void> make_plan(Table& table, const TableMap& map, const FormatDescription& format,
                         const std::stop_token& stop);
  Result<std::shared_ptr<const SchemaChange>> change_of(std::string_view statement,
                                                        const SessionContext& session,
                                                        std::span<const TableId> tables,
                                                        const std::stop_token& stop);
  Result<Overlap> overlap_with(const CopiedTable* copied) const;
  Result<bool> is_in_copy(const DdlStatement& statement, std::span<const TableId> tables) const;

  const LogSourceOptions& options_;
  Definitions definitions_;
  std::uint64_t definitions_version_ = 1, unit_ = 0;
  UnitPlace place_;
  std::map<TableId, Table> tables_;
  std::unordered_map<std::uint64_t, Table*> numbers_;
};

}  // namespace tideway
