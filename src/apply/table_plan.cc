#include "apply/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace tideway {
namespace {

std::map<std::string, std::uint32_t> ordinals_by_name(const TableDef& table) {
  std::map<std::string, std::uint32_t> ordinals;
  for (std::uint32_t i = 0; i < table.columns.size(); ++i)
    ordinals[ascii_lower(table.columns[i].name)] = i;
  return ordinals;
}

Error mismatch(const TableDef& target, const Column& column, std::string message,
               std::string statement) {
  Evidence evidence;
  evidence.table = quoted(target.id);
  evidence.column = column.name;
  evidence.statement = std::move(statement);
  return Error(ErrorCode::definition_mismatch, Side::target, Retry::after_operator,
               std::move(evidence), std::move(message));
}

Error missing_column(const TableDef& target, const Column& column) {
  return mismatch(
      target, column,
      fmt::format("the target's table {} has no column {}", quoted(target.id), quoted(column.name)),
      fmt::format("ALTER TABLE {} ADD COLUMN {} {}", quoted(target.id), quoted(column.name),
                  column.type.text));
}

// A column that no row fills must be filled by the server.
bool fills_itself(const Column& column) {
  return column.is_nullable || column.default_text || column.is_auto_increment ||
         column.is_auto_random || column.generated != Generated::no;
}

const Key* naming_key(const TableDef& table) {
  const Key* best = nullptr;
  for (const Key& key : table.keys) {
    if (key.kind == KeyKind::primary) return &key;
    if (key.kind == KeyKind::unique && best == nullptr) best = &key;
  }
  return best;
}

std::vector<std::uint32_t> key_places(const TableDef& source,
                                      const std::vector<TablePlan::PlannedColumn>& columns) {
  std::vector<std::uint32_t> places;
  const auto place_of = [&](std::uint32_t ordinal) {
    const auto found = std::ranges::find(columns, ordinal, &TablePlan::PlannedColumn::source);
    if (found != columns.end())
      places.push_back(static_cast<std::uint32_t>(found - columns.begin()));
  };
  if (const Key* key = naming_key(source)) {
    for (const KeyPart& part : key->parts) {
      if (part.expression.empty()) place_of(part.column);
    }
  }
  if (places.empty()) {
    for (std::uint32_t i = 0; i < columns.size(); ++i) places.push_back(i);
  }
  return places;
}

}  // namespace

Result<std::shared_ptr<const TablePlan>> TablePlan::make(TablePtr source, TablePtr target,
                                                         const ColumnSet& columns) {
  std::shared_ptr<TablePlan> plan(new TablePlan);
  const auto ordinals = ordinals_by_name(*target);
  std::vector<bool> is_filled(target->columns.size());
  std::vector<std::uint32_t> all;
  for (std::uint32_t cell = 0; cell < columns.size(); ++cell) {
    const Column& column = source->columns[columns[cell]];
    const auto found = ordinals.find(ascii_lower(column.name));
    if (found == ordinals.end()) return fail(missing_column(*target, column));
    all.push_back(found->second);
    is_filled[found->second] = true;
    const Column& filled = target->columns[found->second];
    if (filled.generated != Generated::no) continue;
    plan->columns_.push_back({cell, columns[cell], found->second, live_form(column.type)});
    plan->column_list_ += (plan->column_list_.empty() ? "(" : ",") + quoted(filled.name);
  }
  plan->column_list_ += plan->column_list_.empty() ? "()" : ")";
  for (std::size_t i = 0; i < target->columns.size(); ++i) {
    const Column& column = target->columns[i];
    if (is_filled[i] || fills_itself(column)) continue;
    return fail(mismatch(
        *target, column,
        fmt::format("column {} of the target's table {} is filled by no row and has no default",
                    quoted(column.name), quoted(target->id)),
        fmt::format("ALTER TABLE {} MODIFY COLUMN {} {} NULL", quoted(target->id),
                    quoted(column.name), column.type.text)));
  }
  plan->key_ = key_places(*source, plan->columns_);
  plan->table_name_ = quoted(target->id);
  plan->source_columns_ = columns;
  plan->target_columns_ = ColumnSet(std::move(all));
  plan->source_ = std::move(source);
  plan->target_ = std::move(target);
  return PlanPtr(std::move(plan));
}

}  // namespace tideway
