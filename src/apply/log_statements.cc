#include "apply/log_statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "apply/enum_error.h"
#include "model/odd_value.h"

namespace tideway {
namespace {

constexpr std::uint32_t long_cell = 256U << 10U;
constexpr std::uint32_t most_keys = 500;  // in one IN: the range optimizer's memory is bounded

using Value = LogPlan::Value;

std::string_view text_of(const Image& image, std::uint32_t cell) {
  return image.block->text(image.cells[cell]);
}

std::uint64_t number_of_bits(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

// Whether rows of both are named by the same columns.
bool names_alike(const LogPlan& one, const LogPlan& other) {
  if (&one == &other) return true;
  return std::ranges::equal(one.identity(), other.identity(), [&](auto a, auto b) {
    return one.values()[a].target == other.values()[b].target;
  });
}

// Writes one statement at a time.
class Writer {
 public:
  Writer(const ChangeRun& run, std::vector<LogStatement>& statements)
      : run_(run), statements_(statements) {}

  LogStatement& begin(const RowChange& change) {
    LogStatement& statement = statements_.emplace_back();
    statement.table = run_.table;
    statement.change = &change;
    statement.changes = 1;
    return statement;
  }

  static void value(LogStatement& out, LiteralForm form, const Image& image, std::uint32_t cell) {
    const Cell& at = image.cells[cell];
    if (at.is_null()) {
      append_null(out.sql);
      return;
    }
    const std::string_view text = image.block->text(at);
    const bool is_long = at.length >= long_cell && form != LiteralForm::number &&
                         form != LiteralForm::approximate &&
                         !(form == LiteralForm::bending && is_raw(text));
    if (!is_long) {
      append_literal(out.sql, form, text);
      return;
    }
    out.sql += '?';
    out.values.push_back({text, form != LiteralForm::hex && form != LiteralForm::binary_text});
  }

  // Of a key's column, for comparing: a BIT is a number there, and so is what an ENUM has no label
  // for.
  static void key_value(LogStatement& out, const Column& column, const Value& each,
                        const Image& image, std::uint32_t cell) {
    const bool is_null = image.cells[cell].is_null();
    if (column.type.kind == TypeKind::bit && !is_null) {
      out.sql += std::to_string(number_of_bits(text_of(image, cell)));
    } else if (!is_null && is_enum_error(column.type, text_of(image, cell))) {
      out.sql += '0';  // a word would be compared as a word, and there may be none for it
    } else {
      value(out, each.form, image, cell);
    }
  }

  // `a`=1 AND `b`=2, of the key that names the row.
  static void where_key(LogStatement& out, const LogPlan& plan, const Image& image,
                        bool is_before) {
    std::string_view separator;
    for (const std::uint32_t place : plan.identity()) {
      const Value& each = plan.values()[place];
      out.sql.append(separator).append(each.name) += '=';
      key_value(out, plan.column(each), each, image, is_before ? each.before : each.after);
      separator = " AND ";
    }
  }

  // All columns, byte for byte.
  static void where_all(LogStatement& out, const LogPlan& plan, const Image& image) {
    std::string_view separator;
    for (const Value& each : plan.values()) {
      if (each.before == LogPlan::none || !each.is_written) continue;
      out.sql.append(separator);
      separator = " AND ";
      same_value(out, plan.column(each), each, image);
    }
  }

  static void same_value(LogStatement& out, const Column& column, const Value& each,
                         const Image& image) {
    if (image.cells[each.before].is_null()) {
      out.sql.append(each.name).append(" IS NULL");
      return;
    }
    const std::string_view text = text_of(image, each.before);
    const bool is_text =
        class_of(column.type) == TypeClass::characters && column.type.kind != TypeKind::json &&
        column.type.kind >= TypeKind::fixed_char && column.type.kind <= TypeKind::long_text;
    if (is_text && each.form == LiteralForm::bending && is_raw(text)) {
      out.sql.append("CAST(").append(each.name).append(" AS BINARY)=");
      value(out, each.form, image, each.before);
    } else if (is_text) {
      // A collation would take 'a' for 'A'.
      out.sql.append("CAST(CONVERT(").append(each.name).append(" USING utf8mb4) AS BINARY)=");
      value(out, LiteralForm::binary_text, image, each.before);
    } else if (column.type.kind == TypeKind::json) {
      out.sql.append(each.name).append("=CAST(");
      value(out, each.form, image, each.before);
      out.sql.append(" AS JSON)");
    } else {
      out.sql.append(each.name).append("=");
      key_value(out, column, each, image, each.before);
    }
  }

  static void row(LogStatement& out, const LogPlan& plan, const Image& after) {
    char separator = '(';
    for (const Value& each : plan.values()) {
      if (!each.is_written || each.after == LogPlan::none) continue;
      out.sql += separator;
      separator = ',';
      value(out, each.form, after, each.after);
    }
    if (separator == '(') out.sql += separator;
    out.sql += ')';
  }

  // What differs between the images, and what the server would change by itself.
  static void assignments(LogStatement& out, const LogPlan& plan, const RowChange& change) {
    const LogPlan& before_plan = *change.before_plan;
    std::string_view separator;
    const auto assign = [&](const Value& each) {
      out.sql.append(separator).append(each.name) += '=';
      value(out, each.form, change.after, each.after);
      separator = ",";
    };
    const Value* any = nullptr;
    for (const Value& each : plan.values()) {
      if (!each.is_written || each.after == LogPlan::none) continue;
      any = &each;
      const auto was = std::ranges::find(before_plan.values(), each.target, &Value::target);
      const bool is_known = was != before_plan.values().end() && was->before != LogPlan::none;
      if (each.is_always_set || !is_known || differs(change, was->before, each.after)) assign(each);
    }
    if (separator.empty() && any != nullptr) assign(*any);
    if (!plan.kept().empty()) out.sql.append(separator).append(plan.kept());
  }

  static bool differs(const RowChange& change, std::uint32_t before, std::uint32_t after) {
    const Cell &was = change.before.cells[before], &is = change.after.cells[after];
    if (was.is_null() || is.is_null()) return was.is_null() != is.is_null();
    return change.before.block->text(was) != change.after.block->text(is);
  }

 private:
  const ChangeRun& run_;
  std::vector<LogStatement>& statements_;
};

// INSERT INTO t(…)VALUES(…),(…) of as many as fit.
std::size_t write_inserts(const ChangeRun& run, std::size_t first, const StatementLimits& limits,
                          std::vector<LogStatement>& statements) {
  LogStatement& out = Writer(run, statements).begin(run.changes[first]);
  const LogPlan& plan = *run.changes[first].after_plan;
  out.sql.append("INSERT INTO ").append(plan.table_name()).append(plan.column_list());
  out.sql.append("VALUES");
  std::size_t at = first, last_row = 0;
  for (; at < run.changes.size(); ++at) {
    const RowChange& change = run.changes[at];
    const std::size_t rows = at - first;
    const bool fits =
        rows < limits.rows && out.values.empty() && out.sql.size() + last_row < limits.bytes &&
        (&plan == change.after_plan || plan.column_list() == change.after_plan->column_list());
    if (rows != 0 && !fits) break;
    if (rows != 0) out.sql += ',';
    const std::size_t begin = out.sql.size();
    Writer::row(out, *change.after_plan, change.after);
    last_row = out.sql.size() - begin;
  }
  out.changes = static_cast<std::uint32_t>(at - first);
  out.expected = at - first;
  return at;
}

// DELETE FROM t WHERE k IN (…).
std::size_t write_removals(const ChangeRun& run, std::size_t first, const StatementLimits& limits,
                           std::vector<LogStatement>& statements) {
  LogStatement& out = Writer(run, statements).begin(run.changes[first]);
  const LogPlan& plan = *run.changes[first].before_plan;
  const auto key = [&](const LogPlan& each, const auto& write) {
    const bool is_one = each.identity().size() == 1;
    if (!is_one) out.sql += '(';
    for (const std::uint32_t place : each.identity()) {
      if (place != each.identity().front()) out.sql += ',';
      write(each.values()[place]);
    }
    if (!is_one) out.sql += ')';
  };
  out.sql.append("DELETE FROM ").append(plan.table_name()).append(" WHERE ");
  key(plan, [&](const Value& value) { out.sql += value.name; });
  out.sql.append(" IN (");
  std::size_t at = first;
  for (; at < run.changes.size(); ++at) {
    const RowChange& change = run.changes[at];
    const LogPlan& each = *change.before_plan;
    const std::size_t rows = at - first;
    const bool fits = rows < std::min(limits.rows, most_keys) && out.sql.size() < limits.bytes &&
                      out.values.empty() && names_alike(plan, each);
    if (rows != 0 && !fits) break;
    if (rows != 0) out.sql += ',';
    key(each, [&](const Value& value) {
      Writer::key_value(out, each.column(value), value, change.before, value.before);
    });
  }
  out.sql += ')';
  out.changes = static_cast<std::uint32_t>(at - first);
  out.expected = at - first;
  return at;
}

void write_update(const RowChange& change, LogStatement& out) {
  const LogPlan& plan = *change.after_plan;
  out.sql.append("UPDATE ").append(plan.table_name()).append(" SET ");
  Writer::assignments(out, plan, change);
  out.sql.append(" WHERE ");
  if (change.before_plan->is_keyless()) {
    Writer::where_all(out, *change.before_plan, change.before);
    out.sql.append(" LIMIT 1");
  } else {
    Writer::where_key(out, *change.before_plan, change.before, true);
  }
}

void write_removal(const RowChange& change, LogStatement& out) {
  const LogPlan& plan = *change.before_plan;
  out.sql.append("DELETE FROM ").append(plan.table_name()).append(" WHERE ");
  if (plan.is_keyless()) {
    Writer::where_all(out, plan, change.before);
    out.sql.append(" LIMIT 1");
  } else {
    Writer::where_key(out, plan, change.before, true);
  }
}

// Whether the key that names the row changes.
bool moves_row(const RowChange& change) {
  const LogPlan& plan = *change.after_plan;
  return std::ranges::any_of(plan.identity(), [&](std::uint32_t place) {
    const Value& each = plan.values()[place];
    return each.after != LogPlan::none && Writer::differs(change, each.before, each.after);
  });
}

constexpr std::uint32_t most_cases = 32;  // a CASE is looked through for each row

// Columns that an update sets, a bit each by their place in the plan; nullopt: it needs a statement
// of its own, since it moves the row or a value would be another one as the result of a CASE.
std::optional<std::uint64_t> set_columns(const RowChange& change) {
  const auto& values = change.after_plan->values();
  if (change.is_replay || change.before_plan != change.after_plan || values.size() > 64 ||
      !change.after_plan->is_full() || change.after_plan->is_keyless() || moves_row(change))
    return std::nullopt;
  std::uint64_t set = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& each = values[i];
    if (!each.is_written ||
        !(each.is_always_set || Writer::differs(change, each.before, each.after)))
      continue;
    const TypeKind kind = change.after_plan->column(each).type.kind;
    const bool is_plain = each.form != LiteralForm::hex && each.form != LiteralForm::bending &&
                          each.form != LiteralForm::set_number && kind != TypeKind::json &&
                          (change.after.cells[each.after].is_null() ||
                           change.after.cells[each.after].length < long_cell / 16);
    if (!is_plain) return std::nullopt;
    set |= std::uint64_t{1} << i;
  }
  return set;
}

// UPDATE t SET a=CASE k WHEN … THEN … END WHERE k IN (…).
void write_cases(const ChangeRun& run, std::size_t first, std::size_t count, std::uint64_t set,
                 LogStatement& out) {
  const LogPlan& plan = *run.changes[first].after_plan;
  const auto rows = std::span(run.changes).subspan(first, count);
  const auto& values = plan.values();
  const bool is_one = plan.identity().size() == 1;
  const Value& only = values[plan.identity().front()];
  out.sql.append("UPDATE ").append(plan.table_name());
  std::string_view separator = " SET ";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if ((set >> i & 1U) == 0) continue;
    out.sql.append(separator).append(values[i].name).append("=CASE");
    if (is_one) out.sql.append(" ").append(only.name);
    for (const RowChange& change : rows) {
      out.sql.append(" WHEN ");
      if (is_one) {
        Writer::key_value(out, plan.column(only), only, change.before, only.before);
      } else {
        Writer::where_key(out, plan, change.before, true);
      }
      out.sql.append(" THEN ");
      Writer::value(out, values[i].form, change.after, values[i].after);
    }
    out.sql.append(" END");
    separator = ",";
  }
  out.sql.append(" WHERE ");
  separator = "";
  if (is_one) out.sql.append(only.name).append(" IN (");
  for (const RowChange& change : rows) {
    out.sql.append(separator);
    separator = is_one ? "," : " OR ";
    if (is_one) {
      Writer::key_value(out, plan.column(only), only, change.before, only.before);
    } else {
      out.sql += '(';
      Writer::where_key(out, plan, change.before, true);
      out.sql += ')';
    }
  }
  if (is_one) out.sql += ')';
}

// As many of a run's updates as one statement may make; at least the first.
std::size_t write_updates(const ChangeRun& run, std::size_t first, const StatementLimits& limits,
                          std::vector<LogStatement>& statements) {
  LogStatement& out = Writer(run, statements).begin(run.changes[first]);
  std::uint64_t set = 0;
  std::size_t at = first;
  const LogPlan* const plan = run.changes[first].after_plan;
  const std::size_t end = std::min<std::size_t>(
      run.changes.size(), first + (run.is_ordered ? 1 : std::min(limits.rows, most_cases)));
  for (; at < end && run.changes[at].after_plan == plan; ++at) {
    const auto columns = set_columns(run.changes[at]);
    if (!columns) break;
    set |= *columns;
  }
  const std::size_t count = std::max<std::size_t>(at - first, 1);
  if (count > 1 && set != 0) {
    write_cases(run, first, count, set, out);
  } else {
    write_update(run.changes[first], out);
    at = first + 1;
  }
  out.changes = static_cast<std::uint32_t>(at - first);
  out.expected = at - first;
  return at;
}

// Rows in the way of the after-image under another unique key, without a REPLACE, which would take
// children along that the source still has.
void write_clearance(Writer& writer, const RowChange& change) {
  const LogPlan& plan = *change.after_plan;
  for (const Key& key : plan.shape()->definition->keys) {
    if (key.kind != KeyKind::unique) continue;
    std::vector<const Value*> parts;
    for (const KeyPart& part : key.parts) {
      const auto value = std::ranges::find(plan.values(), part.column, &Value::target);
      const bool is_there = part.expression.empty() && value != plan.values().end() &&
                            value->after != LogPlan::none &&
                            !change.after.cells[value->after].is_null();
      if (!is_there) break;
      parts.push_back(&*value);
    }
    if (parts.size() != key.parts.size()) continue;
    LogStatement& out = writer.begin(change);
    out.sql.append("DELETE FROM ").append(plan.table_name()).append(" WHERE ");
    for (const Value* part : parts) {
      out.sql.append(part->name) += '=';
      Writer::key_value(out, plan.column(*part), *part, change.after, part->after);
      out.sql.append(" AND ");
    }
    out.sql.append("NOT(");
    Writer::where_key(out, plan, change.after, false);
    out.sql += ')';
  }
}

// As it is to be, whatever is there.
void write_replay(const ChangeRun& run, const RowChange& change,
                  std::vector<LogStatement>& statements) {
  Writer writer(run, statements);
  if (change.kind == ChangeKind::remove) {
    write_removal(change, writer.begin(change));
    return;
  }
  const LogPlan& plan = *change.after_plan;
  if (change.kind == ChangeKind::update && !plan.is_full()) {
    LogStatement& out = writer.begin(change);
    write_update(change, out);
    // A row that is not there is removed later in the log, unless another one's unique value
    // pushed it out on the way.
    if (plan.has_other_unique_keys()) out.expected = 1;
    return;
  }
  if (change.kind == ChangeKind::update && moves_row(change))
    write_removal(change, writer.begin(change));
  if (plan.has_foreign_keys()) write_clearance(writer, change);
  LogStatement& out = writer.begin(change);
  out.sql.append(plan.has_foreign_keys() ? "INSERT INTO " : "REPLACE INTO ");
  out.sql.append(plan.table_name()).append(plan.column_list()).append("VALUES");
  Writer::row(out, plan, change.after);
  if (!plan.has_foreign_keys()) return;
  std::string_view separator = " ON DUPLICATE KEY UPDATE ";
  for (const Value& each : plan.values()) {
    if (!each.is_written || each.after == LogPlan::none) continue;
    out.sql.append(separator).append(each.name).append("=VALUES(").append(each.name) += ')';
    separator = ",";
  }
}

}  // namespace

