#include "binlog/event.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "binlog/event_bytes.h"
#include "binlog/query_event.h"

namespace tideway {
namespace {

constexpr std::size_t checksum_bytes = 4;

// Whether a server of this version says in its FORMAT_DESCRIPTION if events have checksums.
bool knows_checksums(const FormatDescription& format) {
  constexpr std::uint32_t first_mysql = 50601, first_mariadb = 50300;
  const std::uint32_t version = format.version_number();
  return version == 0 || version >= (format.is_mariadb() ? first_mariadb : first_mysql);
}

Result<FormatDescription> parse_format(const EventHeader& header, std::string_view body) {
  constexpr std::size_t version_bytes = 50;
  constexpr std::uint16_t known_log_version = 4;
  constexpr std::uint8_t crc32 = 1;
  EventBytes reader(body);
  FormatDescription format;
  format.log_version = reader.u16();
  const std::string_view version = reader.take(version_bytes);
  format.server_version = version.substr(0, version.find('\0'));
  format.created = reader.u32();
  const std::uint8_t header_bytes = reader.u8();
  if (reader.has_failed()) return fail(corrupt_event(header, "it ends too early"));
  if (format.log_version != known_log_version || header_bytes != EventHeader::bytes)
    return fail(Error(ErrorCode::not_supported, Side::source, Retry::never,
                      fmt::format("the log is of format {} with headers of {} bytes: servers since "
                                  "MySQL 5.0 write format 4 with 19",
                                  format.log_version, header_bytes)));
  std::string_view lengths = reader.rest();
  if (knows_checksums(format)) {
    if (lengths.size() <= checksum_bytes)
      return fail(corrupt_event(header, "it does not say whether there are checksums"));
    lengths.remove_suffix(checksum_bytes);
    const auto algorithm = static_cast<std::uint8_t>(lengths.back());
    if (algorithm > crc32)
      return fail(Error(ErrorCode::not_supported, Side::source, Retry::never,
                        fmt::format("the log has checksums of algorithm {}: CRC32, number 1, is "
                                    "what there is to this day",
                                    algorithm)));
    format.has_checksums = algorithm == crc32;
    lengths.remove_suffix(1);
  }
  for (std::size_t i = 0; i < lengths.size() && i + 1 < format.post_header.size(); ++i)
    format.post_header[i + 1] = static_cast<std::uint8_t>(lengths[i]);
  return format;
}

Rotate parse_rotate(EventBytes& reader) {
  Rotate rotate;
  rotate.position = reader.u64();
  rotate.file = reader.take(reader.rest().size());
  return rotate;
}

// Seconds part and fraction in 56 bits, of which the highest says that another follows.
constexpr std::uint64_t more_times = 1ULL << 55U;
constexpr std::uint32_t more_versions = 1U << 31U;

Result<GtidEvent> parse_gtid(const EventHeader& header, EventBytes& reader) {
  constexpr std::uint8_t logical_clock = 2;
  GtidEvent event;
  event.is_anonymous = header.type == EventType::anonymous_gtid;
  event.may_have_statements = (reader.u8() & 1U) != 0;
  const std::string_view uuid = reader.take(event.uuid.size());
  uuid.copy(event.uuid.data(), event.uuid.size());
  event.number = reader.u64();
  if (!reader.has_failed() && !event.is_anonymous &&
      (event.number == 0 || event.number > GtidSet::last_number))
    return fail(corrupt_event(header, fmt::format("it has the number {}", event.number)));
  if (reader.is_at_end() || reader.u8() != logical_clock) return event;
  event.last_committed = static_cast<std::int64_t>(reader.u64());
  event.sequence_number = static_cast<std::int64_t>(reader.u64());
  if (reader.is_at_end()) return event;
  event.immediate_commit_us = reader.number(7);
  event.original_commit_us = event.immediate_commit_us;
  if ((event.immediate_commit_us & more_times) != 0) {
    event.immediate_commit_us &= ~more_times;
    event.original_commit_us = reader.number(7);
  }
  if (reader.is_at_end()) return event;
  event.transaction_length = reader.length_encoded();
  if (reader.is_at_end()) return event;
  event.immediate_server_version = reader.u32();
  event.original_server_version = event.immediate_server_version;
  if ((event.immediate_server_version & more_versions) != 0) {
    event.immediate_server_version &= ~more_versions;
    event.original_server_version = reader.u32();
  }
  return event;
}

Result<XaPrepare> parse_xa_prepare(const EventHeader& header, EventBytes& reader) {
  constexpr std::uint32_t longest_part = 64;
  XaPrepare event;
  event.is_one_phase = reader.u8() != 0;
  const std::uint32_t format_id = reader.u32();
  const std::uint32_t global_bytes = reader.u32(), branch_bytes = reader.u32();
  if (global_bytes > longest_part || branch_bytes > longest_part)
    return fail(corrupt_event(header, "its xid has parts of more than 64 bytes"));
  const std::string_view global = reader.take(global_bytes), branch = reader.take(branch_bytes);
  event.xid = fmt::format("X'{}',X'{}',{}", to_hex(global), to_hex(branch), format_id);
  return event;
}

Heartbeat parse_heartbeat(const EventHeader& header, EventBytes& reader) {
  enum class Field : std::uint8_t { end = 0, file = 1, position = 2 };
  Heartbeat event;
  event.position = header.log_pos;
  if (header.type == EventType::heartbeat) {
    event.file = reader.take(reader.rest().size());
    return event;
  }
  while (!reader.is_at_end()) {
    const auto type = static_cast<Field>(reader.u8());
    if (type == Field::end) break;
    EventBytes field(reader.packed_text());
    if (type == Field::file) event.file = field.take(field.rest().size());
    if (type == Field::position) event.position = field.length_encoded();
    if (field.has_failed()) reader.take(reader.rest().size() + 1);  // remembered as a failure
  }
  return event;
}

Incident parse_incident(EventBytes& reader) {
  Incident event;
  event.number = reader.u16();
  event.message = reader.short_text();
  return event;
}

RowsQuery parse_rows_query(EventBytes& reader) {
  reader.u8();  // a length that is too short for most statements: servers ignore it
  return {reader.take(reader.rest().size())};
}

Error not_decoded(EventType type) {
  return {ErrorCode::log_event_unknown, Side::source, Retry::never,
          fmt::format("the log has a {} event (type {}), which this version does not decode",
                      to_text(type), static_cast<unsigned>(type))};
}

}  // namespace

std::uint32_t FormatDescription::version_number() const {
  std::string_view text = server_version;
  // MariaDB 10 and later stand behind a 5.5.5 for replicas that know no two digits.
  constexpr std::string_view mariadb_prefix = "5.5.5-";
  if (is_mariadb() && text.starts_with(mariadb_prefix)) text.remove_prefix(mariadb_prefix.size());
  std::uint32_t number = 0;
  for (int part = 0; part < 3; ++part) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Others write their own name where the third number is: "8.0.mysql_aurora.3.04.0".
    if (error != std::errc() && part == 2) return number * 100;
    if (error != std::errc() || value > 99) return 0;
    number = number * 100 + value;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (part < 2 && !text.starts_with('.')) return 0;
    if (part < 2) text.remove_prefix(1);
  }
  return number;
}

