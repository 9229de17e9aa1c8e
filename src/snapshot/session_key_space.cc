#include "snapshot/session_key_space.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "mysql/nth_row.h"

namespace tideway {

SessionKeySpace::SessionKeySpace(Session& session, const TableDef& table, const Key& key,
                                 const std::stop_token& stop)
    : session_(session), table_(table), key_(key), stop_(stop), columns_(key_columns(table, key)) {}

Result<std::optional<std::pair<std::string, std::string>>> SessionKeySpace::ends() {
  const std::string column = quoted(columns_[0].name);
  const ResultTable answer = TRY(session_.query(
      fmt::format("SELECT MIN({0}), MAX({0}) FROM {1}", column, quoted(table_.id)), stop_));
  if (answer.rows.empty() || answer.rows[0].size() < 2 || !answer.rows[0][0] || !answer.rows[0][1])
    return std::optional<std::pair<std::string, std::string>>();
  return std::optional(std::pair(*answer.rows[0][0], *answer.rows[0][1]));
}

// The optimizer dives into the index at both ends of the range: a tenth of a millisecond.
Result<std::uint64_t> SessionKeySpace::estimate_rows(const ChunkRange& range) {
  const ResultTable answer =
      TRY(session_.query(fmt::format("EXPLAIN SELECT {} FROM {}{}", quoted(columns_[0].name),
                                     table_reference(table_, &key_, {}),
                                     where_clause({}, range_condition(columns_, range))),
                         stop_));
  auto column = answer.find_column("rows");
  if (!column) column = answer.find_column("estRows");
  if (!column || answer.rows.empty() || !answer.rows[0][*column]) return std::uint64_t{0};
  const double rows = std::strtod(answer.rows[0][*column]->c_str(), nullptr);
  return static_cast<std::uint64_t>(std::max(rows, 0.0));
}

Result<std::optional<KeyCells>> SessionKeySpace::nth_key(const KeyCells& low, std::uint64_t n) {
  std::string list;
  for (const KeyPart& part : key_.parts) {
    if (!list.empty()) list += ',';
    list += cell_expression(table_.columns[part.column]);
  }
  return nth_row(
      session_,
      fmt::format("SELECT {} FROM {}{} ORDER BY {}", list, table_reference(table_, &key_, {}),
                  where_clause({}, range_condition(columns_, {low, {}})),
                  key_column_list(columns_)),
      n, stop_);
}

std::string table_reference(const TableDef& table, const Key* key, const std::string& where) {
  if (key == nullptr || !where.empty()) return quoted(table.id);
  return fmt::format("{} FORCE INDEX ({})", quoted(table.id), quoted(key->name));
}

std::string where_clause(const std::string& where, const std::string& condition) {
  if (where.empty() && condition.empty()) return {};
  if (where.empty()) return " WHERE " + condition;
  if (condition.empty()) return " WHERE (" + where + ")";
  return " WHERE (" + where + ") AND (" + condition + ")";
}

}  // namespace tideway
