#include "binlog/column_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "binlog/value_text.h"
#include "model/odd_value.h"

namespace tideway {
namespace {

tl::unexpected<Error> differs(std::string message) {
  return fail(Error(ErrorCode::definition_differs_from_log, Side::source, Retry::after_operator,
                    std::move(message)));
}

std::string to_text(const LoggedColumn& logged) {
  static constexpr std::array<std::string_view, 21> names = {"DECIMAL",
                                                             "TINYINT",
                                                             "SMALLINT",
                                                             "INT",
                                                             "FLOAT",
                                                             "DOUBLE",
                                                             "NULL",
                                                             "TIMESTAMP (old form)",
                                                             "BIGINT",
                                                             "MEDIUMINT",
                                                             "DATE",
                                                             "TIME (old form)",
                                                             "DATETIME (old form)",
                                                             "YEAR",
                                                             "DATE",
                                                             "VARCHAR",
                                                             "BIT",
                                                             "TIMESTAMP",
                                                             "DATETIME",
                                                             "TIME",
                                                             "ARRAY"};
  const auto number = static_cast<std::size_t>(logged.type);
  switch (logged.type) {
    case LogType::varchar:
    case LogType::var_string:
      return fmt::format("VARCHAR of {} bytes", logged.length);
    case LogType::string:
      return fmt::format("CHAR of {} bytes", logged.length);
    case LogType::new_decimal:
      return fmt::format("DECIMAL({},{})", logged.length, logged.scale);
    case LogType::bit:
      return fmt::format("BIT({})", logged.length);
    case LogType::timestamp2:
    case LogType::datetime2:
    case LogType::time2:
      return fmt::format("{}({})", names[number], logged.length);
    case LogType::enumeration:
      return fmt::format("ENUM of {} bytes", logged.length);
    case LogType::set:
      return fmt::format("SET of {} bytes", logged.length);
    case LogType::blob:
      return fmt::format("BLOB or TEXT with {} bytes of length", logged.length);
    case LogType::json:
      return "JSON";
    case LogType::geometry:
      return "GEOMETRY";
    case LogType::vector:
      return "VECTOR";
    default:
      return std::string(names[number]);  // the others are refused where the map is read
  }
}

// The types a column of the kind is logged with: today's and the one from before MySQL 5.6.
bool is_logged_as(TypeKind kind, LogType type) {
  switch (kind) {
    case TypeKind::tiny_int:
      return type == LogType::tiny;
    case TypeKind::small_int:
      return type == LogType::short_int;
    case TypeKind::medium_int:
      return type == LogType::int24;
    case TypeKind::integer:
      return type == LogType::long_int;
    case TypeKind::big_int:
      return type == LogType::long_long;
    case TypeKind::decimal:
      return type == LogType::new_decimal;
    case TypeKind::float_number:
      return type == LogType::float_number;
    case TypeKind::double_number:
      return type == LogType::double_number;
    case TypeKind::bit:
      return type == LogType::bit;
    case TypeKind::year:
      return type == LogType::year;
    case TypeKind::date:
      return type == LogType::date;
    case TypeKind::time:
      return type == LogType::time2 || type == LogType::time;
    case TypeKind::datetime:
      return type == LogType::datetime2 || type == LogType::datetime;
    case TypeKind::timestamp:
      return type == LogType::timestamp2 || type == LogType::timestamp;
    case TypeKind::fixed_char:
    case TypeKind::fixed_binary:
      return type == LogType::string;
    case TypeKind::var_char:
    case TypeKind::var_binary:
      return type == LogType::varchar || type == LogType::var_string;
    case TypeKind::enumeration:
      return type == LogType::enumeration;
    case TypeKind::set:
      return type == LogType::set;
    case TypeKind::json:
      return type == LogType::json;
    case TypeKind::geometry:
      return type == LogType::geometry;
    case TypeKind::vector:
      return type == LogType::vector;
    case TypeKind::unknown:
      return false;
    default:
      return type == LogType::blob;
  }
}

bool has_characters(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::fixed_char:
    case TypeKind::var_char:
    case TypeKind::tiny_text:
    case TypeKind::text:
    case TypeKind::medium_text:
    case TypeKind::long_text:
      return true;
    default:
      return false;
  }
}

// What the log's metadata must be under the definition, where it is a size.
std::uint32_t expected_length(const ColumnType& type, const CharacterSet* characters) {
  const std::uint32_t length = std::max(type.length, 1U);
  const std::size_t labels = type.labels.size();
  switch (type.kind) {
    case TypeKind::decimal:
      return type.length == 0 ? 10 : type.length;
    case TypeKind::float_number:
      return 4;
    case TypeKind::double_number:
      return 8;
    case TypeKind::bit:
      return length;
    case TypeKind::fixed_char:
      return length * characters->longest();
    case TypeKind::var_char:
      return type.length * characters->longest();
    case TypeKind::fixed_binary:
    case TypeKind::var_binary:
      return type.kind == TypeKind::fixed_binary ? length : type.length;
    case TypeKind::tiny_text:
    case TypeKind::tiny_blob:
      return 1;
    case TypeKind::text:
    case TypeKind::blob:
      return 2;
    case TypeKind::medium_text:
    case TypeKind::medium_blob:
      return 3;
    case TypeKind::long_text:
    case TypeKind::long_blob:
    case TypeKind::json:
    case TypeKind::geometry:
    case TypeKind::vector:
      return 4;
    case TypeKind::enumeration:
      return labels > 255 ? 2 : 1;
    case TypeKind::set:
      return labels > 32 ? 8 : static_cast<std::uint32_t>((labels + 7) / 8);
    case TypeKind::time:
    case TypeKind::datetime:
    case TypeKind::timestamp:
      return type.decimals;
    default:
      return 0;
  }
}

bool is_same_set(std::string_view one, std::string_view other) {
  const auto plain = [](std::string_view name) {
    const std::string lower = ascii_lower(name);
    return lower == "utf8" ? std::string("utf8mb3") : lower;
  };
  return plain(one) == plain(other);
}

bool are_same_labels(const std::vector<std::string>& logged, const ColumnType& type,
                     const CharacterSet& characters) {
  if (logged.size() != type.labels.size()) return false;
  std::string text;
  for (std::size_t i = 0; i < logged.size(); ++i) {
    text.resize(CharacterSet::room(logged[i].size()));
    const char* end = characters.write_utf8(text.data(), logged[i]);
    if (end != nullptr && std::string_view(text.data(), static_cast<std::size_t>(
                                                            end - text.data())) != type.labels[i])
      return false;
  }
  return true;
}

// What the newer servers tell of a column beside what is needed to find its bytes.
Result<void> check_told(const LoggedColumn& logged, const Column& column) {
  const ColumnType& type = column.type;
  if (logged.name && ascii_lower(*logged.name) != ascii_lower(column.name))
    return differs(fmt::format("the log calls it {}", quoted(*logged.name)));
  if (logged.is_unsigned && *logged.is_unsigned != type.is_unsigned)
    return differs(fmt::format("in the log it is {}, in the definition {}",
                               *logged.is_unsigned ? "UNSIGNED" : "signed", type.text));
  if (!logged.collation) return {};
  const std::string_view set = CharacterSet::name_of(*logged.collation);
  const bool has_set = !type.charset.empty() && class_of(type) == TypeClass::characters;
  if (!set.empty() && !is_same_set(set, has_set ? type.charset : "binary"))
    return differs(fmt::format("in the log its character set is {}, in the definition {}", set,
                               has_set ? type.charset : "binary"));
  if (logged.labels && !set.empty() &&
      !are_same_labels(*logged.labels, type, *TRY(CharacterSet::find(set))))
    return differs(
        fmt::format("in the log it has other labels than in the definition, {}", type.text));
  return {};
}

StepKind character_kind(const ColumnType& type, const CharacterSet& characters) {
  if (characters.is_utf8())
    return type.kind == TypeKind::fixed_char ? StepKind::padded_text : StepKind::bytes;
  return may_bend(type) ? StepKind::bending : StepKind::characters;
}

std::uint32_t zerofill_width(const ColumnType& type) {
  if (!type.is_zerofill) return 0;
  switch (type.kind) {
    case TypeKind::tiny_int:
      return type.length == 0 ? 3 : type.length;
    case TypeKind::small_int:
      return type.length == 0 ? 5 : type.length;
    case TypeKind::medium_int:
      return type.length == 0 ? 8 : type.length;
    case TypeKind::integer:
      return type.length == 0 ? 10 : type.length;
    case TypeKind::big_int:
      return type.length == 0 ? 20 : type.length;
    case TypeKind::double_number:
      return type.length == 0 ? 22 : type.length;
    case TypeKind::decimal: {
      const std::uint32_t precision = type.length == 0 ? 10 : type.length;
      const std::uint32_t whole = std::max(precision - type.decimals, 1U);
      return whole + (type.decimals == 0 ? 0 : 1 + type.decimals);
    }
    default:
      return 0;  // FLOAT is read as `c * 1E0`
  }
}

// Fixed bytes, or bytes of length: by what the log says alone.
void set_bytes(ColumnStep& step, const LoggedColumn& logged) {
  const auto fixed = [&step](std::size_t bytes) {
    step.fixed_bytes = static_cast<std::uint32_t>(bytes);
  };
  switch (logged.type) {
    case LogType::tiny:
    case LogType::year:
      return fixed(1);
    case LogType::short_int:
      return fixed(2);
    case LogType::int24:
    case LogType::date:
    case LogType::time:
      return fixed(3);
    case LogType::long_int:
    case LogType::float_number:
    case LogType::timestamp:
      return fixed(4);
    case LogType::long_long:
    case LogType::double_number:
    case LogType::datetime:
      return fixed(8);
    case LogType::new_decimal:
      return fixed(decimal_bytes(logged.length, logged.scale));
    case LogType::time2:
      return fixed(3 + fraction_bytes(logged.length));
    case LogType::datetime2:
      return fixed(5 + fraction_bytes(logged.length));
    case LogType::timestamp2:
      return fixed(4 + fraction_bytes(logged.length));
    case LogType::bit:
      return fixed((logged.length + 7) / 8);
    case LogType::enumeration:
    case LogType::set:
      return fixed(logged.length);
    case LogType::json:
    case LogType::blob:
    case LogType::geometry:
    case LogType::vector:
      step.length_bytes = static_cast<std::uint8_t>(logged.length);
      return;
    default:  // CHAR and VARCHAR
      step.length_bytes = logged.length > 255 ? 2 : 1;
      return;
  }
}

StepKind kind_of(const LoggedColumn& logged, const ColumnType& type, const ColumnMeaning& meaning) {
  switch (logged.type) {
    case LogType::tiny:
    case LogType::short_int:
    case LogType::int24:
    case LogType::long_int:
    case LogType::long_long:
      return type.is_unsigned ? StepKind::unsigned_number : StepKind::signed_number;
    case LogType::new_decimal:
      return StepKind::decimal;
    case LogType::float_number:
      return StepKind::float_number;
    case LogType::double_number:
      return type.length == 0 ? StepKind::double_number : StepKind::fixed_double;
    case LogType::year:
      return StepKind::year;
    case LogType::date:
      return StepKind::date;
    case LogType::time:
      return StepKind::old_time;
    case LogType::datetime:
      return StepKind::old_datetime;
    case LogType::timestamp:
      return StepKind::old_timestamp;
    case LogType::time2:
      return StepKind::time;
    case LogType::datetime2:
      return StepKind::datetime;
    case LogType::timestamp2:
      return StepKind::timestamp;
    case LogType::enumeration:
      return StepKind::label;
    case LogType::set:
      return set_number_prefix(type) ? StepKind::label_number : StepKind::labels;
    case LogType::json:
      return StepKind::json;
    default:
      break;
  }
  if (type.kind == TypeKind::fixed_binary) return StepKind::padded_bytes;
  return has_characters(type) ? character_kind(type, *meaning.characters) : StepKind::bytes;
}

void set_text_room(ColumnStep& step, const ColumnType& type) {
  constexpr std::uint32_t longest_fixed_double = 310 + 1 + 255;
  step.text_bytes = most_value_text;
  switch (step.kind) {
    case StepKind::bytes:
    case StepKind::padded_text:
      step.text_bytes = 0;
      step.text_per_byte = 1;
      break;
    case StepKind::padded_bytes:
      step.text_bytes = step.width;
      step.text_per_byte = 1;
      break;
    case StepKind::characters:
    case StepKind::bending:
      step.text_bytes = static_cast<std::uint32_t>(CharacterSet::room(0));
      step.text_per_byte =
          static_cast<std::uint32_t>(CharacterSet::room(1) - CharacterSet::room(0));
      break;
    case StepKind::decimal:
      step.text_bytes = step.precision + 3U;
      break;
    case StepKind::fixed_double:
      step.text_bytes = longest_fixed_double;
      break;
    case StepKind::label:
      step.text_bytes = static_cast<std::uint32_t>(step.meaning->zero_text.size());
      for (const std::string& label : type.labels)
        step.text_bytes = std::max(step.text_bytes, static_cast<std::uint32_t>(label.size()));
      break;
    case StepKind::labels:
      step.text_bytes = 0;
      for (const std::string& label : type.labels)
        step.text_bytes += static_cast<std::uint32_t>(label.size()) + 1;
      break;
    case StepKind::label_number:
      step.text_bytes += static_cast<std::uint32_t>(step.meaning->zero_text.size());
      break;
    default:
      break;
  }
  step.text_bytes = std::max<std::uint32_t>(step.text_bytes, step.zerofill);
}

}  // namespace