std::string GtidEvent::source() const { return to_uuid_text({uuid.data(), uuid.size()}); }

Result<Event> EventReader::read(std::string_view event) {
  const EventHeader header = TRY(parse_event_header(event));
  std::string_view body = event.substr(EventHeader::bytes);
  if (header.type == EventType::format_description) {
    // It says itself whether it has a checksum, and has room for one even if not.
    FormatDescription format = TRY(parse_format(header, body));
    if (format.has_checksums && !is_checksum_right(header, event))
      return fail(corrupt_event(header, "its checksum is wrong"));
    format_ = format;
    has_checksums_ = format_.has_checksums;
    return Event{header, std::move(format)};
  }
  if (has_checksums_) {
    if (!is_checksum_right(header, event))
      return fail(corrupt_event(header, "its checksum is wrong"));
    body.remove_suffix(checksum_bytes);
  }
  return Event{header, TRY(read_body(header, body))};
}

Result<EventBody> EventReader::read_body(const EventHeader& header, std::string_view body) {
  const std::uint8_t post_header = format_.post_header[static_cast<std::size_t>(header.type)];
  EventBytes reader(body);
  EventBody read;
  switch (header.type) {
    case EventType::table_map:
      return TRY(parse_table_map(header, body, post_header));
    case EventType::write_rows_v1:
    case EventType::update_rows_v1:
    case EventType::delete_rows_v1:
    case EventType::write_rows:
    case EventType::update_rows:
    case EventType::delete_rows:
      return TRY(parse_rows_event(header, body, post_header));
    case EventType::query:
      return TRY(parse_query_event(header, body));
    case EventType::xid:
      read = Xid{reader.u64()};
      break;
    case EventType::gtid:
    case EventType::anonymous_gtid:
      read = TRY(parse_gtid(header, reader));
      break;
    case EventType::rotate:
      read = parse_rotate(reader);
      break;
    case EventType::previous_gtids:
      return PreviousGtids{TRY(GtidSet::decode(body))};
    case EventType::xa_prepare:
      read = TRY(parse_xa_prepare(header, reader));
      break;
    case EventType::heartbeat:
    case EventType::heartbeat_v2:
      read = parse_heartbeat(header, reader);
      break;
    case EventType::rows_query:
      read = parse_rows_query(reader);
      break;
    case EventType::incident:
      read = parse_incident(reader);
      break;
    case EventType::intvar:
    case EventType::rand:
    case EventType::user_var:
      return StatementContext{};
    case EventType::stop:
      return Stop{};
    case EventType::ignorable:
    case EventType::transaction_context:
    case EventType::view_change:
      return Ignorable{};
    default:
      if ((header.flags & EventHeader::ignorable_flag) != 0) return Ignorable{};
      return fail(not_decoded(header.type));
  }
  if (reader.has_failed()) return fail(corrupt_event(header, "it ends too early"));
  return read;
}

}  // namespace tideway
