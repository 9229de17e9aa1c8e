#include "binlog/value_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace tideway {
namespace {

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> pairs = make_pairs();

constexpr std::array<std::uint64_t, 20> powers = [] {
  std::array<std::uint64_t, 20> made{};
  std::uint64_t power = 1;
  for (std::uint64_t& each : made) {
    each = power;
    power *= 10;
  }
  return made;
}();

std::size_t digit_count(std::uint64_t value) {
  // log10(2) is about 1233 / 4096.
  const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
  const std::size_t guess = bits * 1233 >> 12U;
  return guess + ((value | 1) >= powers[guess] ? 1 : 0);
}

// Exactly `digits` digits: the lowest ones.
char* write_digits(char* to, std::uint64_t value, std::size_t digits) {
  char* at = to + digits;
  while (at - to >= 2) {
    at -= 2;
    std::memcpy(at, &pairs[value % 100 * 2], 2);
    value /= 100;
  }
  if (at != to) *to = static_cast<char>('0' + value % 10);
  return to + digits;
}

char* write_two(char* to, std::uint64_t value) {
  std::memcpy(to, &pairs[value % 100 * 2], 2);
  return to + 2;
}

// At least so many digits.
char* write_padded(char* to, std::uint64_t value, std::size_t digits) {
  return write_digits(to, value, std::max(digits, digit_count(value)));
}

std::uint64_t big_endian(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8U | bytes[i];
  return value;
}

constexpr std::array<std::uint32_t, 7> fraction_units = {1000000, 100000, 10000, 1000, 100, 10, 1};

char* write_fraction(char* to, std::uint64_t microseconds, std::uint32_t digits) {
  if (digits == 0) return to;
  *to = '.';
  return write_digits(to + 1, microseconds / fraction_units[digits], digits);
}

// Microseconds of a fraction of so many digits, as stored.
std::uint64_t fraction(const unsigned char* bytes, std::uint32_t digits) {
  constexpr std::array<std::uint32_t, 4> unit = {0, 10000, 100, 1};
  const std::size_t count = fraction_bytes(digits);
  return big_endian(bytes, count) * unit[count];
}

char* write_day(char* to, std::uint64_t year, std::uint64_t month, std::uint64_t day) {
  to = write_padded(to, year, 4);
  *to++ = '-';
  to = write_two(to, month);
  *to++ = '-';
  return write_two(to, day);
}

char* write_clock(char* to, std::uint64_t hour, std::uint64_t minute, std::uint64_t second) {
  to = write_padded(to, hour, 2);
  *to++ = ':';
  to = write_two(to, minute);
  *to++ = ':';
  return write_two(to, second);
}

// Of the days since 1970 in the Gregorian calendar: years that begin in March, in eras of 400.
char* write_day_number(char* to, std::uint32_t days) {
  constexpr std::uint32_t to_march_of_0000 = 719468, era_days = 146097;
  const std::uint32_t shifted = days + to_march_of_0000;
  const std::uint32_t era = shifted / era_days, day_of_era = shifted % era_days;
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return write_day(to, year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day);
}

char* write_zero_date(char* to, std::uint32_t digits) {
  to = write_day(to, 0, 0, 0);
  *to++ = ' ';
  return write_fraction(write_clock(to, 0, 0, 0), 0, digits);
}

constexpr std::array<std::uint8_t, 10> bytes_of_digits = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::uint32_t group_digits = 9;

}  // namespace

char* write_unsigned(char* to, std::uint64_t value) {
  return write_digits(to, value, digit_count(value));
}

char* write_signed(char* to, std::int64_t value) {
  if (value >= 0) return write_unsigned(to, static_cast<std::uint64_t>(value));
  *to = '-';
  return write_unsigned(to + 1, 0 - static_cast<std::uint64_t>(value));
}

std::size_t decimal_bytes(std::uint32_t precision, std::uint32_t scale) {
  const std::uint32_t whole = precision - scale;
  return whole / group_digits * 4 + bytes_of_digits[whole % group_digits] +
         scale / group_digits * 4 + bytes_of_digits[scale % group_digits];
}

// Groups of nine digits in four bytes, big-endian; the first whole group and the last of the
// fraction may have fewer. The highest bit is 1 for a positive number, and a negative one has all
// its bits inverted.
char* write_decimal(char* to, const unsigned char* bytes, std::uint32_t precision,
                    std::uint32_t scale) {
  const std::uint32_t whole = precision - scale;
  const bool is_negative = (bytes[0] & 0x80U) == 0;
  const std::uint64_t mask = is_negative ? ~0ULL : 0;
  bool is_first = true;
  const auto group = [&](std::uint32_t digits) {
    const std::size_t count = bytes_of_digits[digits];
    std::uint64_t value = (big_endian(bytes, count) ^ mask) & ((1ULL << count * 8) - 1);
    if (is_first) value ^= 0x80ULL << (count - 1) * 8;
    is_first = false;
    bytes += count;
    return value;
  };
  if (is_negative) *to++ = '-';
  const char* const begin = to;
  for (std::uint32_t left = whole; left > 0;) {
    const std::uint32_t digits = left % group_digits != 0 ? left % group_digits : group_digits;
    to = write_digits(to, group(digits), digits);
    left -= digits;
  }
  // The whole part without zeros in front, and "0" where nothing is left.
  const char* const first =
      std::find_if(begin, static_cast<const char*>(to), [](char c) { return c != '0'; });
  const auto kept = static_cast<std::size_t>(to - first);
  char* const at = to - (kept + static_cast<std::size_t>(first - begin));
  std::memmove(at, first, kept);
  to = at + kept;
  if (kept == 0) *to++ = '0';
  if (scale > 0) *to++ = '.';
  for (std::uint32_t left = scale; left > 0;) {
    const std::uint32_t digits = std::min(left, group_digits);
    to = write_digits(to, group(digits), digits);
    left -= digits;
  }
  return to;
}

