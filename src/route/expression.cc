#include "route/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "route/expression_parts.h"

namespace tideway {
namespace {

using Value = ExpressionValue;
using Type = ExpressionType;

// --- what a column's cell is ---

Value integer_of(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  std::uint64_t magnitude = 0;
  std::from_chars(text.data(), text.data() + text.size(), magnitude);
  return Value::of_integer(magnitude, is_negative);
}

Value bits_of(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return Value::of_integer(value, false);
}

// The cell, or nullptr with the error said.
const Cell* cell_of(const ExpressionTerm& term, ExpressionRow& row) {
  const std::int32_t place = row.place[term.column];
  const Cell* cell = place < 0 ? nullptr : row.cells + place;
  if (cell == nullptr || cell->is_absent()) {
    cannot_answer(term, row, "the row's image lacks the column: binlog_row_image must be FULL");
    return nullptr;
  }
  return cell;
}

Value evaluate_column(const ExpressionTerm& term, ExpressionRow& row) {
  const Cell* cell = cell_of(term, row);
  if (cell == nullptr || cell->is_null()) return {};
  const std::string_view text = row.block->text(*cell);
  __int128 temporal = 0;
  switch (term.type) {
    case Type::integer:
      return term.definition->type.kind == TypeKind::bit ? bits_of(text) : integer_of(text);
    case Type::decimal:
      if (const auto decimal = Decimal::parse(text)) return Value::of_decimal(*decimal);
      return cannot_answer(term, row, "its value is no number");
    case Type::real:
      return Value::of_real(to_real(Value::of_text(text)));
    case Type::date:
    case Type::datetime:
      if (!parse_datetime(text, temporal)) return cannot_answer(term, row, "its value is no date");
      return Value::of_temporal(shifted(temporal, term.shift_minutes));
    case Type::time:
      if (!parse_time(text, temporal)) return cannot_answer(term, row, "its value is no time");
      return Value::of_temporal(temporal);
    default:
      return Value::of_text(text);
  }
}

Value evaluate_constant(const ExpressionTerm& term, ExpressionRow& /*row*/) {
  return term.constant;
}

std::optional<Type> type_of(TypeKind kind) {
  using enum TypeKind;
  switch (kind) {
    case tiny_int:
    case small_int:
    case medium_int:
    case integer:
    case big_int:
    case bit:
    case year:
      return Type::integer;
    case decimal:
      return Type::decimal;
    case float_number:
    case double_number:
      return Type::real;
    case date:
      return Type::date;
    case time:
      return Type::time;
    case datetime:
    case timestamp:
      return Type::datetime;
    case json:
    case geometry:
    case vector:
    case unknown:
      return std::nullopt;
    default:
      return Type::text;
  }
}

// --- binding ---

class Binder {
 public:
  Binder(const TableDef& table, std::int32_t minutes) : table_(table), minutes_(minutes) {}

  Result<ExpressionTerm> bind(const ExpressionTree& tree) {
    switch (tree.kind) {
      case ExpressionTree::Kind::null:
        return constant_value({}, Type::null, tree.place);
      case ExpressionTree::Kind::number:
        return number(tree);
      case ExpressionTree::Kind::text:
        return constant_text(tree.text, tree.place);
      case ExpressionTree::Kind::bytes: {
        ExpressionTerm term = constant_text(tree.text, tree.place);
        term.collation = Collation{};
        return term;
      }
      case ExpressionTree::Kind::column:
        return column(tree);
      case ExpressionTree::Kind::operation:
      case ExpressionTree::Kind::function:
        break;
    }
    Terms arguments;
    for (const ExpressionTree& argument : tree.arguments) arguments.push_back(TRY(bind(argument)));
    if (tree.kind == ExpressionTree::Kind::operation) {
      if (auto made = TRY(bind_operator(tree.text, arguments, tree.place))) return *std::move(made);
    }
    return bind_function(tree.text, std::move(arguments), tree.place);
  }
  const std::string& unknown() const { return unknown_; }

