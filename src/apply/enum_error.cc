#include "apply/enum_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "progress/meta_tables.h"

namespace tideway {
namespace {

constexpr std::string_view data_truncated = "1265";

// Places in a row's cells that can hold the error value.
std::vector<std::size_t> enum_places(const Rows& rows) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < rows.after.size(); ++i) {
    const ColumnType& type = rows.table->columns[rows.after[i]].type;
    const bool has_empty_label = std::ranges::find(type.labels, "") != type.labels.end();
    if (type.kind == TypeKind::enumeration && !has_empty_label)
      places.push_back(rows.before.size() + i);
  }
  return places;
}

}  // namespace

std::uint64_t enum_errors(const Block& block, const Rows& rows, RowRange range) {
  const std::vector<std::size_t> places = enum_places(rows);
  if (places.empty()) return 0;
  const auto cells = block.cells(rows);
  std::uint64_t count = 0;
  for (std::size_t row = range.first; row < std::size_t{range.first} + range.count; ++row) {
    for (const std::size_t place : places)
      count += cells[row * rows.cells_per_row() + place].length == 0 ? 1U : 0U;
  }
  return count;
}

Result<Affected> insert_with_enum_errors(Session& session, std::string_view statement,
                                         std::uint64_t errors, const std::stop_token& stop) {
  const auto strict = TRY(session.query_value("SELECT @@session.sql_mode", stop)).value_or("");
  TRY(session.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'", stop));
  auto affected = session.execute(statement, stop);
  auto warnings = session.is_broken() ? Result<ResultTable>(ResultTable{}) : session.warnings(stop);
  if (!session.is_broken())
    TRY(session.execute("SET SESSION sql_mode = " + meta_text(strict), stop));
  if (!affected) return affected;
  const ResultTable said = TRY(std::move(warnings));
  const bool only_those =
      said.rows.size() == errors && std::ranges::all_of(said.rows, [](const auto& row) {
        return row.size() >= 3 && row[1] == data_truncated;
      });
  if (!only_those) {
    return fail(Error(ErrorCode::row_rejected, Side::target, Retry::never,
                      fmt::format("the target would store a row changed: {} warnings where {} "
                                  "error values of ENUM explain one each",
                                  said.rows.size(), errors)));
  }
  affected->warnings = 0;  // all of them explained
  return affected;
}

}  // namespace tideway
