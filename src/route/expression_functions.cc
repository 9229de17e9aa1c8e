// Conditions, texts and times of expressions.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "route/expression_parts.h"

namespace tideway {
namespace {

using Value = ExpressionValue;
using Type = ExpressionType;

// --- conditions ---

// Values of a common type: whole numbers among decimals are decimals, any among reals real.
Value converted(const ExpressionTerm& term, const Value& value) {
  if (value.is_null()) return value;
  if (term.type == Type::real) return Value::of_real(to_real(value));
  if (term.type == Type::decimal) return Value::of_decimal(to_decimal(value));
  return value;
}

// Conditions and values in turn, and the rest.
Value evaluate_case(const ExpressionTerm& term, ExpressionRow& row) {
  const Terms& arguments = term.arguments;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const Value condition = arguments[i].of(row);
    if (!condition.is_null() && is_true(condition))
      return converted(term, arguments[i + 1].of(row));
  }
  return converted(term, arguments.back().of(row));
}

Value evaluate_coalesce(const ExpressionTerm& term, ExpressionRow& row) {
  for (const ExpressionTerm& argument : term.arguments) {
    const Value value = argument.of(row);
    if (!value.is_null()) return converted(term, value);
  }
  return {};
}

// The first argument is whether the others are equal.
Value evaluate_null_if(const ExpressionTerm& term, ExpressionRow& row) {
  const Value is_equal = term.arguments[0].of(row);
  if (!is_equal.is_null() && is_true(is_equal)) return {};
  return term.arguments[1].of(row);
}

// `values` share a type, and a collation if they are texts.
Result<void> settle_type(ExpressionTerm& term, const Terms& values, const std::string& place) {
  term.type = TRY(common_type(values, place));
  if (term.type == Type::text) term.collation = TRY(common_collation(values, place));
  term.is_unsigned = std::ranges::any_of(values, &ExpressionTerm::is_unsigned);
  return {};
}

Result<ExpressionTerm> bind_case(Terms arguments, const std::string& place) {
  Terms values;
  for (std::size_t i = 1; i < arguments.size(); i += 2) values.push_back(arguments[i]);
  values.push_back(arguments.back());
  ExpressionTerm term = term_of(evaluate_case, Type::null, std::move(arguments), place);
  TRY(settle_type(term, values, place));
  return term;
}

Result<ExpressionTerm> bind_coalesce(Terms arguments, const std::string& place) {
  ExpressionTerm term = term_of(evaluate_coalesce, Type::null, arguments, place);
  TRY(settle_type(term, arguments, place));
  return term;
}

Result<ExpressionTerm> bind_null_if(Terms arguments, const std::string& place) {
  const Terms value{arguments[0]};
  ExpressionTerm is_equal = TRY(bind_comparison("=", std::move(arguments), place));
  ExpressionTerm term = term_of(evaluate_null_if, Type::null, {is_equal, value[0]}, place);
  TRY(settle_type(term, value, place));
  return term;
}

// --- texts ---

Value evaluate_number_text(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  if (value.is_null()) return {};
  std::string& text = row.scratch->next();
  if (value.kind == Value::Kind::decimal) {
    text = value.decimal.to_text();
  } else {
    fmt::format_to(std::back_inserter(text), "{}{}", value.is_negative ? "-" : "", value.magnitude);
  }
  return Value::of_text(text);
}

// A date's cell is already the server's text.
Value evaluate_cell_text(const ExpressionTerm& term, ExpressionRow& row) {
  const std::int32_t place = row.place[term.column];
  const Cell* cell = place < 0 ? nullptr : row.cells + place;
  if (cell == nullptr || cell->is_absent())
    return cannot_answer(term, row, "the row's image lacks the column");
  return cell->is_null() ? Value{} : Value::of_text(row.block->text(*cell));
}

Value evaluate_concat(const ExpressionTerm& term, ExpressionRow& row) {
  std::string& text = row.scratch->next();
  for (const ExpressionTerm& argument : term.arguments) {
    const Value value = argument.of(row);
    if (value.is_null()) return {};
    text += value.text;
  }
  return Value::of_text(text);
}

bool is_lead(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, is_lead));
}

// Where the character of that number begins; the end behind the last.
std::size_t offset_of(std::string_view text, std::size_t character) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_lead(text[i]) && character-- == 0) return i;
  }
  return text.size();
}

enum TextFunction { char_length, byte_length, to_lower, to_upper, trim, trim_left, trim_right };

Value evaluate_text(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row);
  if (value.is_null()) return {};
  std::string_view text = value.text;
  switch (term.option) {
    case char_length:
      return Value::of_integer(characters_of(text), false);
    case byte_length:
      return Value::of_integer(text.size(), false);
    case to_lower:
    case to_upper: {
      std::string& folded = row.scratch->next();
      for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80)
          return cannot_answer(term, row, "upper and lower case beyond ASCII");
        const bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
        const bool turns = term.option == to_lower ? is_upper : is_lower;
        folded += turns ? static_cast<char>(c ^ 0x20) : c;
      }
      return Value::of_text(folded);
    }
    default:
      break;
  }
  if (term.option != trim_right) {
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (term.option != trim_left) {
    while (text.ends_with(' ')) text.remove_suffix(1);
  }
  return Value::of_text(text);
}

