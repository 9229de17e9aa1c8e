#include "stream/named_tables.h"

#include <variant>

namespace tideway {
namespace {

struct Names {
  std::vector<TableId> tables;

  void operator()(const CreateDatabase& statement) { tables.push_back({statement.name, ""}); }
  void operator()(const AlterDatabase& statement) { tables.push_back({statement.name, ""}); }
  void operator()(const DropDatabase& statement) { tables.push_back({statement.name, ""}); }
  void operator()(const CreateTable& statement) { tables.push_back(statement.name.id); }
  void operator()(const TruncateTable& statement) { tables.push_back(statement.name.id); }
  void operator()(const ChangeView& statement) {
    for (const TableName& name : statement.names) tables.push_back(name.id);
  }
  void operator()(const DropTables& statement) {
    for (const TableName& name : statement.names) tables.push_back(name.id);
  }
  void operator()(const RenameTables& statement) {
    for (const auto& [from, to] : statement.pairs) {
      tables.push_back(from.id);
      tables.push_back(to.id);
    }
  }
  void operator()(const AlterTable& statement) {
    tables.push_back(statement.name.id);
    for (const AlterAction& action : statement.actions) {
      if (const auto* rename = std::get_if<RenameTo>(&action.does)) tables.push_back(rename->to.id);
      const auto* partitions = std::get_if<ChangePartitions>(&action.does);
      if (partitions != nullptr && partitions->exchanged_with)
        tables.push_back(partitions->exchanged_with->id);
    }
  }
};

}  // namespace

std::vector<TableId> named_tables(const DdlStatement& statement) {
  Names names;
  std::visit(names, statement);
  return std::move(names.tables);
}

}  // namespace tideway
