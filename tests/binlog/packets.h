#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "binlog/event_bytes.h"
#include "binlog/event_header.h"

namespace tideway {

// Bytes of events, part by part: Bytes().u8(1).u16(2).text("abc").
class Bytes {
 public:
  Bytes& number(std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      bytes_ += static_cast<char>(value & 0xFFU);
      value >>= 8U;
    }
    return *this;
  }
  Bytes& u8(std::uint64_t value) { return number(value, 1); }
  Bytes& u16(std::uint64_t value) { return number(value, 2); }
  Bytes& u32(std::uint64_t value) { return number(value, 4); }
  Bytes& u48(std::uint64_t value) { return number(value, 6); }
  Bytes& u64(std::uint64_t value) { return number(value, 8); }
  Bytes& text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  Bytes& short_text(std::string_view text) { return u8(text.size()).text_of(text); }
  operator std::string_view() const { return bytes_; }  // NOLINT: reads as the bytes it is
  const std::string& bytes() const { return bytes_; }

 private:
  Bytes& text_of(std::string_view added) { return text(added); }
  std::string bytes_;
};

// A whole event with this body; its header says 42 seconds, server 7, position 1000.
inline std::string event_of(EventType type, std::string_view body, std::uint16_t flags = 0) {
  return Bytes()
      .u32(42)
      .u8(static_cast<std::uint8_t>(type))
      .u32(7)
      .u32(EventHeader::bytes + body.size())
      .u32(1000)
      .u16(flags)
      .text(body)
      .bytes();
}

// What a server of this version says of the events behind it.
inline std::string format_of(std::string_view version, int checksum_algorithm) {
  std::string name(version);
  name.resize(50);
  std::string lengths(42,
                      '\x08');  // of types 1 to 42; rows of version 2 have ten, most others eight
  for (const std::size_t type : {30U, 31U, 32U, 39U}) lengths[type - 1] = 10;
  return event_of(EventType::format_description,
                  Bytes()
                      .u16(4)
                      .text(name)
                      .u32(0)
                      .u8(EventHeader::bytes)
                      .text(lengths)
                      .u8(static_cast<std::uint64_t>(checksum_algorithm))
                      .u32(0));
}

}  // namespace tideway
