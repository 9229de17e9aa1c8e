#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/block.h"
#include "route/drop_counts.h"
#include "route/expression.h"
#include "route/rules.h"

namespace tideway {

// The expression filters of one table, bound to one definition of it. Immutable; any thread.
class RowFilter {
 public:
  // Filters of other tables are left out. TW115 names the filter whose expression does not fit the
  // definition; a column that the definition lacks makes its expression FALSE, and `warnings`
  // tells.
  static Result<RowFilter> bind(std::span<const ExpressionFilterRule> rules, const TablePtr& table,
                                FilterCase filter_case, std::int32_t time_zone_minutes,
                                DropCounts& drops, std::vector<std::string>& warnings);

  bool is_about(ChangeKind kind) const;
  // Takes the rows out for which a filter holds, and counts them. TW115: one cannot be answered.
  Result<void> drop_rows(Block& block, Rows& rows) const;

 private:
  // What is asked of a change: every image that is named must hold.
  struct Filter {
    std::string name;
    ChangeKind kind = ChangeKind::insert;
    std::optional<Expression> before, after;
    DropCounts::Count* dropped = nullptr;
  };
  struct Images;
  Result<const Filter*> first_that_holds(const Images& images, ExpressionScratch& scratch,
                                         const Cell* cells, ChangeKind kind) const;

  TablePtr table_;
  std::vector<Filter> filters_;
};

}  // namespace tideway