// LEFT, RIGHT and SUBSTRING in one: from the 1-based position, from the end when it is negative.
Value part_of(std::string_view text, std::int64_t position, std::int64_t count) {
  const auto length = static_cast<std::int64_t>(characters_of(text));
  const std::int64_t begin = position > 0 ? position - 1 : length + position;
  if (position == 0 || begin < 0 || begin >= length || count <= 0) return Value::of_text("");
  const std::size_t from = offset_of(text, static_cast<std::size_t>(begin));
  const auto rest = text.substr(from);
  return Value::of_text(rest.substr(0, offset_of(rest, static_cast<std::size_t>(count))));
}

std::int64_t small(const Value& value) {
  const auto bounded =
      static_cast<std::int64_t>(std::min<std::uint64_t>(value.magnitude, 1U << 31U));
  return value.is_negative ? -bounded : bounded;
}

enum PartFunction { left, right, substring };

Value evaluate_part(const ExpressionTerm& term, ExpressionRow& row) {
  const Value value = term.arguments[0].of(row), first = term.arguments[1].of(row);
  if (value.is_null() || first.is_null()) return {};
  if (term.option == left) return part_of(value.text, 1, small(first));
  if (term.option == right) {
    const auto length = static_cast<std::int64_t>(characters_of(value.text));
    const std::int64_t count = std::min(small(first), length);
    return count <= 0 ? Value::of_text("") : part_of(value.text, -count, count);
  }
  std::int64_t count = INT32_MAX;
  if (term.arguments.size() == 3) {
    const Value given = term.arguments[2].of(row);
    if (given.is_null()) return {};
    count = small(given);
  }
  return part_of(value.text, small(first), count);
}

// LENGTH counts bytes as the column stores them; cells are UTF-8.
bool is_stored_as_utf8(const ExpressionTerm& term) {
  if (term.definition != nullptr && term.type == Type::text) {
    const std::string& charset = term.definition->type.charset;
    if (!charset.empty() && !charset.starts_with("utf8") && charset != "ascii" &&
        charset != "binary")
      return false;
  }
  return std::ranges::all_of(term.arguments, is_stored_as_utf8);
}

bool is_binary(const ExpressionTerm& term) {
  return term.definition != nullptr && class_of(term.definition->type) == TypeClass::bytes;
}

Result<ExpressionTerm> bind_text(TextFunction what, Terms arguments, const std::string& place) {
  arguments[0] = TRY(as_text(std::move(arguments[0])));
  const auto collation = arguments[0].collation;
  if (what == byte_length && !is_stored_as_utf8(arguments[0]))
    return fail(not_understood(place, "LENGTH of a column that is not stored in UTF-8"));
  if (is_binary(arguments[0]) && (what == char_length || what == to_lower || what == to_upper))
    return fail(not_understood(place, "characters of a binary column"));
  const bool counts = what == char_length || what == byte_length;
  ExpressionTerm term =
      term_of(evaluate_text, counts ? Type::integer : Type::text, std::move(arguments), place);
  if (!counts) term.collation = collation;
  term.option = what;
  return term;
}

Result<ExpressionTerm> bind_part(PartFunction what, Terms arguments, const std::string& place) {
  arguments[0] = TRY(as_text(std::move(arguments[0])));
  if (is_binary(arguments[0])) return fail(not_understood(place, "characters of a binary column"));
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i].type != Type::integer && arguments[i].type != Type::null)
      return fail(not_understood(arguments[i].place, "a position must be a whole number"));
  }
  const auto collation = arguments[0].collation;
  ExpressionTerm term = term_of(evaluate_part, Type::text, std::move(arguments), place);
  term.collation = collation;
  term.option = what;
  return term;
}

Result<ExpressionTerm> bind_concat(Terms arguments, const std::string& place) {
  for (ExpressionTerm& argument : arguments) argument = TRY(as_text(std::move(argument)));
  const Collation collation = TRY(common_collation(arguments, place));
  ExpressionTerm term = term_of(evaluate_concat, Type::text, std::move(arguments), place);
  term.collation = collation;
  return term;
}

// --- times ---

// Digits of a time, by what they are divided by and how many are left.
struct TimePart {
  std::string_view name;
  std::int64_t divisor, modulus;
  bool is_of_date;
};
constexpr std::array<TimePart, 8> time_parts = {{{"YEAR", 10'000'000'000, 10'000, true},
                                                 {"MONTH", 100'000'000, 100, true},
                                                 {"DAY", 1'000'000, 100, true},
                                                 {"DAYOFMONTH", 1'000'000, 100, true},
                                                 {"HOUR", 10'000, 1'000, false},
                                                 {"MINUTE", 100, 100, false},
                                                 {"SECOND", 1, 100, false},
                                                 {"DATE", 0, 0, true}}};

