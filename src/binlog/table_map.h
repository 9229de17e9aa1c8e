#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "binlog/event_header.h"

namespace tideway {

// Types of columns as the log numbers them.
enum class LogType : std::uint8_t {
  decimal_old = 0,
  tiny = 1,
  short_int = 2,
  long_int = 3,
  float_number = 4,
  double_number = 5,
  null = 6,
  timestamp = 7,
  long_long = 8,
  int24 = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  new_date = 14,
  varchar = 15,
  bit = 16,
  timestamp2 = 17,
  datetime2 = 18,
  time2 = 19,
  typed_array = 20,
  vector = 242,
  json = 245,
  new_decimal = 246,
  enumeration = 247,
  set = 248,
  blob = 252,
  var_string = 253,
  string = 254,
  geometry = 255,
};

// Says which table a number stands for in the rows events behind it, and how their columns are
// written. Views into the event.
struct TableMap {
  std::uint64_t table_id = 0;
  std::string_view database, name;  // UTF-8
  // All behind the number: two maps with the same are of the same table in the same form.
  std::string_view description;
  std::uint64_t column_count = 0;
  std::string_view types, metadata, nullable, optional;  // as in the event
};
Result<TableMap> parse_table_map(const EventHeader& header, std::string_view body,
                                 std::uint8_t post_header);

// One column as the log tells of it. What a server does not tell (5.7; binlog_row_metadata=MINIMAL)
// is absent.
struct LoggedColumn {
  LogType type =
      LogType::null;  // ENUM and SET by their own numbers, not as the STRING they hide in
  // By type: VARCHAR, CHAR, ENUM, SET the most bytes; DECIMAL precision and scale; BIT its bits;
  // BLOB and JSON the bytes of the length before the value; times the digits of their fraction.
  std::uint32_t length = 0, scale = 0;
  bool is_nullable = true;
  std::optional<bool> is_unsigned;
  std::optional<std::uint32_t> collation;
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> labels;  // in the column's character set
};
Result<std::vector<LoggedColumn>> columns_of(const TableMap& map);

}  // namespace tideway
