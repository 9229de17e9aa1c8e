#include "verify/table_pair.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/digest.h"

namespace tideway {
namespace {

std::optional<std::uint32_t> column_named(const TableDef& table, const std::string& name) {
  const std::string wanted = ascii_lower(name);
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    if (ascii_lower(table.columns[i].name) == wanted) return i;
  }
  return std::nullopt;
}

Error mismatch(const TableDef& target, const std::string& column, std::string message) {
  Evidence evidence;
  evidence.table = quoted(target.id);
  evidence.column = column;
  return {ErrorCode::definition_mismatch, Side::target, Retry::after_operator, std::move(evidence),
          std::move(message)};
}

bool key_sorts_alike(const TableDef& source, const TableDef& target, const Key& key) {
  return std::ranges::all_of(key.parts, [&](const KeyPart& part) {
    const Column& ours = source.columns[part.column];
    const auto theirs = column_named(target, ours.name);
    return theirs && target.columns[*theirs].type.collation == ours.type.collation &&
           class_of(target.columns[*theirs].type) == class_of(ours.type);
  });
}

}  // namespace

Result<TablePair> pair_tables(TablePtr source, TablePtr target) {
  TablePair pair;
  std::vector<std::uint32_t> ours, theirs;
  for (const std::uint32_t i : stored_columns(*source)) {
    const Column& column = source->columns[i];
    const auto other = column_named(*target, column.name);
    if (!other) {
      return fail(
          mismatch(*target, column.name,
                   fmt::format("{} has no column {}", quoted(target->id), quoted(column.name))));
    }
    if (target->columns[*other].generated != Generated::no) {
      pair.left_out.push_back(fmt::format("column {}: generated on the target", column.name));
      continue;
    }
    if (!digest_texts_compare(column.type, target->columns[*other].type)) {
      return fail(mismatch(*target, column.name,
                           fmt::format("column {} of {} is {} on the source and {} on the target",
                                       quoted(column.name), quoted(target->id), column.type.text,
                                       target->columns[*other].type.text)));
    }
    ours.push_back(i);
    theirs.push_back(*other);
  }
  pair.source_columns = ColumnSet(std::move(ours));
  pair.target_columns = ColumnSet(std::move(theirs));
  pair.key = ordering_key(*source);
  pair.ranges_agree = pair.key != nullptr && key_sorts_alike(*source, *target, *pair.key);
  pair.source = std::move(source);
  pair.target = std::move(target);
  return pair;
}

}  // namespace tideway
