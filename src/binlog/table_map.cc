#include "binlog/table_map.h"

#include <fmt/format.h>

#include <functional>

#include "binlog/event_bytes.h"

namespace tideway {
namespace {

enum class Field : std::uint8_t {
  signedness = 1,
  default_charset = 2,
  column_charset = 3,
  column_name = 4,
  set_labels = 5,
  enum_labels = 6,
  geometry_type = 7,
  simple_primary_key = 8,
  primary_key_with_prefix = 9,
  default_label_charset = 10,
  column_label_charset = 11,
  visibility = 12,
};

Error corrupt(const TableMap& map, std::string_view what) {
  return {ErrorCode::log_corrupt, Side::source, Retry::new_session,
          fmt::format("the TABLE_MAP of {}.{} cannot be read: {}", map.database, map.name, what)};
}

bool is_numeric(LogType type) {
  switch (type) {
    case LogType::tiny:
    case LogType::short_int:
    case LogType::int24:
    case LogType::long_int:
    case LogType::long_long:
    case LogType::new_decimal:
    case LogType::float_number:
    case LogType::double_number:
      return true;
    default:
      return false;
  }
}
bool has_characters(const LoggedColumn& column) {
  return column.type == LogType::string || column.type == LogType::varchar ||
         column.type == LogType::var_string || column.type == LogType::blob;
}
bool has_labels(const LoggedColumn& column) {
  return column.type == LogType::enumeration || column.type == LogType::set;
}

// The metadata of a STRING: CHAR of more than 255 bytes hides the ninth and tenth bit of its length
// in the type, inverted.
void read_string(LoggedColumn& column, EventBytes& metadata) {
  const std::uint8_t type = metadata.u8(), length = metadata.u8();
  if ((type & 0x30U) != 0x30U) {
    column.type = static_cast<LogType>(type | 0x30U);
    column.length = length | ((type & 0x30U) ^ 0x30U) << 4U;
  } else {
    column.type = static_cast<LogType>(type);
    column.length = length;
  }
}

bool read_metadata(LoggedColumn& column, EventBytes& metadata) {
  switch (column.type) {
    case LogType::string:
      read_string(column, metadata);
      return column.type == LogType::string || has_labels(column);
    case LogType::varchar:
    case LogType::var_string:
      column.length = metadata.u16();
      return true;
    case LogType::new_decimal:
      column.length = metadata.u8();
      column.scale = metadata.u8();
      return true;
    case LogType::bit: {
      const std::uint8_t bits = metadata.u8();
      column.length = bits + metadata.u8() * 8U;
      return true;
    }
    case LogType::float_number:
    case LogType::double_number:
    case LogType::timestamp2:
    case LogType::datetime2:
    case LogType::time2:
    case LogType::blob:
    case LogType::json:
    case LogType::geometry:
    case LogType::vector:
      column.length = metadata.u8();
      return true;
    case LogType::tiny:
    case LogType::short_int:
    case LogType::int24:
    case LogType::long_int:
    case LogType::long_long:
    case LogType::year:
    case LogType::date:
    case LogType::time:
    case LogType::datetime:
    case LogType::timestamp:
      return true;
    default:
      return false;
  }
}

using Columns = std::vector<LoggedColumn>;

// One bit a numeric column, the first the highest.
void read_signedness(Columns& columns, EventBytes& field) {
  std::uint32_t bit = 0;
  std::uint8_t byte = 0;
  for (LoggedColumn& column : columns) {
    if (!is_numeric(column.type)) continue;
    if (bit % 8 == 0) byte = field.u8();
    column.is_unsigned = (byte & 0x80U >> bit % 8) != 0;
    ++bit;
  }
}

// A collation, and pairs of a column (counted among those it is about) and its own.
void read_default_charset(Columns& columns, EventBytes& field,
                          bool (*is_meant)(const LoggedColumn&)) {
  const auto usual = static_cast<std::uint32_t>(field.length_encoded());
  std::vector<LoggedColumn*> meant;
  for (LoggedColumn& column : columns) {
    if (!is_meant(column)) continue;
    column.collation = usual;
    meant.push_back(&column);
  }
  while (!field.is_at_end()) {
    const std::uint64_t at = field.length_encoded();
    const auto collation = static_cast<std::uint32_t>(field.length_encoded());
    if (at < meant.size()) meant[at]->collation = collation;
  }
}

void read_column_charset(Columns& columns, EventBytes& field,
                         bool (*is_meant)(const LoggedColumn&)) {
  for (LoggedColumn& column : columns) {
    if (is_meant(column)) column.collation = static_cast<std::uint32_t>(field.length_encoded());
  }
}

void read_names(Columns& columns, EventBytes& field) {
  for (LoggedColumn& column : columns) column.name = field.packed_text();
}

void read_labels(Columns& columns, EventBytes& field, LogType type) {
  for (LoggedColumn& column : columns) {
    if (column.type != type) continue;
    std::vector<std::string>& labels = column.labels.emplace();
    for (std::uint64_t count = field.length_encoded(); count > 0 && !field.has_failed(); --count)
      labels.emplace_back(field.packed_text());
  }
}

void read_field(Columns& columns, Field type, EventBytes& field) {
  switch (type) {
    case Field::signedness:
      return read_signedness(columns, field);
    case Field::default_charset:
      return read_default_charset(columns, field, has_characters);
    case Field::column_charset:
      return read_column_charset(columns, field, has_characters);
    case Field::column_name:
      return read_names(columns, field);
    case Field::set_labels:
      return read_labels(columns, field, LogType::set);
    case Field::enum_labels:
      return read_labels(columns, field, LogType::enumeration);
    case Field::default_label_charset:
      return read_default_charset(columns, field, has_labels);
    case Field::column_label_charset:
      return read_column_charset(columns, field, has_labels);
    case Field::geometry_type:
    case Field::simple_primary_key:
    case Field::primary_key_with_prefix:
    case Field::visibility:
      return;  // nothing a value depends on; later servers add more of the kind
  }
}

}  // namespace

Result<TableMap> parse_table_map(const EventHeader& header, std::string_view body,
                                 std::uint8_t post_header) {
  constexpr std::uint8_t short_number = 6;
  EventBytes reader(body);
  TableMap map;
  map.table_id = reader.number(post_header == short_number ? 4 : 6);
  map.description = reader.rest();
  reader.u16();  // flags
  map.database = reader.short_text();
  reader.u8();
  map.name = reader.short_text();
  reader.u8();
  map.column_count = reader.length_encoded();
  map.types = reader.take(map.column_count);
  map.metadata = reader.packed_text();
  map.nullable = reader.take(map.column_count / 8 + (map.column_count % 8 != 0 ? 1 : 0));
  map.optional = reader.rest();
  if (reader.has_failed()) return fail(corrupt_event(header, "it ends too early"));
  return map;
}

Result<std::vector<LoggedColumn>> columns_of(const TableMap& map) {
  std::vector<LoggedColumn> columns(map.types.size());
  EventBytes metadata(map.metadata);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    LoggedColumn& column = columns[i];
    const auto type = static_cast<std::uint8_t>(map.types[i]);
    column.type = static_cast<LogType>(type);
    column.is_nullable =
        (std::uint32_t{static_cast<unsigned char>(map.nullable[i / 8])} >> i % 8 & 1U) != 0;
    if (!read_metadata(column, metadata))
      return fail(Error(ErrorCode::not_supported, Side::source, Retry::never,
                        fmt::format("column {} of {}.{} is logged with type {}, which is not "
                                    "decoded",
                                    i + 1, map.database, map.name, type)));
  }
  if (metadata.has_failed() || !metadata.is_at_end())
    return fail(corrupt(map, "the metadata is not that of its columns"));
  EventBytes optional(map.optional);
  while (!optional.is_at_end()) {
    const auto type = static_cast<Field>(optional.u8());
    EventBytes field(optional.packed_text());
    read_field(columns, type, field);
    if (optional.has_failed() || field.has_failed())
      return fail(corrupt(map, fmt::format("field {} of the optional metadata ends too early",
                                           static_cast<unsigned>(type))));
  }
  return columns;
}

}  // namespace tideway
