#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tideway {

// What an event of the log is. Numbers are the log's own; those that nobody sends any more have no
// name here.
enum class EventType : std::uint8_t {
  unknown = 0,
  query = 2,
  stop = 3,
  rotate = 4,
  intvar = 5,
  rand = 13,
  user_var = 14,
  format_description = 15,
  xid = 16,
  begin_load_query = 17,
  execute_load_query = 18,
  table_map = 19,
  write_rows_v0 = 20,
  update_rows_v0 = 21,
  delete_rows_v0 = 22,
  write_rows_v1 = 23,
  update_rows_v1 = 24,
  delete_rows_v1 = 25,
  incident = 26,
  heartbeat = 27,
  ignorable = 28,
  rows_query = 29,
  write_rows = 30,
  update_rows = 31,
  delete_rows = 32,
  gtid = 33,
  anonymous_gtid = 34,
  previous_gtids = 35,
  transaction_context = 36,
  view_change = 37,
  xa_prepare = 38,
  partial_update_rows = 39,
  transaction_payload = 40,
  heartbeat_v2 = 41,
  gtid_tagged = 42,
  mariadb_annotate_rows = 160,
  mariadb_binlog_checkpoint = 161,
  mariadb_gtid = 162,
  mariadb_gtid_list = 163,
  mariadb_start_encryption = 164,
  mariadb_query_compressed = 165,
  mariadb_write_rows_compressed_v1 = 166,
  mariadb_update_rows_compressed_v1 = 167,
  mariadb_delete_rows_compressed_v1 = 168,
  mariadb_write_rows_compressed = 169,
  mariadb_update_rows_compressed = 170,
  mariadb_delete_rows_compressed = 171,
};
// "WRITE_ROWS", as servers and their manuals call it; "event 99" for a number without a name.
std::string to_text(EventType type);

// The first 19 bytes of an event.
struct EventHeader {
  static constexpr std::size_t bytes = 19;
  static constexpr std::uint16_t in_use_flag = 0x01;  // of a FORMAT_DESCRIPTION: the file is open
  static constexpr std::uint16_t artificial_flag = 0x20;  // made for the stream, in no file
  static constexpr std::uint16_t ignorable_flag = 0x80;

  std::uint32_t timestamp = 0;  // seconds since 1970; 0 in artificial events
  EventType type = EventType::unknown;
  std::uint32_t server_id = 0;
  std::uint32_t event_size = 0;  // with header and checksum
  // Where the event ends in its file, modulo 2^32: the log_pos of whatever follows a byte beyond
  // 4 GiB is small again. 0 in artificial events.
  std::uint32_t log_pos = 0;
  std::uint16_t flags = 0;

  bool is_artificial() const { return (flags & artificial_flag) != 0; }
};

// Fails unless `event` is as long as its header says: an event is given whole.
Result<EventHeader> parse_event_header(std::string_view event);

// Whether the last four bytes are the CRC-32 of those before. A file that is being written is
// marked in its FORMAT_DESCRIPTION after that was summed, so the mark is left out there.
bool is_checksum_right(const EventHeader& header, std::string_view event);

// TW410: the bytes are not what an event of this type is made of.
Error corrupt_event(const EventHeader& header, std::string_view what);

}  // namespace tideway
