#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/block.h"
#include "route/collating.h"
#include "route/expression_tree.h"
#include "route/expression_value.h"

namespace re2 {
class RE2;
}

namespace tideway {

// What a part of an expression is, whatever row it is asked of.
enum class ExpressionType : std::uint8_t {
  null,
  integer,
  decimal,
  real,
  text,
  date,
  time,
  datetime
};

// The row an expression is asked of: one image of a change. `error` is the first thing that could
// not be answered.
struct ExpressionRow {
  const Block* block = nullptr;
  const Cell* cells = nullptr;          // of the image
  std::span<const std::int32_t> place;  // by ordinal of a column: which cell; below 0: none
  ExpressionScratch* scratch = nullptr;
  std::string error;
};

// A part of an expression with its types settled for one table. Immutable after binding.
struct ExpressionTerm {
  using Evaluate = ExpressionValue (*)(const ExpressionTerm&, ExpressionRow&);
  Evaluate evaluate = nullptr;
  ExpressionType type = ExpressionType::null;
  std::optional<Collation> collation;  // of texts; nullopt: a literal's
  std::vector<ExpressionTerm> arguments;
  std::string place;

  bool is_constant = false;
  bool is_unsigned = false;  // of a whole number
  ExpressionValue constant;  // its text lies in `text`
  std::shared_ptr<const std::string> text;
  std::uint32_t column = 0;            // ordinal
  const Column* definition = nullptr;  // of a column
  std::int32_t shift_minutes = 0;      // of a TIMESTAMP
  int option = 0;                      // what the function makes of it
  std::shared_ptr<const re2::RE2> expression;

  ExpressionValue of(ExpressionRow& row) const { return evaluate(*this, row); }
};

// A boolean expression over the columns of one table.
class Expression {
 public:
  // TW115: what is not understood, with its place; a type that does not fit. nullopt: a column that
  // the table does not have, named in `unknown`.
  static Result<std::optional<Expression>> bind(const ExpressionTree& tree, const TablePtr& table,
                                                std::int32_t time_zone_minutes,
                                                std::string& unknown);

  // Whether it is TRUE (not NULL). TW115: it cannot be answered for this row.
  Result<bool> holds(ExpressionRow& row) const;

 private:
  Expression(TablePtr table, ExpressionTerm term)
      : table_(std::move(table)), term_(std::move(term)) {}
  TablePtr table_;
  ExpressionTerm term_;
};

}  // namespace tideway
