#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/block.h"

namespace tideway {

// The packets behind the column definitions of a text result. Format: docs of the MySQL protocol,
// "Text Resultset". Pure.
//
//   header: payload length 3 bytes little-endian, sequence number 1 byte; a payload of 0xFFFFFF
//   goes on in the next packet row:    column values, each a length and its bytes; a length is 1
//   byte below 0xFB, 0xFB for NULL, or 0xFC, 0xFD, 0xFE
//           and 2, 3, 8 bytes
//   end:    0xFE warnings 2, status 2; or, where CLIENT_DEPRECATE_EOF was agreed, an OK packet with
//   the head 0xFE error:  0xFF number 2, '#' and state 5, text
constexpr std::uint32_t packet_header_bytes = 4, packet_bytes_max = 0xFFFFFF;

struct PacketHeader {
  std::uint32_t payload_bytes = 0;
  std::uint8_t sequence = 0;
};
PacketHeader parse_header(const char* four_bytes);

struct ResultEnd {
  std::uint16_t status = 0, warnings = 0;
};
// nullopt: malformed.
std::optional<ResultEnd> parse_end(std::string_view payload, bool deprecates_eof);

struct ErrorPacket {
  std::uint32_t number = 0;
  std::string text;
};
std::optional<ErrorPacket> parse_error(std::string_view payload);

// What a whole packet is, by its first byte and its length: a row may begin with 0xFE, when its
// first value is 16 MiB or more.
enum class PacketKind : std::uint8_t { row, end, error };
PacketKind kind_of(std::uint8_t first_byte, std::uint32_t payload_bytes);

// Adds the cells of a row whose payload lies in the block at `offset`. False: malformed; cells may
// have been added then.
bool add_cells(Block& block, std::uint32_t offset, std::uint32_t payload_bytes,
               std::size_t columns);

}  // namespace tideway