std::size_t write_statement(const ChangeRun& run, std::size_t first, const StatementLimits& limits,
                            std::vector<LogStatement>& statements) {
  const RowChange& change = run.changes[first];
  if (change.is_replay) {
    write_replay(run, change, statements);
    return first + 1;
  }
  if (run.kind == ChangeKind::insert) return write_inserts(run, first, limits, statements);
  if (run.kind == ChangeKind::remove && !change.before_plan->is_keyless())
    return write_removals(run, first, limits, statements);
  if (run.kind == ChangeKind::update) return write_updates(run, first, limits, statements);
  LogStatement& out = Writer(run, statements).begin(change);
  out.expected = 1;
  write_removal(change, out);
  return first + 1;
}

std::vector<std::string> enum_error_columns(const RowChange& change) {
  std::vector<std::string> columns;
  if (change.kind == ChangeKind::remove) return columns;
  const LogPlan& plan = *change.after_plan;
  for (const Value& each : plan.values()) {
    if (!each.is_written || each.after == LogPlan::none || change.after.cells[each.after].is_null())
      continue;
    const Column& column = plan.column(each);
    if (is_enum_error(column.type, text_of(change.after, each.after)))
      columns.push_back(column.name);
  }
  return columns;
}

namespace {

constexpr std::size_t value_most = 200, text_most = 4000;

void append_image(std::string& text, const LogPlan& plan, const Image& image, bool is_before,
                  bool is_key) {
  const auto add = [&](const Value& value) {
    const std::uint32_t cell = is_before ? value.before : value.after;
    if (cell == LogPlan::none || text.size() > text_most) return;
    text += fmt::format("{}{}=", text.empty() || text.back() == '(' ? "" : ", ", value.name);
    if (image.cells[cell].is_null()) {
      append_null(text);
      return;
    }
    const std::string_view bytes = text_of(image, cell);
    if (bytes.size() <= value_most) {
      append_literal(text, value.form, bytes);
    } else {
      text += fmt::format("({} bytes)", bytes.size());
    }
  };
  if (is_key && !plan.is_keyless()) {
    for (const std::uint32_t place : plan.identity()) add(plan.values()[place]);
  } else {
    for (const Value& value : plan.values()) add(value);
  }
}

}  // namespace

std::string key_of(const RowChange& change) {
  std::string text;
  if (change.before_plan != nullptr) {
    append_image(text, *change.before_plan, change.before, true, true);
  } else {
    append_image(text, *change.after_plan, change.after, false, true);
  }
  return text;
}

std::string evidence_of(const RowChange& change) {
  std::string text;
  if (change.before_plan != nullptr) {
    text += "before (";
    append_image(text, *change.before_plan, change.before, true, false);
    text += ')';
  }
  if (change.after_plan != nullptr) {
    text += text.empty() ? "after (" : " after (";
    append_image(text, *change.after_plan, change.after, false, false);
    text += ')';
  }
  return text;
}

}  // namespace tideway
