#include "sql/key_range.h"

#include <cstdint>

#include "base/check.h"
#include "model/odd_value.h"
#include "sql/literal.h"

namespace tideway {
namespace {

void append_comparison(std::string& out, const KeyColumn& column, std::string_view op,
                       std::string_view cell) {
  out += quoted(column.name);
  out += op;
  append_key_literal(out, column.type, cell);
}

std::string_view strict(bool is_less) { return is_less ? "<" : ">"; }

// row <op> cells over all columns given: `a`<v or(`a`=v and <the rest>).
void append_order(std::string& out, std::span<const KeyColumn> columns,
                  std::span<const std::string> cells, bool is_less, bool or_equal) {
  if (columns.size() == 1) {
    append_comparison(out, columns[0], or_equal ? (is_less ? "<=" : ">=") : strict(is_less),
                      cells[0]);
    return;
  }
  append_comparison(out, columns[0], strict(is_less), cells[0]);
  out += " or(";
  append_comparison(out, columns[0], "=", cells[0]);
  const bool nests = columns.size() > 2;
  out += nests ? " and(" : " and ";
  append_order(out, columns.subspan(1), cells.subspan(1), is_less, or_equal);
  out += nests ? "))" : ")";
}

}  // namespace

std::vector<KeyColumn> key_columns(const TableDef& table, const Key& key) {
  std::vector<KeyColumn> columns;
  for (const KeyPart& part : key.parts) {
    CHECK(part.expression.empty() && part.prefix_length == 0);
    columns.push_back({table.columns[part.column].name, table.columns[part.column].type});
  }
  return columns;
}

void append_key_literal(std::string& out, const ColumnType& type, std::string_view cell_text) {
  if (may_bend(type) && is_raw(cell_text)) {
    out += '_' + type.charset;  // compared as characters, not as bytes
    append_literal(out, type, cell_text);
    return;
  }
  if (type.kind != TypeKind::bit || cell_text.size() > 8) {
    append_literal(out, type, cell_text);
    return;
  }
  std::uint64_t value = 0;
  for (const char c : cell_text) value = value << 8U | static_cast<unsigned char>(c);
  out += std::to_string(value);
}

std::string key_condition(std::span<const KeyColumn> columns, std::span<const std::string> cells,
                          KeyOrder order) {
  CHECK(!columns.empty() && columns.size() == cells.size());
  const bool is_less = order == KeyOrder::less || order == KeyOrder::less_equal;
  const bool or_equal = order == KeyOrder::less_equal || order == KeyOrder::greater_equal;
  std::string out;
  if (columns.size() > 1) {
    append_comparison(out, columns[0], is_less ? "<=" : ">=", cells[0]);
    out += " and(";
  }
  append_order(out, columns, cells, is_less, or_equal);
  if (columns.size() > 1) out += ')';
  return out;
}

std::string key_range_condition(std::span<const KeyColumn> columns, const KeyCells& low,
                                const KeyCells& high) {
  if (low.empty() && high.empty()) return {};
  if (low.empty()) return key_condition(columns, high, KeyOrder::less_equal);
  if (high.empty()) return key_condition(columns, low, KeyOrder::greater);
  std::string out;
  // Columns in which both bounds are the same bytes are fixed first: an index range over the rest.
  // Bytes that differ but compare equal only lose this advantage.
  std::size_t common = 0;
  while (common + 1 < columns.size() && low[common] == high[common]) {
    append_comparison(out, columns[common], "=", low[common]);
    out += " and ";
    ++common;
  }
  const auto rest = columns.subspan(common);
  out += key_condition(rest, std::span(low).subspan(common), KeyOrder::greater);
  out += " and ";
  out += key_condition(rest, std::span(high).subspan(common), KeyOrder::less_equal);
  return out;
}

std::string key_column_list(std::span<const KeyColumn> columns) {
  std::string out;
  for (const KeyColumn& column : columns) {
    if (!out.empty()) out += ',';
    out += quoted(column.name);
  }
  return out;
}

}  // namespace tideway
