#include "route/row_filter.h"

#include <fmt/format.h>

#include <algorithm>

namespace tideway {
namespace {

std::vector<std::int32_t> places_of(const ColumnSet& columns, std::size_t count) {
  std::vector<std::int32_t> places(count, -1);
  for (std::size_t i = 0; i < columns.size(); ++i)
    places[columns[i]] = static_cast<std::int32_t>(i);
  return places;
}

bool is_of(const ExpressionFilterRule& rule, const TableId& table, FilterCase filter_case) {
  if (filter_case == FilterCase::sensitive) return rule.table == table;
  return unicode_lower(quoted(rule.table)) == unicode_lower(quoted(table));
}

}  // namespace

// The images of an item's rows: where each column's cell is.
struct RowFilter::Images {
  const Block& block;
  std::vector<std::int32_t> before, after;
  std::size_t after_begins = 0;
};

Result<RowFilter> RowFilter::bind(std::span<const ExpressionFilterRule> rules,
                                  const TablePtr& table, FilterCase filter_case,
                                  std::int32_t time_zone_minutes, DropCounts& drops,
                                  std::vector<std::string>& warnings) {
  RowFilter made;
  made.table_ = table;
  for (const ExpressionFilterRule& rule : rules) {
    if (!is_of(rule, table->id, filter_case)) continue;
    Filter filter;
    filter.name = rule.name;
    bool is_false = false;
    const auto bind_one = [&](const std::optional<ExpressionTree>& tree,
                              std::optional<Expression>& bound) -> Result<void> {
      if (!tree) return {};
      std::string unknown;
      bound = TRY_DURING(
          fmt::format("binding expression-filter '{}' to {}", rule.name, quoted(table->id)),
          Expression::bind(*tree, table, time_zone_minutes, unknown));
      if (bound) return {};
      is_false = true;
      warnings.push_back(fmt::format(
          "expression-filter '{}' leaves nothing out of {}: the table has no column '{}'",
          rule.name, quoted(table->id), unknown));
      return {};
    };
    filter.kind = rule.insert_value   ? ChangeKind::insert
                  : rule.delete_value ? ChangeKind::remove
                                      : ChangeKind::update;
    TRY(bind_one(rule.delete_value ? rule.delete_value : rule.update_old_value, filter.before));
    TRY(bind_one(rule.insert_value ? rule.insert_value : rule.update_new_value, filter.after));
    if (is_false) continue;
    filter.dropped = &drops.of(table->id, fmt::format("expression-filter '{}'", rule.name));
    made.filters_.push_back(std::move(filter));
  }
  return made;
}

bool RowFilter::is_about(ChangeKind kind) const {
  return std::ranges::any_of(filters_,
                             [kind](const Filter& filter) { return filter.kind == kind; });
}

Result<const RowFilter::Filter*> RowFilter::first_that_holds(const Images& images,
                                                             ExpressionScratch& scratch,
                                                             const Cell* cells,
                                                             ChangeKind kind) const {
  ExpressionRow before{&images.block, cells, images.before, &scratch, {}};
  ExpressionRow after{&images.block, cells + images.after_begins, images.after, &scratch, {}};
  for (const Filter& filter : filters_) {
    if (filter.kind != kind) continue;
    const auto what = [&] {
      return fmt::format("asking expression-filter '{}' of a row of {}", filter.name,
                         quoted(table_->id));
    };
    if (filter.before && !TRY_DURING(what(), filter.before->holds(before))) continue;
    if (filter.after && !TRY_DURING(what(), filter.after->holds(after))) continue;
    return &filter;
  }
  return nullptr;
}

Result<void> RowFilter::drop_rows(Block& block, Rows& rows) const {
  const std::size_t columns = rows.table->columns.size(), width = rows.cells_per_row();
  const Images images{block, places_of(rows.before, columns), places_of(rows.after, columns),
                      rows.before.size()};
  ExpressionScratch scratch;
  Cell* const first = block.cells(rows).data();
  std::uint32_t kept = 0;
  for (std::uint32_t row = 0; row < rows.row_count; ++row) {
    Cell* const cells = first + row * width;
    if (const Filter* filter = TRY(first_that_holds(images, scratch, cells, rows.kind))) {
      ++filter->dropped->rows;
      continue;
    }
    if (kept != row) std::copy(cells, cells + width, first + kept * width);
    ++kept;
  }
  rows.row_count = kept;
  return {};
}

}  // namespace tideway
