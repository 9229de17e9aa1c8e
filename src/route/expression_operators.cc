// Logic, comparison and arithmetic of expressions.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "route/expression_parts.h"

namespace tideway {
namespace {

using Value = ExpressionValue;
using Type = ExpressionType;

// --- logic: NULL is unknown ---

Value evaluate_and(const ExpressionTerm& term, ExpressionRow& row) {
  bool has_null = false;
  for (const ExpressionTerm& argument : term.arguments) {
    const Value value = argument.of(row);
    if (value.is_null()) {
      has_null = true;
    } else if (!is_true(value)) {
      return Value::of_bool(false);
    }
  }
  return has_null ? Value{} : Value::of_bool(true);
}

Value evaluate_or(const ExpressionTerm& term, ExpressionRow& row) {
  bool has_null = false;
  for (const ExpressionTerm& argument : term.arguments) {
    const Value value = argument.of(row);
    if (value.is_null()) {
      has_null = true;
    } else if (is_true(value)) {
      return Value::of_bool(true);
    }
  }
  return has_null ? Value{} : Value::of_bool(false);
}

Value evaluate_xor(const ExpressionTerm& term, ExpressionRow& row) {
  const Value one = term.arguments[0].of(row), other = term.arguments[1].of(row);
  if (one.is_null() || other.is_null()) return {};
  return Value::of_bool(is_true(one) != is_true(other));
}

Value evaluate_not(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  return value.is_null() ? Value{} : Value::of_bool(!is_true(value));
}

enum IsWhat { is_what_null, is_what_true, is_what_false };

Value evaluate_is(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  if (term.option == is_what_null || value.is_null())
    return Value::of_bool(value.is_null() && term.option == is_what_null);
  return Value::of_bool(is_true(value) == (term.option == is_what_true));
}

// --- comparison ---

enum Comparison { equal, null_safe, unequal, less, less_equal, greater, greater_equal };
constexpr std::array<std::string_view, 7> comparison_names = {"=",  "<=>", "<>", "<",
                                                              "<=", ">",   ">="};

Compared ordered(int order) {
  return order < 0 ? Compared::less : order > 0 ? Compared::greater : Compared::equal;
}

Compared compare(const ExpressionTerm& term, const Value& one, const Value& other) {
  if (term.collation) return compare_texts(*term.collation, one.text, other.text);
  if (one.kind == Value::Kind::temporal) {
    return ordered(one.temporal < other.temporal ? -1 : one.temporal > other.temporal ? 1 : 0);
  }
  return ordered(compare_numbers(one, other));
}

Value evaluate_comparison(const ExpressionTerm& term, ExpressionRow& row) {
  const Value one = term.arguments[0].of(row), other = term.arguments[1].of(row);
  const auto comparison = static_cast<Comparison>(term.option);
  if (one.is_null() || other.is_null()) {
    if (comparison != null_safe) return {};
    return Value::of_bool(one.is_null() && other.is_null());
  }
  const Compared order = compare(term, one, other);
  const bool asks_equality =
      comparison == equal || comparison == null_safe || comparison == unequal;
  if (order == Compared::unknown || (order == Compared::different && !asks_equality)) {
    return cannot_answer(term, row,
                         "characters beyond ASCII whose order under the collation is not known "
                         "here; compare with BINARY, or with another column");
  }
  switch (comparison) {
    case equal:
    case null_safe:
      return Value::of_bool(order == Compared::equal);
    case unequal:
      return Value::of_bool(order != Compared::equal);
    case less:
      return Value::of_bool(order == Compared::less);
    case less_equal:
      return Value::of_bool(order != Compared::greater);
    case greater:
      return Value::of_bool(order == Compared::greater);
    case greater_equal:
      return Value::of_bool(order != Compared::less);
  }
  return {};
}

bool is_label(const ExpressionTerm& term) {
  return term.definition != nullptr && (term.definition->type.kind == TypeKind::enumeration ||
                                        term.definition->type.kind == TypeKind::set);
}

// A constant beside a time becomes one.
Result<ExpressionTerm> as_temporal(const ExpressionTerm& constant, Type type) {
  const Value& value = constant.constant;
  if (constant.type == Type::null || is_temporal(constant.type)) return constant;
  std::string text(value.text);
  if (constant.is_constant && constant.type == Type::integer && !value.is_negative) {
    text = std::to_string(value.magnitude);
    if (type == Type::time && text.size() <= 7) {
      text.insert(0, text.size() < 6 ? 6 - text.size() : 0, '0');
      text.insert(text.size() - 2, ":").insert(text.size() - 5, ":");
    } else if (type != Type::time && (text.size() == 8 || text.size() == 14)) {
      if (text.size() == 14) text.insert(12, ":").insert(10, ":").insert(8, " ");
      text.insert(6, "-").insert(4, "-");
    }
  } else if (!constant.is_constant || constant.type != Type::text) {
    return fail(not_understood(constant.place, "only a constant can be compared with a time"));
  }
  __int128 temporal = 0;
  const bool is_read =
      type == Type::time ? parse_time(text, temporal) : parse_datetime(text, temporal);
  if (!is_read)
    return fail(not_understood(constant.place, fmt::format("'{}' is no date or time", text)));
  return constant_value(Value::of_temporal(temporal), type, constant.place);
}

Result<void> settle_temporals(Terms& arguments, const std::string& place) {
  ExpressionTerm &one = arguments[0], &other = arguments[1];
  const bool is_time = one.type == Type::time || other.type == Type::time;
  if (is_temporal(one.type) && is_temporal(other.type)) {
    if (is_time && one.type != other.type)
      return fail(not_understood(place, "a time of day cannot be compared with a date"));
    return {};
  }
  ExpressionTerm& constant = is_temporal(one.type) ? other : one;
  constant = TRY(as_temporal(constant, is_temporal(one.type) ? one.type : other.type));
  return {};
}

bool is_year(const ExpressionTerm& term) {
  return term.definition != nullptr && term.definition->type.kind == TypeKind::year;
}

// A whole number beside a column of whole numbers is one, also in quotes.
Result<void> settle_numbers(Terms& arguments) {
  for (std::size_t i = 0; i < 2; ++i) {
    ExpressionTerm& constant = arguments[i];
    const ExpressionTerm& column = arguments[1 - i];
    if (!constant.is_constant || column.definition == nullptr || column.type != Type::integer)
      continue;
    if (constant.type == Type::text) {
      const auto whole = Decimal::parse(constant.constant.text);
      if (whole && whole->scale() == 0)
        constant = constant_value(Value::of_decimal(*whole), Type::decimal, constant.place);
    }
    if (is_year(column) && constant.type != Type::null && to_real(constant.constant) < 100 &&
        to_real(constant.constant) > 0)
      return fail(not_understood(constant.place, "a year is written with four digits"));
  }
  return {};
}

// --- patterns ---

Value evaluate_like(const ExpressionTerm& term, ExpressionRow& row) {
  const Value text = term.arguments[0].of(row), pattern = term.arguments[1].of(row);
  if (text.is_null() || pattern.is_null()) return {};
  const auto found =
      matches_like(*term.collation, text.text, pattern.text, static_cast<char>(term.option));
  if (found) return Value::of_bool(*found);
  return cannot_answer(term, row, "characters beyond ASCII that LIKE cannot tell apart here");
}

Value evaluate_regexp(const ExpressionTerm& term, ExpressionRow& row) {
  const Value text = term.arguments[0].of(row);
  if (text.is_null()) return {};
  return Value::of_bool(
      RE2::PartialMatch(re2::StringPiece(text.text.data(), text.text.size()), *term.expression));
}

Result<ExpressionTerm> bind_like(Terms arguments, const std::string& place) {
  int escape = '\\';
  if (arguments.size() == 3) {
    const ExpressionTerm& mark = arguments[2];
    if (!mark.is_constant || mark.type != Type::text || mark.constant.text.size() > 1)
      return fail(not_understood(mark.place, "ESCAPE takes one character"));
    escape = mark.constant.text.empty() ? 0 : mark.constant.text[0];
    arguments.pop_back();
  }
  for (ExpressionTerm& argument : arguments) argument = TRY(as_text(std::move(argument)));
  const Collation collation = TRY(common_collation(arguments, place));
  ExpressionTerm term = term_of(evaluate_like, Type::integer, std::move(arguments), place);
  term.collation = collation;
  term.option = escape;
  return term;
}

Result<ExpressionTerm> bind_regexp(Terms arguments, const std::string& place) {
  const ExpressionTerm& pattern = arguments[1];
  if (!pattern.is_constant || pattern.type != Type::text)
    return fail(not_understood(pattern.place, "REGEXP takes a constant text"));
  arguments[0] = TRY(as_text(std::move(arguments[0])));
  const Collation collation = TRY(common_collation(arguments, place));
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(collation.is_case_sensitive);
  auto expression = std::make_shared<const RE2>(std::string(pattern.constant.text), options);
  if (!expression->ok()) return fail(not_understood(pattern.place, expression->error()));
  ExpressionTerm term = term_of(evaluate_regexp, Type::integer, std::move(arguments), place);
  term.expression = std::move(expression);
  return term;
}

// a IN (b, c) and a BETWEEN b AND c are what they stand for.
Result<ExpressionTerm> bind_in(const Terms& arguments, const std::string& place) {
  Terms parts;
  for (std::size_t i = 1; i < arguments.size(); ++i)
    parts.push_back(TRY(bind_comparison("=", {arguments[0], arguments[i]}, place)));
  return term_of(evaluate_or, Type::integer, std::move(parts), place);
}

Result<ExpressionTerm> bind_between(const Terms& arguments, const std::string& place) {
  Terms parts;
  parts.push_back(TRY(bind_comparison(">=", {arguments[0], arguments[1]}, place)));
  parts.push_back(TRY(bind_comparison("<=", {arguments[0], arguments[2]}, place)));
  if (parts[0].collation.has_value() != parts[1].collation.has_value())
    return fail(not_understood(place, "both bounds of BETWEEN must be of one kind"));
  return term_of(evaluate_and, Type::integer, std::move(parts), place);
}

Value evaluate_first(const ExpressionTerm& term, ExpressionRow& row) {
  return term.arguments[0].of(row);
}

}  // namespace

bool is_temporal(ExpressionType type) {
  return type == Type::date || type == Type::time || type == Type::datetime;
}
bool is_number(ExpressionType type) {
  return type == Type::integer || type == Type::decimal || type == Type::real;
}

int compare_numbers(const ExpressionValue& one, const ExpressionValue& other) {
  using Kind = Value::Kind;
  const auto is_exact = [](const Value& value) {
    return value.kind == Kind::integer || value.kind == Kind::decimal;
  };
  if (one.kind == Kind::integer && other.kind == Kind::integer) {
    if (one.is_negative != other.is_negative) return one.is_negative ? -1 : 1;
    const int order = one.magnitude < other.magnitude ? -1 : one.magnitude > other.magnitude;
    return one.is_negative ? -order : order;
  }
  if (is_exact(one) && is_exact(other)) return to_decimal(one).compare(to_decimal(other));
  const double left = to_real(one), right = to_real(other);
  return left < right ? -1 : left > right ? 1 : 0;
}

ExpressionTerm term_of(ExpressionTerm::Evaluate evaluate, ExpressionType type, Terms arguments,
                       const std::string& place) {
  ExpressionTerm term;
  term.evaluate = evaluate;
  term.type = type;
  term.arguments = std::move(arguments);
  term.place = place;
  return term;
}

Result<ExpressionTerm> bind_comparison(std::string_view name, Terms arguments,
                                       const std::string& place) {
  const auto* const found = std::ranges::find(comparison_names, name);
  std::optional<Collation> collation;
  const Type one = arguments[0].type, other = arguments[1].type;
  const bool has_null = one == Type::null || other == Type::null;
  if (is_temporal(one) || is_temporal(other)) {
    TRY(settle_temporals(arguments, place));
  } else if (one == Type::text && other == Type::text) {
    collation = TRY(common_collation(arguments, place));
  } else if (!has_null) {
    if (is_label(arguments[0]) || is_label(arguments[1]))
      return fail(not_understood(place, "an ENUM or SET is compared with its label"));
    TRY(settle_numbers(arguments));
  }
  ExpressionTerm term = term_of(evaluate_comparison, Type::integer, std::move(arguments), place);
  term.collation = collation;
  term.option = static_cast<int>(found - comparison_names.begin());
  return term;
}

Result<Collation> common_collation(const Terms& terms, const std::string& place) {
  std::optional<Collation> common;
  for (const ExpressionTerm& term : terms) {
    if (!term.collation) continue;
    if (common && *common != *term.collation)
      return fail(not_understood(place, "texts of different collations meet"));
    common = term.collation;
  }
  return common.value_or(literal_collation());
}

Result<ExpressionType> common_type(const Terms& terms, const std::string& place) {
  Type common = Type::null;
  for (const ExpressionTerm& term : terms) {
    if (term.type == Type::null || term.type == common) continue;
    if (common == Type::null) {
      common = term.type;
    } else if (is_number(common) && is_number(term.type)) {
      common = common == Type::real || term.type == Type::real ? Type::real : Type::decimal;
    } else {
      return fail(not_understood(place, "values of different kinds meet"));
    }
  }
  return common;
}

Result<std::optional<ExpressionTerm>> bind_operator(const std::string& name, Terms& arguments,
                                                    const std::string& place) {
  using Bound = std::optional<ExpressionTerm>;
  const auto logic = [&](ExpressionTerm::Evaluate evaluate, int option = 0) {
    ExpressionTerm term = term_of(evaluate, Type::integer, std::move(arguments), place);
    term.option = option;
    return Bound(std::move(term));
  };
  if (name == "AND") return logic(evaluate_and);
  if (name == "OR") return logic(evaluate_or);
  if (name == "XOR") return logic(evaluate_xor);
  if (name == "NOT") return logic(evaluate_not);
  if (name == "IS NULL") return logic(evaluate_is, is_what_null);
  if (name == "IS TRUE") return logic(evaluate_is, is_what_true);
  if (name == "IS FALSE") return logic(evaluate_is, is_what_false);
  if (name == "LIKE") return Bound(TRY(bind_like(std::move(arguments), place)));
  if (name == "REGEXP") return Bound(TRY(bind_regexp(std::move(arguments), place)));
  if (name == "IN") return Bound(TRY(bind_in(arguments, place)));
  if (name == "BETWEEN") return Bound(TRY(bind_between(arguments, place)));
  if (name == "BINARY") {
    arguments[0] = TRY(as_text(std::move(arguments[0])));
    ExpressionTerm term = term_of(evaluate_first, Type::text, std::move(arguments), place);
    term.collation = Collation{};
    return Bound(std::move(term));
  }
  if (std::ranges::find(comparison_names, name) != comparison_names.end())
    return Bound(TRY(bind_comparison(name, std::move(arguments), place)));
  return Bound();
}

}  // namespace tideway
