#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "route/expression.h"

namespace tideway {

// What the binding of expressions is made of. Private to the room.

using Terms = std::vector<ExpressionTerm>;

Error not_understood(const std::string& place, std::string_view what);  // TW115

bool is_temporal(ExpressionType type);
bool is_number(ExpressionType type);

// A term that evaluates to what `evaluate` makes of the arguments; constant when all of them are.
ExpressionTerm term_of(ExpressionTerm::Evaluate evaluate, ExpressionType type, Terms arguments,
                       const std::string& place);
ExpressionTerm constant_text(std::string text, const std::string& place);
ExpressionTerm constant_value(const ExpressionValue& value, ExpressionType type,
                              const std::string& place);

// As characters: whole numbers and decimals printed, times as the server prints them.
Result<ExpressionTerm> as_text(ExpressionTerm term);
// The one collation of texts together.
Result<Collation> common_collation(const Terms& terms, const std::string& place);
// The type that holds the values of all, as CASE and COALESCE have it.
Result<ExpressionType> common_type(const Terms& terms, const std::string& place);

// "=", "<=>", "<>", "<", "<=", ">", ">=".
Result<ExpressionTerm> bind_comparison(std::string_view name, Terms arguments,
                                       const std::string& place);
// Every operator's name in ExpressionTree, comparisons too; nullopt: it is none.
Result<std::optional<ExpressionTerm>> bind_operator(const std::string& name, Terms& arguments,
                                                    const std::string& place);
Result<std::optional<ExpressionTerm>> bind_arithmetic(const std::string& name, Terms& arguments,
                                                      const std::string& place);
// A function by its upper-case name.
Result<ExpressionTerm> bind_function(const std::string& name, Terms arguments,
                                     const std::string& place);

// Below zero, zero or above; numbers exactly unless one is real.
int compare_numbers(const ExpressionValue& one, const ExpressionValue& other);
// What cannot be answered for a row; the value is NULL then.
ExpressionValue cannot_answer(const ExpressionTerm& term, ExpressionRow& row, std::string_view why);

}  // namespace tideway
