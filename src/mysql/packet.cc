#include "mysql/packet.h"

namespace tideway {
namespace {

constexpr std::uint8_t null_mark = 0xFB, two_bytes = 0xFC, three_bytes = 0xFD, eight_bytes = 0xFE,
                       error_mark = 0xFF;
constexpr std::uint32_t end_bytes_max =
    9;  // an end is shorter; a row with an eight-byte length is far longer

std::uint64_t little_endian(const unsigned char* bytes, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

// The number at `at`, which is moved past it; false when it does not end before `end`, or is NULL
// or an error mark.
bool take_length(const unsigned char*& at, const unsigned char* end, std::uint64_t& length) {
  if (at == end) return false;
  const unsigned char first = *at++;
  if (first < null_mark) {
    length = first;
    return true;
  }
  const unsigned width = first == two_bytes     ? 2
                         : first == three_bytes ? 3
                         : first == eight_bytes ? 8
                                                : 0;
  if (width == 0 || end - at < static_cast<std::ptrdiff_t>(width)) return false;
  length = little_endian(at, width);
  at += width;
  return true;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

PacketHeader parse_header(const char* four_bytes) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(four_bytes);
  return {static_cast<std::uint32_t>(little_endian(bytes, 3)), bytes[3]};
}

PacketKind kind_of(std::uint8_t first_byte, std::uint32_t payload_bytes) {
  if (first_byte == error_mark) return PacketKind::error;
  if (first_byte == eight_bytes && payload_bytes < packet_bytes_max) return PacketKind::end;
  return PacketKind::row;
}

std::optional<ResultEnd> parse_end(std::string_view payload, bool deprecates_eof) {
  const unsigned char* at = bytes_of(payload);
  const unsigned char* const end = at + payload.size();
  if (at == end || *at++ != eight_bytes) return std::nullopt;
  ResultEnd result;
  if (!deprecates_eof) {
    if (end - at != 4 || payload.size() >= end_bytes_max) return std::nullopt;
    result.warnings = static_cast<std::uint16_t>(little_endian(at, 2));
    result.status = static_cast<std::uint16_t>(little_endian(at + 2, 2));
    return result;
  }
  std::uint64_t ignored = 0;  // affected rows, insert id
  if (!take_length(at, end, ignored) || !take_length(at, end, ignored) || end - at < 4)
    return std::nullopt;
  result.status = static_cast<std::uint16_t>(little_endian(at, 2));
  result.warnings = static_cast<std::uint16_t>(little_endian(at + 2, 2));
  return result;
}

std::optional<ErrorPacket> parse_error(std::string_view payload) {
  if (payload.size() < 3 || bytes_of(payload)[0] != error_mark) return std::nullopt;
  ErrorPacket error;
  error.number = static_cast<std::uint32_t>(little_endian(bytes_of(payload) + 1, 2));
  payload.remove_prefix(3);
  if (payload.starts_with('#') && payload.size() >= 6) payload.remove_prefix(6);
  error.text = payload;
  return error;
}

bool add_cells(Block& block, std::uint32_t offset, std::uint32_t payload_bytes,
               std::size_t columns) {
  const auto* const begin = bytes_of(block.text(Cell{offset, payload_bytes}));
  const auto* const end = begin + payload_bytes;
  const auto* at = begin;
  for (std::size_t i = 0; i < columns; ++i) {
    if (at != end && *at < null_mark) {  // nearly every value
      const std::uint32_t length = *at++;
      if (end - at < static_cast<std::ptrdiff_t>(length)) return false;
      block.add_cell({offset + static_cast<std::uint32_t>(at - begin), length});
      at += length;
      continue;
    }
    if (at != end && *at == null_mark) {
      block.add_cell({0, Cell::null_length});
      ++at;
      continue;
    }
    std::uint64_t length = 0;
    if (!take_length(at, end, length) || length > static_cast<std::uint64_t>(end - at))
      return false;
    block.add_cell(
        {offset + static_cast<std::uint32_t>(at - begin), static_cast<std::uint32_t>(length)});
    at += length;
  }
  return at == end;
}

}  // namespace tideway
