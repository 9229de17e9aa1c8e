#include <bit>
#include <charconv>
#include <cstring>

#include "binlog/column_step.h"
#include "binlog/value_text.h"
#include "model/json_text.h"
#include "model/odd_value.h"

namespace tideway {
namespace {

// Little-endian, as this machine is: one load each.
std::uint64_t load(const char* from, std::size_t bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t value = 0;
  switch (bytes) {
    case 1:
      return static_cast<unsigned char>(*from);
    case 4:
      std::memcpy(&value, from, 4);
      return value;
    case 8:
      std::memcpy(&value, from, 8);
      return value;
    default:
      std::memcpy(&value, from, bytes);
      return value;
  }
}

char* zerofilled(char* begin, char* end, std::size_t width) {
  const auto size = static_cast<std::size_t>(end - begin);
  if (size >= width) return end;
  std::memmove(begin + (width - size), begin, size);
  std::memset(begin, '0', width - size);
  return begin + width;
}

char* write_real(char* to, const ColumnStep& step, const char* from) {
  constexpr std::size_t room = 400;
  if (step.kind == StepKind::float_number) {
    float value = 0;
    std::memcpy(&value, from, sizeof value);
    return write_mysql_double(to, static_cast<double>(value));
  }
  double value = 0;
  std::memcpy(&value, from, sizeof value);
  if (step.kind == StepKind::double_number)
    return zerofilled(to, write_mysql_double(to, value), step.zerofill);
  char* const end = std::to_chars(to, to + room, value, std::chars_format::fixed, step.scale).ptr;
  return zerofilled(to, end, step.zerofill);
}

char* write_bytes(char* to, std::string_view bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

char* write_characters(char* to, const ColumnStep& step, std::string_view bytes) {
  const CharacterSet& characters = *step.meaning->characters;
  if (step.kind == StepKind::characters) return characters.write_utf8_or_marks(to, bytes);
  if (char* const end = characters.write_utf8(to, bytes)) return end;
  static constexpr std::string_view digits = "0123456789ABCDEF";
  to = write_bytes(to, raw_mark);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = digits[byte >> 4U];
    *to++ = digits[byte & 15U];
  }
  return to;
}

char* write_label(char* to, const ColumnMeaning& meaning, std::uint64_t number) {
  if (number == 0) return write_bytes(to, meaning.zero_text);
  if (number > meaning.labels.size()) return nullptr;
  return write_bytes(to, meaning.labels[number - 1]);
}

char* write_labels(char* to, const ColumnMeaning& meaning, std::uint64_t members) {
  if (static_cast<std::size_t>(std::bit_width(members)) > meaning.labels.size()) return nullptr;
  for (char separator = 0; members != 0; members &= members - 1) {
    if (separator != 0) *to++ = separator;
    separator = ',';
    to = write_bytes(to, meaning.labels[static_cast<std::size_t>(std::countr_zero(members))]);
  }
  return to;
}

}  // namespace

char* write_cell(char* to, const ColumnStep& step, const char* from, std::size_t bytes) {
  const auto* const big_endian = reinterpret_cast<const unsigned char*>(from);
  switch (step.kind) {
    case StepKind::signed_number: {
      const auto unused = static_cast<unsigned>(64 - 8 * bytes);
      return write_signed(to, static_cast<std::int64_t>(load(from, bytes) << unused) >> unused);
    }
    case StepKind::unsigned_number:
      return zerofilled(to, write_unsigned(to, load(from, bytes)), step.zerofill);
    case StepKind::decimal:
      return zerofilled(to, write_decimal(to, big_endian, step.precision, step.scale),
                        step.zerofill);
    case StepKind::float_number:
    case StepKind::double_number:
    case StepKind::fixed_double:
      return write_real(to, step, from);
    case StepKind::year:
      return write_year(to, static_cast<std::uint8_t>(*from));
    case StepKind::date:
      return write_date(to, static_cast<std::uint32_t>(load(from, 3)));
    case StepKind::old_time:
      return write_old_time(
          to, static_cast<std::int32_t>(static_cast<std::uint32_t>(load(from, 3)) << 8U) >> 8);
    case StepKind::old_datetime:
      return write_old_datetime(to, load(from, 8));
    case StepKind::old_timestamp:
      return write_timestamp(to, static_cast<std::uint32_t>(load(from, 4)));
    case StepKind::time:
      return write_time(to, big_endian, step.scale);
    case StepKind::datetime:
      return write_datetime(to, big_endian, step.scale);
    case StepKind::timestamp:
      return write_timestamp(to, big_endian, step.scale);
    case StepKind::bytes:
      return write_bytes(to, {from, bytes});
    case StepKind::padded_text:
      while (bytes > 0 && from[bytes - 1] == ' ') --bytes;
      return write_bytes(to, {from, bytes});
    case StepKind::padded_bytes: {
      char* const end = write_bytes(to, {from, bytes});
      if (bytes >= step.width) return end;
      std::memset(end, 0, step.width - bytes);
      return to + step.width;
    }
    case StepKind::characters:
    case StepKind::bending:
      return write_characters(to, step, {from, bytes});
    case StepKind::label:
      return write_label(to, *step.meaning, load(from, bytes));
    case StepKind::labels:
      return write_labels(to, *step.meaning, load(from, bytes));
    case StepKind::label_number:
      return write_unsigned(write_bytes(to, step.meaning->zero_text), load(from, bytes));
    case StepKind::json:
      break;  // its length is known only when it is written
  }
  return nullptr;
}

}  // namespace tideway
