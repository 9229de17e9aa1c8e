#include "binlog/event_header.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>

#include "binlog/event_bytes.h"

namespace tideway {
namespace {

constexpr std::size_t checksum_bytes = 4;

struct TypeName {
  EventType type;
  std::string_view name;
};
constexpr std::array type_names = {
    TypeName{EventType::unknown, "UNKNOWN"},
    TypeName{EventType::query, "QUERY"},
    TypeName{EventType::stop, "STOP"},
    TypeName{EventType::rotate, "ROTATE"},
    TypeName{EventType::intvar, "INTVAR"},
    TypeName{EventType::rand, "RAND"},
    TypeName{EventType::user_var, "USER_VAR"},
    TypeName{EventType::format_description, "FORMAT_DESCRIPTION"},
    TypeName{EventType::xid, "XID"},
    TypeName{EventType::begin_load_query, "BEGIN_LOAD_QUERY"},
    TypeName{EventType::execute_load_query, "EXECUTE_LOAD_QUERY"},
    TypeName{EventType::table_map, "TABLE_MAP"},
    TypeName{EventType::write_rows_v0, "WRITE_ROWS_V0"},
    TypeName{EventType::update_rows_v0, "UPDATE_ROWS_V0"},
    TypeName{EventType::delete_rows_v0, "DELETE_ROWS_V0"},
    TypeName{EventType::write_rows_v1, "WRITE_ROWS_V1"},
    TypeName{EventType::update_rows_v1, "UPDATE_ROWS_V1"},
    TypeName{EventType::delete_rows_v1, "DELETE_ROWS_V1"},
    TypeName{EventType::incident, "INCIDENT"},
    TypeName{EventType::heartbeat, "HEARTBEAT"},
    TypeName{EventType::ignorable, "IGNORABLE"},
    TypeName{EventType::rows_query, "ROWS_QUERY"},
    TypeName{EventType::write_rows, "WRITE_ROWS"},
    TypeName{EventType::update_rows, "UPDATE_ROWS"},
    TypeName{EventType::delete_rows, "DELETE_ROWS"},
    TypeName{EventType::gtid, "GTID"},
    TypeName{EventType::anonymous_gtid, "ANONYMOUS_GTID"},
    TypeName{EventType::previous_gtids, "PREVIOUS_GTIDS"},
    TypeName{EventType::transaction_context, "TRANSACTION_CONTEXT"},
    TypeName{EventType::view_change, "VIEW_CHANGE"},
    TypeName{EventType::xa_prepare, "XA_PREPARE"},
    TypeName{EventType::partial_update_rows, "PARTIAL_UPDATE_ROWS"},
    TypeName{EventType::transaction_payload, "TRANSACTION_PAYLOAD"},
    TypeName{EventType::heartbeat_v2, "HEARTBEAT_V2"},
    TypeName{EventType::gtid_tagged, "GTID_TAGGED"},
    TypeName{EventType::mariadb_annotate_rows, "ANNOTATE_ROWS"},
    TypeName{EventType::mariadb_binlog_checkpoint, "BINLOG_CHECKPOINT"},
    TypeName{EventType::mariadb_gtid, "MariaDB GTID"},
    TypeName{EventType::mariadb_gtid_list, "GTID_LIST"},
    TypeName{EventType::mariadb_start_encryption, "START_ENCRYPTION"},
    TypeName{EventType::mariadb_query_compressed, "QUERY_COMPRESSED"},
    TypeName{EventType::mariadb_write_rows_compressed_v1, "WRITE_ROWS_COMPRESSED_V1"},
    TypeName{EventType::mariadb_update_rows_compressed_v1, "UPDATE_ROWS_COMPRESSED_V1"},
    TypeName{EventType::mariadb_delete_rows_compressed_v1, "DELETE_ROWS_COMPRESSED_V1"},
    TypeName{EventType::mariadb_write_rows_compressed, "WRITE_ROWS_COMPRESSED"},
    TypeName{EventType::mariadb_update_rows_compressed, "UPDATE_ROWS_COMPRESSED"},
    TypeName{EventType::mariadb_delete_rows_compressed, "DELETE_ROWS_COMPRESSED"},
};

}  // namespace

std::string to_text(EventType type) {
  const auto* const found = std::ranges::find(type_names, type, &TypeName::type);
  return found == type_names.end() ? fmt::format("event {}", static_cast<unsigned>(type))
                                   : std::string(found->name);
}

Result<EventHeader> parse_event_header(std::string_view event) {
  EventBytes reader(event);
  EventHeader header;
  header.timestamp = reader.u32();
  header.type = static_cast<EventType>(reader.u8());
  header.server_id = reader.u32();
  header.event_size = reader.u32();
  header.log_pos = reader.u32();
  header.flags = reader.u16();
  if (reader.has_failed()) return fail(corrupt_event(header, "it is shorter than its header"));
  if (header.event_size != event.size())
    return fail(corrupt_event(header, fmt::format("it says it has {} bytes and has {}",
                                                  header.event_size, event.size())));
  return header;
}

bool is_checksum_right(const EventHeader& header, std::string_view event) {
  constexpr std::size_t flags_at = EventHeader::bytes - 2;
  if (event.size() < EventHeader::bytes + checksum_bytes) return false;
  const std::string_view summed = event.substr(0, event.size() - checksum_bytes);
  EventBytes stored(event.substr(summed.size()));
  std::uint32_t sum = 0;
  if (header.type == EventType::format_description &&
      (header.flags & EventHeader::in_use_flag) != 0) {
    const auto flags = static_cast<unsigned char>(event[flags_at] & ~EventHeader::in_use_flag);
    sum = libdeflate_crc32(0, summed.data(), flags_at);
    sum = libdeflate_crc32(sum, &flags, 1);
    sum = libdeflate_crc32(sum, summed.data() + flags_at + 1, summed.size() - flags_at - 1);
  } else {
    sum = libdeflate_crc32(0, summed.data(), summed.size());
  }
  return sum == stored.u32();
}

Error corrupt_event(const EventHeader& header, std::string_view what) {
  return {ErrorCode::log_corrupt, Side::source, Retry::new_session,
          fmt::format("a {} event of {} bytes cannot be read: {}", to_text(header.type),
                      header.event_size, what)};
}

}  // namespace tideway
