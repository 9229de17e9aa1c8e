#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config_tree.h"
#include "base/result.h"
#include "route/event_filter.h"
#include "route/expression_tree.h"
#include "route/name_pattern.h"

namespace tideway {

// The rules of a job as somebody wrote them, read and checked each for itself. docs/routing.md is
// their grammar; the keys are those of DM's task files.

// Which tables are taken: do-dbs, then ignore-dbs, then do-tables, then ignore-tables.
struct BlockAllowList {
  std::string name;
  std::vector<NamePattern> do_dbs, ignore_dbs;
  std::vector<TablePattern> do_tables, ignore_tables;
};

// A column that the target has and the source has not: what the groups of an expression find in a
// name, joined.
struct Extraction {
  enum class From : std::uint8_t { table, schema, source };
  From from = From::table;
  std::shared_ptr<const re2::RE2> expression;
  std::string column;
};

struct RouteRule {
  std::string name;
  TablePattern from;
  std::string target_schema;
  std::string target_table;  // empty: the table keeps its name
  std::vector<Extraction> extractions;
};

// Rows for which it holds are left out. Exactly one kind is given: insert, delete, or one or both
// of the update's (both: both must hold).
struct ExpressionFilterRule {
  std::string name;
  TableId table;
  std::optional<ExpressionTree> insert_value, delete_value, update_old_value, update_new_value;
};

struct RouteRules {
  std::optional<BlockAllowList> lists;
  std::vector<RouteRule> routes;
  std::vector<EventFilterRule> filters;
  std::vector<ExpressionFilterRule> expression_filters;
  FilterCase filter_case = FilterCase::insensitive;
  std::string source_id;               // what extract-source looks at
  std::int32_t time_zone_minutes = 0;  // in which expression filters see a TIMESTAMP

  bool is_empty() const {
    return !lists && routes.empty() && filters.empty() && expression_filters.empty();
  }
};

// The readers of each part. Errors: TW101, TW102 with the place in the file; TW112 names the rule.
Result<std::optional<BlockAllowList>> read_block_allow_list(const ConfigTree& tree,
                                                            FilterCase filter_case);
Result<std::vector<RouteRule>> read_routes(const ConfigTree& tree, FilterCase filter_case);
Result<std::vector<EventFilterRule>> read_filters(const ConfigTree& tree, FilterCase filter_case);
Result<std::vector<ExpressionFilterRule>> read_expression_filters(const ConfigTree& tree);

// `shop.* => store.*`, `shop.orders => store.sales`, `shop => store`. A half of the left is a name
// with wildcards, `quoted`, or /a regular expression/, as in docs/filter.md; a table of * on both
// sides is a rule of the database. TW112.
Result<RouteRule> parse_route(std::string_view text, FilterCase filter_case);

}  // namespace tideway
