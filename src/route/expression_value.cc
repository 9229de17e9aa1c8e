#include "route/expression_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace tideway {
namespace {

constexpr std::int64_t million = 1'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// So many digits and no other character; moved past.
bool take_digits(std::string_view& text, std::size_t least, std::size_t most, std::int64_t& value) {
  std::size_t count = 0;
  value = 0;
  for (; count < most && count < text.size() && is_digit(text[count]); ++count)
    value = value * 10 + (text[count] - '0');
  text.remove_prefix(count);
  return count >= least;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "" or ".123456" at the end.
bool take_fraction(std::string_view text, std::int64_t& micros) {
  micros = 0;
  if (text.empty()) return true;
  if (!take(text, '.') || text.size() > 6) return false;
  std::int64_t scale = million;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    scale /= 10;
    micros += (c - '0') * scale;
  }
  return true;
}

// hh:mm[:ss[.fraction]] to the end.
bool take_clock(std::string_view text, std::size_t hour_digits, __int128& value) {
  std::int64_t hours = 0, minutes = 0, seconds = 0, micros = 0;
  if (!take_digits(text, 1, hour_digits, hours) || !take(text, ':') ||
      !take_digits(text, 1, 2, minutes))
    return false;
  if (take(text, ':') && !take_digits(text, 1, 2, seconds)) return false;
  if (!take_fraction(text, micros) || minutes > 59 || seconds > 59) return false;
  value = static_cast<__int128>((hours * 100 + minutes) * 100 + seconds) * million + micros;
  return true;
}

}  // namespace

double to_real(const ExpressionValue& value) {
  switch (value.kind) {
    case ExpressionValue::Kind::integer: {
      const auto real = static_cast<double>(value.magnitude);
      return value.is_negative ? -real : real;
    }
    case ExpressionValue::Kind::decimal:
      return value.decimal.to_double();
    case ExpressionValue::Kind::text: {
      std::string_view text = value.text;
      while (!text.empty() &&
             (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')))
        text.remove_prefix(1);
      if (text.starts_with('+')) text.remove_prefix(1);
      const std::size_t sign = text.starts_with('-') ? 1 : 0;
      if (text.size() <= sign || (!is_digit(text[sign]) && text[sign] != '.')) return 0;
      double real = 0;
      std::from_chars(text.data(), text.data() + text.size(), real);
      return real;
    }
    default:
      return value.real;
  }
}

Decimal to_decimal(const ExpressionValue& value) {
  return value.kind == ExpressionValue::Kind::decimal
             ? value.decimal
             : Decimal::of(value.magnitude, value.is_negative);
}

bool is_true(const ExpressionValue& value) {
  switch (value.kind) {
    case ExpressionValue::Kind::integer:
      return value.magnitude != 0;
    case ExpressionValue::Kind::decimal:
      return !value.decimal.is_zero();
    case ExpressionValue::Kind::temporal:
      return value.temporal != 0;
    default:
      return to_real(value) != 0;
  }
}

bool parse_datetime(std::string_view text, __int128& value) {
  static constexpr std::array<std::int64_t, 13> days = {31, 31, 29, 31, 30, 31, 30,
                                                        31, 31, 30, 31, 30, 31};
  std::int64_t year = 0, month = 0, day = 0;
  if (!take_digits(text, 4, 4, year) || !take(text, '-') || !take_digits(text, 1, 2, month) ||
      !take(text, '-') || !take_digits(text, 1, 2, day))
    return false;
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month > 12 || day > days[static_cast<std::size_t>(month)] ||
      (month == 2 && day == 29 && !is_leap))
    return false;
  __int128 clock = 0;
  if (!text.empty()) {
    if (!take(text, ' ') && !take(text, 'T')) return false;
    if (!take_clock(text, 2, clock) || clock >= __int128{240'000} * million) return false;
  }
  value = static_cast<__int128>((year * 100 + month) * 100 + day) * million * million + clock;
  return true;
}

bool parse_time(std::string_view text, __int128& value) {
  const bool is_negative = take(text, '-');
  if (!take_clock(text, 3, value)) return false;
  if (is_negative) value = -value;
  return true;
}

__int128 shifted(__int128 datetime, std::int32_t minutes) {
  using namespace std::chrono;
  if (minutes == 0 || datetime == 0) return datetime;
  const auto micros = static_cast<std::int64_t>(datetime % million);
  const auto digits = static_cast<std::int64_t>(datetime / million);
  const auto date = digits / million, clock = digits % million;
  const year_month_day day{year(static_cast<int>(date / 10'000)),
                           month(static_cast<unsigned>(date / 100 % 100)),
                           std::chrono::day(static_cast<unsigned>(date % 100))};
  const sys_seconds moment = sys_days(day) + hours(clock / 10'000) +
                             std::chrono::minutes(clock / 100 % 100 + minutes) +
                             seconds(clock % 100);
  const auto midnight = floor<days>(moment);
  const year_month_day there(midnight);
  const hh_mm_ss time(moment - midnight);
  const std::int64_t moved_date =
      (std::int64_t{static_cast<int>(there.year())} * 100 + static_cast<unsigned>(there.month())) *
          100 +
      static_cast<unsigned>(there.day());
  const std::int64_t moved_clock =
      (time.hours().count() * 100 + time.minutes().count()) * 100 + time.seconds().count();
  return (static_cast<__int128>(moved_date) * million + moved_clock) * million + micros;
}

}  // namespace tideway
