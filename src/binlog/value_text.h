#pragma once

#include <cstddef>
#include <cstdint>

namespace tideway {

// Writes values of the log as MySQL prints them. `to` has room for most_value_text bytes, or what
// is said; what is returned is where the text ends. Bytes that no server stores (hour 31) give some
// text and never more of it.
inline constexpr std::size_t most_value_text = 48;

char* write_unsigned(char* to, std::uint64_t value);
char* write_signed(char* to, std::int64_t value);

// DECIMAL(precision, scale), `bytes` of decimal_bytes(). Room: precision + 3.
std::size_t decimal_bytes(std::uint32_t precision, std::uint32_t scale);
char* write_decimal(char* to, const unsigned char* bytes, std::uint32_t precision,
                    std::uint32_t scale);

char* write_year(char* to, std::uint8_t value);
char* write_date(char* to, std::uint32_t value);          // 3 bytes
char* write_old_time(char* to, std::int32_t value);       // 3 bytes, HHMMSS
char* write_old_datetime(char* to, std::uint64_t value);  // YYYYMMDDhhmmss
// Seconds since 1970 in UTC; 0 without a fraction is the zero date.
char* write_timestamp(char* to, std::uint32_t seconds);

// With a fraction of 0 to 6 digits, in fraction_bytes() behind 3, 5 and 4 bytes.
std::size_t fraction_bytes(std::uint32_t digits);
char* write_time(char* to, const unsigned char* bytes, std::uint32_t digits);
char* write_datetime(char* to, const unsigned char* bytes, std::uint32_t digits);
char* write_timestamp(char* to, const unsigned char* bytes, std::uint32_t digits);

// As JSON documents hold them: the parts in one number, 24 bits of it microseconds. Always with
// six digits.
char* write_packed_time(char* to, std::int64_t packed, std::uint32_t digits);
char* write_packed_datetime(char* to, std::int64_t packed, std::uint32_t digits);
char* write_packed_date(char* to, std::int64_t packed);

}  // namespace tideway