char* write_year(char* to, std::uint8_t value) {
  constexpr std::uint32_t first = 1900;
  return write_digits(to, value == 0 ? 0 : first + value, 4);
}

char* write_date(char* to, std::uint32_t value) {
  return write_day(to, value >> 9U, value >> 5U & 15U, value & 31U);
}

char* write_old_time(char* to, std::int32_t value) {
  if (value < 0) *to++ = '-';
  const auto digits = static_cast<std::uint32_t>(value < 0 ? -value : value);
  return write_clock(to, digits / 10000, digits / 100 % 100, digits % 100);
}

char* write_old_datetime(char* to, std::uint64_t value) {
  const std::uint64_t day = value / 1000000, clock = value % 1000000;
  to = write_day(to, day / 10000, day / 100 % 100, day % 100);
  *to++ = ' ';
  return write_clock(to, clock / 10000, clock / 100 % 100, clock % 100);
}

char* write_timestamp(char* to, std::uint32_t seconds) {
  if (seconds == 0) return write_zero_date(to, 0);
  constexpr std::uint32_t day_seconds = 86400;
  const std::uint32_t clock = seconds % day_seconds;
  to = write_day_number(to, seconds / day_seconds);
  *to++ = ' ';
  return write_clock(to, clock / 3600, clock / 60 % 60, clock % 60);
}

std::size_t fraction_bytes(std::uint32_t digits) { return (digits + 1) / 2; }

char* write_time(char* to, const unsigned char* bytes, std::uint32_t digits) {
  constexpr std::int64_t zero = 0x800000;
  const std::size_t count = fraction_bytes(digits);
  std::int64_t packed = 0;
  if (count == 3) {  // one number with its fraction
    packed = static_cast<std::int64_t>(big_endian(bytes, 6)) - (zero << 24);
  } else {
    std::int64_t whole = static_cast<std::int64_t>(big_endian(bytes, 3)) - zero;
    auto part = static_cast<std::int64_t>(big_endian(bytes + 3, count));
    if (whole < 0 && part != 0) {
      ++whole;
      part -= 1LL << count * 8;
    }
    constexpr std::array<std::int64_t, 3> unit = {0, 10000, 100};
    packed = whole * (1LL << 24) + part * unit[count];
  }
  return write_packed_time(to, packed, digits);
}

char* write_datetime(char* to, const unsigned char* bytes, std::uint32_t digits) {
  constexpr std::uint64_t zero = 0x8000000000;
  const std::uint64_t whole = big_endian(bytes, 5) & (zero - 1);
  return write_packed_datetime(
      to, static_cast<std::int64_t>(whole << 24U | (fraction(bytes + 5, digits) & 0xFFFFFFU)),
      digits);
}

char* write_timestamp(char* to, const unsigned char* bytes, std::uint32_t digits) {
  const auto seconds = static_cast<std::uint32_t>(big_endian(bytes, 4));
  const std::uint64_t microseconds = fraction(bytes + 4, digits);
  if (seconds == 0 && microseconds == 0) return write_zero_date(to, digits);
  if (seconds == 0) {  // the first second of 1970, which no server gives
    to = write_day_number(to, 0);
    *to++ = ' ';
    return write_fraction(write_clock(to, 0, 0, 0), microseconds, digits);
  }
  return write_fraction(write_timestamp(to, seconds), microseconds, digits);
}

char* write_packed_time(char* to, std::int64_t packed, std::uint32_t digits) {
  if (packed < 0) *to++ = '-';
  const std::uint64_t value =
      packed < 0 ? 0 - static_cast<std::uint64_t>(packed) : static_cast<std::uint64_t>(packed);
  const std::uint64_t clock = value >> 24U;
  to = write_clock(to, clock >> 12U & 1023U, clock >> 6U & 63U, clock & 63U);
  return write_fraction(to, value & 0xFFFFFFU, digits);
}

char* write_packed_date(char* to, std::int64_t packed) {
  const std::uint64_t day = static_cast<std::uint64_t>(packed) >> 41U;
  const std::uint64_t month = day >> 5U;
  return write_day(to, month / 13, month % 13, day & 31U);
}

char* write_packed_datetime(char* to, std::int64_t packed, std::uint32_t digits) {
  const auto value = static_cast<std::uint64_t>(packed);
  const std::uint64_t clock = value >> 24U & 0x1FFFFU;
  to = write_packed_date(to, packed);
  *to++ = ' ';
  to = write_clock(to, clock >> 12U, clock >> 6U & 63U, clock & 63U);
  return write_fraction(to, value & 0xFFFFFFU, digits);
}

}  // namespace tideway