 private:
  static Result<ExpressionTerm> number(const ExpressionTree& tree) {
    const std::string& text = tree.text;
    std::uint64_t magnitude = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude);
    if (error == std::errc() && end == text.data() + text.size()) {
      auto term = constant_value(Value::of_integer(magnitude, false), Type::integer, tree.place);
      term.is_unsigned = magnitude > INT64_MAX;
      return term;
    }
    if (const auto decimal = Decimal::parse(text))
      return constant_value(Value::of_decimal(*decimal), Type::decimal, tree.place);
    return constant_value(Value::of_real(to_real(Value::of_text(text))), Type::real, tree.place);
  }

  Result<ExpressionTerm> column(const ExpressionTree& tree) {
    const auto found = std::ranges::find_if(table_.columns, [&](const Column& each) {
      return ascii_lower(each.name) == ascii_lower(tree.text);
    });
    if (found == table_.columns.end()) {
      unknown_ = tree.text;
      return fail(not_understood(tree.place, fmt::format("there is no column '{}'", tree.text)));
    }
    const ColumnType& type = found->type;
    ExpressionTerm term;
    term.evaluate = evaluate_column;
    term.place = tree.place;
    term.column = static_cast<std::uint32_t>(found - table_.columns.begin());
    term.definition = &*found;
    term.is_unsigned = type.is_unsigned || type.kind == TypeKind::bit;
    if (type.kind == TypeKind::timestamp) term.shift_minutes = minutes_;
    const auto known = type_of(type.kind);
    if (!known) {
      return fail(not_understood(
          tree.place, fmt::format("column '{}' is of a type that expressions cannot ask about: {}",
                                  found->name, type.text)));
    }
    term.type = *known;
    if (term.type == Type::text) {
      const bool is_binary = class_of(type) == TypeClass::bytes;
      term.collation = is_binary ? Collation{} : collation_named(type.collation);
      if (!term.collation || (!is_binary && type.collation.empty())) {
        return fail(not_understood(
            tree.place, fmt::format("column '{}' has the collation '{}', whose order is not known "
                                    "here",
                                    found->name, type.collation)));
      }
    }
    return term;
  }

  const TableDef& table_;
  const std::int32_t minutes_;
  std::string unknown_;
};

}  // namespace

Error not_understood(const std::string& place, std::string_view what) {
  Evidence evidence;
  evidence.position = place;
  return {ErrorCode::expression_failed, Side::local, Retry::never, std::move(evidence),
          fmt::format("at {}: {}", place, what)};
}

ExpressionValue cannot_answer(const ExpressionTerm& term, ExpressionRow& row,
                              std::string_view why) {
  if (row.error.empty()) {
    row.error = fmt::format("at {}: {}{}", term.place,
                            term.definition == nullptr ? "" : term.definition->name + ": ", why);
  }
  return {};
}

ExpressionTerm constant_value(const ExpressionValue& value, ExpressionType type,
                              const std::string& place) {
  ExpressionTerm term;
  term.evaluate = evaluate_constant;
  term.type = type;
  term.place = place;
  term.is_constant = true;
  term.constant = value;
  return term;
}

ExpressionTerm constant_text(std::string text, const std::string& place) {
  const auto kept = std::make_shared<const std::string>(std::move(text));
  ExpressionTerm term = constant_value(Value::of_text(*kept), Type::text, place);
  term.text = kept;
  return term;
}

Result<std::optional<Expression>> Expression::bind(const ExpressionTree& tree,
                                                   const TablePtr& table,
                                                   std::int32_t time_zone_minutes,
                                                   std::string& unknown) {
  Binder binder(*table, time_zone_minutes);
  auto term = binder.bind(tree);
  if (!term && !binder.unknown().empty()) {
    unknown = binder.unknown();
    return std::optional<Expression>();
  }
  if (!term) return fail(std::move(term).error());
  return std::optional(Expression(table, std::move(*term)));
}

Result<bool> Expression::holds(ExpressionRow& row) const {
  row.scratch->reset();
  row.error.clear();
  const Value value = term_.of(row);
  if (!row.error.empty()) {
    return fail(
        Error(ErrorCode::expression_failed, Side::source, Retry::after_operator, row.error));
  }
  return !value.is_null() && is_true(value);
}

}  // namespace tideway