Value evaluate_time_part(const ExpressionTerm& term, ExpressionRow& row) {
  constexpr std::int64_t million = 1'000'000;
  const Value value = term.arguments[0].of(row);
  if (value.is_null()) return {};
  const TimePart& part = time_parts[static_cast<std::size_t>(term.option)];
  if (part.modulus == 0) {
    const __int128 clock = value.temporal % (__int128{million} * million);
    return Value::of_temporal(value.temporal - clock);
  }
  auto digits = static_cast<std::int64_t>(value.temporal / million);
  digits = digits < 0 ? -digits : digits;
  const bool is_datetime = term.arguments[0].type != Type::time;
  const std::int64_t modulus = part.name == "HOUR" && is_datetime ? 100 : part.modulus;
  return Value::of_integer(static_cast<std::uint64_t>(digits / part.divisor % modulus), false);
}

Result<std::optional<ExpressionTerm>> bind_time_part(const std::string& name, Terms& arguments,
                                                     const std::string& place) {
  using Bound = std::optional<ExpressionTerm>;
  const auto* const found = std::ranges::find(time_parts, name, &TimePart::name);
  if (found == time_parts.end() || arguments.size() != 1) return Bound();
  const Type type = arguments[0].type;
  const bool fits = type == Type::datetime || (type == Type::date && found->is_of_date) ||
                    (type == Type::time && !found->is_of_date);
  if (!fits) {
    return fail(not_understood(place, fmt::format("{} of something that has none", name)));
  }
  ExpressionTerm term = term_of(evaluate_time_part, name == "DATE" ? Type::date : Type::integer,
                                std::move(arguments), place);
  term.option = static_cast<int>(found - time_parts.begin());
  return Bound(std::move(term));
}

}  // namespace

Result<ExpressionTerm> as_text(ExpressionTerm term) {
  if (term.type == Type::text || term.type == Type::null) return term;
  const std::string place = term.place;
  if (term.type == Type::integer || term.type == Type::decimal) {
    const bool is_zerofill = term.definition != nullptr && term.definition->type.is_zerofill;
    if (is_zerofill) return fail(not_understood(place, "the text of a number with ZEROFILL"));
    return term_of(evaluate_number_text, Type::text, {std::move(term)}, place);
  }
  if (is_temporal(term.type) && term.definition != nullptr && term.shift_minutes == 0) {
    term.evaluate = evaluate_cell_text;
    term.type = Type::text;
    return term;
  }
  return fail(not_understood(place, "the text of an approximate number or a computed time"));
}

Result<ExpressionTerm> bind_function(const std::string& name, Terms arguments,
                                     const std::string& place) {
  const std::size_t count = arguments.size();
  if (auto made = TRY(bind_arithmetic(name, arguments, place))) return *std::move(made);
  if (auto made = TRY(bind_time_part(name, arguments, place))) return *std::move(made);
  if (name == "CASE" || (name == "IF" && count == 3)) return bind_case(std::move(arguments), place);
  if ((name == "COALESCE" && count > 0) || (name == "IFNULL" && count == 2))
    return bind_coalesce(std::move(arguments), place);
  if (name == "NULLIF" && count == 2) return bind_null_if(std::move(arguments), place);
  if (name == "ISNULL" && count == 1) return *TRY(bind_operator("IS NULL", arguments, place));
  if (name == "CONCAT" && count > 0) return bind_concat(std::move(arguments), place);
  static constexpr std::array<std::pair<std::string_view, TextFunction>, 11> texts = {
      {{"CHAR_LENGTH", char_length},
       {"CHARACTER_LENGTH", char_length},
       {"LENGTH", byte_length},
       {"OCTET_LENGTH", byte_length},
       {"LOWER", to_lower},
       {"LCASE", to_lower},
       {"UPPER", to_upper},
       {"UCASE", to_upper},
       {"TRIM", trim},
       {"LTRIM", trim_left},
       {"RTRIM", trim_right}}};
  for (const auto& [known, what] : texts) {
    if (name == known && count == 1) return bind_text(what, std::move(arguments), place);
  }
  if (name == "LEFT" && count == 2) return bind_part(left, std::move(arguments), place);
  if (name == "RIGHT" && count == 2) return bind_part(right, std::move(arguments), place);
  const bool is_substring = name == "SUBSTRING" || name == "SUBSTR" || name == "MID";
  if (is_substring && (count == 2 || count == 3))
    return bind_part(substring, std::move(arguments), place);
  return fail(not_understood(
      place, fmt::format("the function {} with {} arguments is not known", name, count)));
}

}  // namespace tideway
