#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideway {

// An expression as it is written: nothing is known of columns and types yet. A value.
struct ExpressionTree {
  enum class Kind : std::uint8_t {
    null,
    number,     // text: as written
    text,       // text: its bytes
    bytes,      // text: of x'…' and b'…'
    column,     // text: its name
    operation,  // text: "+", "AND", "<=>", "IS NULL", "CASE", …; the grammar has counted its
                // arguments
    function,   // text: upper case, any name; nothing is known of its arguments
  };
  Kind kind = Kind::null;
  std::string text;
  std::vector<ExpressionTree> arguments;
  std::string place;  // line:column
};

// SQL's grammar of expressions without subqueries, variables, casts and intervals:
//
//   expression  = and-terms by OR, ||, XOR;  and-term = not-terms by AND, &&;  not-term = [NOT]
//   predicate predicate   = sum [=, <=>, <>, !=, <, <=, >, >= sum | IS [NOT] NULL, TRUE, FALSE,
//   UNKNOWN |
//                 [NOT] (IN (list) | BETWEEN sum AND sum | LIKE sum [ESCAPE text] | REGEXP, RLIKE
//                 sum)]…
//   sum         = operands by |, &, <<, >>, +, -, *, /, DIV, %, MOD, ^ in MySQL's order
//   operand     = literal, column, table.column, function(list), CASE, IF(…), (expression), -, +,
//   !,
//   ~, BINARY
//
// TW115 with the place and the token found.
Result<ExpressionTree> parse_expression(std::string_view text);

}  // namespace tideway
