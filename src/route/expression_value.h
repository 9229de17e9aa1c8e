#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "route/decimal.h"

namespace tideway {

// What an expression's part has for one row. Times are numbers that sort like them: date and
// datetime digits YYYYMMDDhhmmss, a time's hhmmss with its sign, each times 10^6 with microseconds.
struct ExpressionValue {
  enum class Kind : std::uint8_t { null, integer, decimal, real, text, temporal };
  Kind kind = Kind::null;
  bool is_negative = false;     // of an integer
  std::uint64_t magnitude = 0;  // of an integer
  double real = 0;
  __int128 temporal = 0;
  Decimal decimal;
  std::string_view text;

  bool is_null() const { return kind == Kind::null; }

  static ExpressionValue of_bool(bool value) { return of_integer(value ? 1 : 0, false); }
  static ExpressionValue of_integer(std::uint64_t magnitude, bool is_negative) {
    ExpressionValue made;
    made.kind = Kind::integer;
    made.magnitude = magnitude;
    made.is_negative = is_negative && magnitude != 0;
    return made;
  }
  static ExpressionValue of_decimal(const Decimal& decimal) {
    ExpressionValue made;
    made.kind = Kind::decimal;
    made.decimal = decimal;
    return made;
  }
  static ExpressionValue of_real(double real) {
    ExpressionValue made;
    made.kind = Kind::real;
    made.real = real;
    return made;
  }
  static ExpressionValue of_text(std::string_view text) {
    ExpressionValue made;
    made.kind = Kind::text;
    made.text = text;
    return made;
  }
  static ExpressionValue of_temporal(__int128 temporal) {
    ExpressionValue made;
    made.kind = Kind::temporal;
    made.temporal = temporal;
    return made;
  }
};

// Texts that an evaluation makes, kept until the next row; their memory is used again.
class ExpressionScratch {
 public:
  std::string& next() {
    if (used_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[used_++];
    text.clear();
    return text;
  }
  void reset() { used_ = 0; }

 private:
  std::deque<std::string> texts_;
  std::size_t used_ = 0;
};

// --- numbers ---
double to_real(const ExpressionValue& value);      // a text's longest beginning that is a number
Decimal to_decimal(const ExpressionValue& value);  // of whole and decimal numbers
bool is_true(const ExpressionValue& value);        // of no NULL

// --- times ---
// "2024-01-31", with or without a time of day and a fraction; "2024-01-31T…", zero dates; false:
// another form.
bool parse_datetime(std::string_view text, __int128& value);
// "[-]hh:mm[:ss][.fraction]".
bool parse_time(std::string_view text, __int128& value);
// The same moment by a clock that is `minutes` ahead.
__int128 shifted(__int128 datetime, std::int32_t minutes);

}  // namespace tideway
