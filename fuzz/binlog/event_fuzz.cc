// Any bytes as an event: the first is its type, the second its flags, the rest its body. It is read
// or the error is one of a damaged or unknown event; what was read lies in the bytes given.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "binlog/event.h"

namespace {

std::string with_header(std::uint8_t type, std::uint8_t flags, std::string_view body) {
  std::string event(tideway::EventHeader::bytes, '\0');
  const std::size_t size = event.size() + body.size();
  event[4] = static_cast<char>(type);
  for (std::size_t i = 0; i < 4; ++i) event[9 + i] = static_cast<char>(size >> 8 * i & 0xFFU);
  event[17] = static_cast<char>(flags);
  return event.append(body);
}

std::string format_event() {
  std::string body("\x04\x00", 2);
  body += "8.0.30";
  body.resize(2 + 50 + 4, '\0');
  body += static_cast<char>(tideway::EventHeader::bytes);
  body.append(42, '\x08');
  body.append(5, '\0');
  return with_header(static_cast<std::uint8_t>(tideway::EventType::format_description), 0, body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  tideway::EventReader reader(false);
  CHECK(reader.read(format_event()));
  const std::string event =
      with_header(data[0], data[1], {reinterpret_cast<const char*>(data + 2), size - 2});
  const std::vector<char> exact(event.begin(), event.end());  // where what is read beyond is seen
  const std::string_view bytes(exact.data(), exact.size());
  static_cast<void>(tideway::parse_event_header({reinterpret_cast<const char*>(data), size}));
  const auto read = reader.read(bytes);
  if (!read) {
    CHECK(read.error().code() == tideway::ErrorCode::log_corrupt ||
          read.error().code() == tideway::ErrorCode::log_event_unknown ||
          read.error().code() == tideway::ErrorCode::not_supported ||
          read.error().code() == tideway::ErrorCode::unexpected_answer);
    return 0;
  }
  if (const auto* map = std::get_if<tideway::TableMap>(&read->body)) {
    if (const auto columns = columns_of(*map)) CHECK(columns->size() == map->column_count);
  }
  if (const auto* rows = std::get_if<tideway::RowsEvent>(&read->body))
    CHECK(rows->rows.data() + rows->rows.size() == bytes.data() + bytes.size());
  return 0;
}
