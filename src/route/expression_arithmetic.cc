// Numbers of expressions: operators and functions.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "route/expression_parts.h"

namespace tideway {
namespace {

using Value = ExpressionValue;
using Type = ExpressionType;

constexpr const char* out_of_range = "the value is out of range";
constexpr int quotient_digits = 4;  // div_precision_increment's default

enum Operator { add, subtract, multiply, divide, divide_whole, modulo };

// A whole number of 128 bits as the type of the term has it.
Value whole(const ExpressionTerm& term, ExpressionRow& row, __int128 value) {
  const bool fits = term.is_unsigned ? value >= 0 && value <= __int128{UINT64_MAX}
                                     : value >= __int128{INT64_MIN} && value <= __int128{INT64_MAX};
  if (!fits) return cannot_answer(term, row, out_of_range);
  return Value::of_integer(static_cast<std::uint64_t>(value < 0 ? -value : value), value < 0);
}

__int128 wide(const Value& value) {
  return value.is_negative ? -static_cast<__int128>(value.magnitude)
                           : static_cast<__int128>(value.magnitude);
}

Value whole_result(const ExpressionTerm& term, ExpressionRow& row, const Value& one,
                   const Value& other) {
  const __int128 left = wide(one), right = wide(other);
  switch (term.option) {
    case add:
      return whole(term, row, left + right);
    case subtract:
      return whole(term, row, left - right);
    case multiply: {
      // Magnitudes of 64 bits each: their product may need 128 without a sign.
      const auto product = static_cast<unsigned __int128>(one.magnitude) * other.magnitude;
      if (product > UINT64_MAX) return cannot_answer(term, row, out_of_range);
      const auto magnitude = static_cast<__int128>(product);
      return whole(term, row, one.is_negative != other.is_negative ? -magnitude : magnitude);
    }
    case divide_whole:
      return right == 0 ? Value{} : whole(term, row, left / right);
    default:
      return right == 0 ? Value{} : whole(term, row, left % right);
  }
}

Value decimal_result(const ExpressionTerm& term, ExpressionRow& row, const Value& one,
                     const Value& other) {
  const Decimal left = to_decimal(one), right = to_decimal(other);
  const bool divides = term.option >= divide;
  if (divides && right.is_zero()) return {};
  const auto made = term.option == add        ? left.plus(right)
                    : term.option == subtract ? left.plus(right.negated())
                    : term.option == multiply ? left.times(right)
                    : term.option == modulo   ? left.remainder(right)
                                              : left.over(right, quotient_digits);
  if (!made) return cannot_answer(term, row, out_of_range);
  if (term.option != divide_whole) return Value::of_decimal(*made);
  const auto magnitude = made->magnitude();
  if (!magnitude) return cannot_answer(term, row, out_of_range);
  const auto quotient = static_cast<__int128>(*magnitude);
  return whole(term, row, made->is_negative() ? -quotient : quotient);
}

Value real_result(const ExpressionTerm& term, ExpressionRow& row, double left, double right) {
  if (term.option >= divide && right == 0) return {};
  const double made = term.option == add        ? left + right
                      : term.option == subtract ? left - right
                      : term.option == multiply ? left * right
                      : term.option == divide   ? left / right
                                                : std::fmod(left, right);
  if (!std::isfinite(made)) return cannot_answer(term, row, out_of_range);
  return Value::of_real(made);
}

Value evaluate_arithmetic(const ExpressionTerm& term, ExpressionRow& row) {
  const Value one = term.arguments[0].of(row), other = term.arguments[1].of(row);
  if (one.is_null() || other.is_null()) return {};
  if (term.type == Type::real) return real_result(term, row, to_real(one), to_real(other));
  const bool is_whole = one.kind == Value::Kind::integer && other.kind == Value::Kind::integer;
  if (is_whole && term.option != divide) return whole_result(term, row, one, other);
  return decimal_result(term, row, one, other);
}

Value evaluate_negate(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  switch (value.kind) {
    case Value::Kind::null:
      return {};
    case Value::Kind::integer:
      return whole(term, row, -wide(value));
    case Value::Kind::decimal:
      return Value::of_decimal(value.decimal.negated());
    default:
      return Value::of_real(-to_real(value));
  }
}

// Of 64 bits without a sign.
Value evaluate_bits(const ExpressionTerm& term, ExpressionRow& row) {
  std::array<std::uint64_t, 2> bits{};
  for (std::size_t i = 0; i < term.arguments.size(); ++i) {
    const Value value = term.arguments[i].of(row);
    if (value.is_null()) return {};
    bits[i] = value.is_negative ? 0 - value.magnitude : value.magnitude;
  }
  const bool is_far = bits[1] > 63;
  const auto made = [&]() -> std::uint64_t {
    switch (term.option) {
      case '|':
        return bits[0] | bits[1];
      case '&':
        return bits[0] & bits[1];
      case '^':
        return bits[0] ^ bits[1];
      case '~':
        return ~bits[0];
      case '<':
        return is_far ? 0 : bits[0] << bits[1];
      default:
        return is_far ? 0 : bits[0] >> bits[1];
    }
  }();
  return Value::of_integer(made, false);
}

Value evaluate_abs(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  if (value.kind == Value::Kind::integer)
    return whole(term, row, static_cast<__int128>(value.magnitude));
  if (value.kind == Value::Kind::decimal)
    return Value::of_decimal(value.decimal.is_negative() ? value.decimal.negated() : value.decimal);
  return value.is_null() ? Value{} : Value::of_real(std::fabs(to_real(value)));
}

Value evaluate_sign(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  if (value.is_null()) return {};
  const int sign = compare_numbers(value, Value::of_integer(0, false));
  return Value::of_integer(sign == 0 ? 0 : 1, sign < 0);
}

enum Rounding { up, down, half_away, cut_off };

Value evaluate_round(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  if (value.is_null() || value.kind == Value::Kind::integer) return value;
  const auto rounding = static_cast<Rounding>(term.option & 3);
  if (value.kind != Value::Kind::decimal) {
    const double real = to_real(value);
    return Value::of_real(rounding == up ? std::ceil(real) : std::floor(real));
  }
  const int scale = term.option >> 2;
  const Decimal& exact = value.decimal;
  if (rounding == half_away)
    return Value::of_decimal(exact.with_scale(scale, Decimal::Cut::half_up));
  const Decimal cut = exact.with_scale(scale, Decimal::Cut::toward_zero);
  const bool moves =
      rounding != cut_off && cut.compare(exact) != 0 && exact.is_negative() == (rounding == down);
  if (!moves) return Value::of_decimal(cut);
  return Value::of_decimal(*cut.plus(Decimal::of(1, rounding == down)));
}

Result<Type> type_of_result(const Terms& arguments, const std::string& place) {
  Type type = Type::integer;
  for (const ExpressionTerm& argument : arguments) {
    if (is_temporal(argument.type))
      return fail(not_understood(place, "arithmetic with dates and times"));
    const bool is_label = argument.definition != nullptr && argument.type == Type::text &&
                          !argument.definition->type.labels.empty();
    if (is_label) return fail(not_understood(place, "arithmetic with an ENUM or SET"));
    if (argument.type == Type::real || argument.type == Type::text) return Type::real;
    if (argument.type == Type::decimal) type = Type::decimal;
  }
  return type;
}

Result<ExpressionTerm> bind_bits(Terms arguments, char sign, const std::string& place) {
  for (const ExpressionTerm& argument : arguments) {
    if (argument.type != Type::integer && argument.type != Type::null)
      return fail(not_understood(argument.place, "bits of something else than a whole number"));
  }
  ExpressionTerm term = term_of(evaluate_bits, Type::integer, std::move(arguments), place);
  term.is_unsigned = true;
  term.option = sign;
  return term;
}

Result<ExpressionTerm> bind_rounding(std::string_view name, Terms arguments,
                                     const std::string& place) {
  const Type type = TRY(type_of_result({arguments[0]}, place));
  const Rounding rounding = name == "FLOOR"      ? down
                            : name == "ROUND"    ? half_away
                            : name == "TRUNCATE" ? cut_off
                                                 : up;
  int scale = 0;
  if (arguments.size() == 2) {
    const Value& digits = arguments[1].constant;
    if (!arguments[1].is_constant || digits.kind != Value::Kind::integer || digits.magnitude > 30)
      return fail(not_understood(arguments[1].place, "digits must be a constant from 0 to 30"));
    scale = static_cast<int>(digits.magnitude);
  }
  if (type == Type::real && (rounding == half_away || rounding == cut_off))
    return fail(not_understood(place, "rounding of approximate numbers: compare with < and >"));
  const bool is_unsigned = arguments[0].is_unsigned;
  ExpressionTerm term = term_of(evaluate_round, type, std::move(arguments), place);
  term.is_unsigned = is_unsigned;
  term.option = scale << 2 | rounding;
  return term;
}

Result<ExpressionTerm> bind_binary(Operator what, Terms arguments, const std::string& place) {
  Type type = TRY(type_of_result(arguments, place));
  if (what == divide && type == Type::integer) type = Type::decimal;
  if (what == divide_whole) {
    if (type == Type::real)
      return fail(not_understood(place, "DIV of texts or approximate numbers"));
    type = Type::integer;
  }
  const bool is_unsigned = arguments[0].is_unsigned || (what != modulo && arguments[1].is_unsigned);
  ExpressionTerm term = term_of(evaluate_arithmetic, type, std::move(arguments), place);
  term.is_unsigned = is_unsigned;
  term.option = what;
  return term;
}

}  // namespace

Result<std::optional<ExpressionTerm>> bind_arithmetic(const std::string& name, Terms& arguments,
                                                      const std::string& place) {
  using Bound = std::optional<ExpressionTerm>;
  const auto is_one_of = [&name](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  const std::size_t count = arguments.size();
  static constexpr std::array<std::pair<std::string_view, Operator>, 7> operators = {
      {{"+", add},
       {"-", subtract},
       {"*", multiply},
       {"/", divide},
       {"DIV", divide_whole},
       {"%", modulo},
       {"MOD", modulo}}};
  for (const auto& [sign, what] : operators) {
    if (name == sign && count == 2)
      return Bound(TRY(bind_binary(what, std::move(arguments), place)));
  }
  if (is_one_of({"|", "&", "^", "~", "<<", ">>"}))
    return Bound(TRY(bind_bits(std::move(arguments), name[0], place)));
  if (is_one_of({"CEIL", "CEILING", "FLOOR"}) && count == 1)
    return Bound(TRY(bind_rounding(name, std::move(arguments), place)));
  if ((name == "ROUND" && (count == 1 || count == 2)) || (name == "TRUNCATE" && count == 2))
    return Bound(TRY(bind_rounding(name, std::move(arguments), place)));
  if (is_one_of({"NEGATE", "ABS", "SIGN"}) && count == 1) {
    const Type type = TRY(type_of_result(arguments, place));
    const bool is_unsigned = arguments[0].is_unsigned && name == "ABS";
    const auto evaluate = name == "NEGATE" ? evaluate_negate
                          : name == "ABS"  ? evaluate_abs
                                           : evaluate_sign;
    ExpressionTerm term =
        term_of(evaluate, name == "SIGN" ? Type::integer : type, std::move(arguments), place);
    term.is_unsigned = is_unsigned;
    return Bound(std::move(term));
  }
  return Bound();
}

}  // namespace tideway
