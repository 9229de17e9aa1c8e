#include "apply/enum_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/odd_value.h"
#include "progress/meta_tables.h"

namespace tideway {
namespace {

constexpr std::string_view data_truncated = "1265";

struct EnumPlace {
  std::size_t place = 0;  // in a row's cells
  std::string error_text;
};

std::vector<EnumPlace> enum_places(const Rows& rows) {
  std::vector<EnumPlace> places;
  for (std::size_t i = 0; i < rows.after.size(); ++i) {
    const ColumnType& type = rows.table->columns[rows.after[i]].type;
    if (type.kind == TypeKind::enumeration)
      places.push_back({rows.before.size() + i, enum_error_text(type)});
  }
  return places;
}

template <typename IsExplained>
Result<Affected> send_not_strict(Session& session, std::string_view statement,
                                 const std::stop_token& stop, const IsExplained& is_explained) {
  const auto strict = TRY(session.query_value("SELECT @@session.sql_mode", stop)).value_or("");
  TRY(session.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'", stop));
  auto affected = session.execute(statement, stop);
  auto warnings = session.is_broken() ? Result<ResultTable>(ResultTable{}) : session.warnings(stop);
  if (!session.is_broken())
    TRY(session.execute("SET SESSION sql_mode = " + meta_text(strict), stop));
  if (!affected) return affected;
  const ResultTable said = TRY(std::move(warnings));
  if (!is_explained(said)) {
    return fail(Error(ErrorCode::row_rejected, Side::target, Retry::never,
                      fmt::format("the target would store a row changed: not all of {} warnings "
                                  "are about error values of ENUM",
                                  said.rows.size())));
  }
  affected->warnings = 0;  // all of them explained
  return affected;
}

}  // namespace

std::uint64_t enum_errors(const Block& block, const Rows& rows, RowRange range) {
  const std::vector<EnumPlace> places = enum_places(rows);
  if (places.empty()) return 0;
  const auto cells = block.cells(rows);
  std::uint64_t count = 0;
  for (std::size_t row = range.first; row < std::size_t{range.first} + range.count; ++row) {
    for (const auto& [place, error_text] : places) {
      const Cell& cell = cells[row * rows.cells_per_row() + place];
      count += !cell.is_null() && block.text(cell) == error_text ? 1U : 0U;
    }
  }
  return count;
}

bool is_enum_error(const ColumnType& type, std::string_view cell_text) {
  return type.kind == TypeKind::enumeration &&
         (cell_text.empty() || cell_text.starts_with("error value 0")) &&
         cell_text == enum_error_text(type);
}

Result<Affected> change_with_enum_errors(Session& session, std::string_view statement,
                                         std::span<const std::string> columns,
                                         const std::stop_token& stop) {
  const auto explains = [columns](std::string_view warning) {
    return std::ranges::any_of(columns, [warning](const std::string& column) {
      return warning.find("'" + column + "'") != std::string_view::npos;
    });
  };
  return send_not_strict(session, statement, stop, [&](const ResultTable& said) {
    return std::ranges::all_of(said.rows, [&](const auto& row) {
      return row.size() >= 3 && row[1] == data_truncated && explains(row[2].value_or(""));
    });
  });
}

Result<Affected> insert_with_enum_errors(Session& session, std::string_view statement,
                                         std::uint64_t errors, const std::stop_token& stop) {
  return send_not_strict(session, statement, stop, [errors](const ResultTable& said) {
    return said.rows.size() == errors && std::ranges::all_of(said.rows, [](const auto& row) {
             return row.size() >= 3 && row[1] == data_truncated;
           });
  });
}

}  // namespace tideway
