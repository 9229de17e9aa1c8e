#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "binlog/characters.h"
#include "binlog/json_binary.h"
#include "binlog/table_map.h"
#include "model/table_def.h"

namespace tideway {

// How the bytes of one column become cell text.
enum class StepKind : std::uint8_t {
  signed_number,
  unsigned_number,
  decimal,
  float_number,
  double_number,
  fixed_double,  // DOUBLE(m,d)
  year,
  date,
  old_time,
  old_datetime,
  old_timestamp,
  time,
  datetime,
  timestamp,
  bytes,         // as they are: binary, BLOB, BIT, GEOMETRY, text in UTF-8
  padded_bytes,  // BINARY: zeros at the end are not in the log
  padded_text,   // CHAR in UTF-8
  characters,    // of another set, where every value comes back
  bending,       // of another set, where some do not (model/odd_value.h)
  label,         // ENUM
  labels,        // SET
  label_number,  // SET with a label ''
  json,
};

// What a column's values mean that the log does not say. Lives as long as the plan.
struct ColumnMeaning {
  std::string name;
  const CharacterSet* characters = nullptr;
  std::vector<std::string> labels;  // UTF-8
  std::string zero_text;            // ENUM: of the error value 0; SET: before the number
  JsonPrinter printer = JsonPrinter::mysql80;
};

struct ColumnStep {
  StepKind kind = StepKind::bytes;
  // Bytes in the log: so many, or, where that is 0, as many as the `length_bytes` before them say.
  std::uint8_t length_bytes = 0;
  std::uint8_t zerofill = 0;  // digits at least
  std::uint8_t precision = 0, scale = 0;
  bool is_generated = false;
  bool is_hidden = false;  // a functional key's, in no definition
  bool is_cell = true;     // in this image
  std::uint32_t fixed_bytes = 0;
  std::uint32_t width = 0;  // BINARY(n)
  // Text of a value is at most text_bytes + text_per_byte × its bytes; JSON is not measured so.
  std::uint32_t text_bytes = 0, text_per_byte = 0;
  std::uint32_t ordinal = 0;
  const ColumnMeaning* meaning = nullptr;
};

// The step of a column, checked against its definition. `meaning` is filled and pointed to.
// Fails with TW405: the message says how they differ, without the column's and table's names.
Result<ColumnStep> make_step(const LoggedColumn& logged, const Column& column, JsonPrinter printer,
                             ColumnMeaning& meaning);

// Of a column that is in no definition and becomes no cell.
ColumnStep make_hidden_step(const LoggedColumn& logged, ColumnMeaning& meaning);

// Writes the text of `bytes` bytes at `from`; there is room for it (except JSON). nullptr: they are
// no value of the column. JSON is written with append_json().
char* write_cell(char* to, const ColumnStep& step, const char* from, std::size_t bytes);

}  // namespace tideway