Result<ColumnStep> make_step(const LoggedColumn& logged, const Column& column, JsonPrinter printer,
                             ColumnMeaning& meaning) {
  const ColumnType& type = column.type;
  if (!is_logged_as(type.kind, logged.type))
    return differs(
        fmt::format("in the log it is {}, in the definition {}", to_text(logged), type.text));
  TRY(check_told(logged, column));
  meaning.name = column.name;
  meaning.printer = printer;
  if (has_characters(type)) {
    if (type.charset.empty()) return differs("the definition does not say its character set");
    meaning.characters = TRY(CharacterSet::find(type.charset));
  }
  // TEXT(100) is a TINYTEXT: which one a length stands for is not looked up here.
  const bool has_chosen_size = logged.type == LogType::blob && type.length != 0;
  // CHAR(0), which a definition's 0 is too, beside CHAR without a length.
  const bool is_empty = logged.type == LogType::string && logged.length == 0 && type.length == 0;
  if (!has_chosen_size && !is_empty &&
      (logged.length != expected_length(type, meaning.characters) ||
       (type.kind == TypeKind::decimal && logged.scale != type.decimals)))
    return differs(
        fmt::format("in the log it is {}, in the definition {}", to_text(logged), type.text));

  ColumnStep step;
  step.meaning = &meaning;
  meaning.labels = type.labels;
  if (type.kind == TypeKind::enumeration) meaning.zero_text = enum_error_text(type);
  if (type.kind == TypeKind::set) meaning.zero_text = set_number_prefix(type).value_or("");
  step.precision = static_cast<std::uint8_t>(type.kind == TypeKind::decimal ? logged.length : 0);
  step.scale =
      static_cast<std::uint8_t>(type.kind == TypeKind::decimal ? logged.scale : type.decimals);
  step.zerofill = static_cast<std::uint8_t>(zerofill_width(type));
  step.width = logged.length;
  step.is_generated = column.generated != Generated::no;
  set_bytes(step, logged);
  step.kind = kind_of(logged, type, meaning);
  set_text_room(step, type);
  return step;
}

ColumnStep make_hidden_step(const LoggedColumn& logged, ColumnMeaning& meaning) {
  ColumnStep step;
  step.meaning = &meaning;
  step.is_generated = step.is_hidden = true;
  set_bytes(step, logged);
  return step;
}

}  // namespace tideway
