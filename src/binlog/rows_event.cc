#include "binlog/rows_event.h"

#include "binlog/event_bytes.h"

namespace tideway {
namespace {

constexpr std::uint16_t statement_end = 1, no_foreign_key_checks = 2, relaxed_unique_checks = 4;

ChangeKind kind_of(EventType type) {
  switch (type) {
    case EventType::update_rows:
    case EventType::update_rows_v1:
      return ChangeKind::update;
    case EventType::delete_rows:
    case EventType::delete_rows_v1:
      return ChangeKind::remove;
    default:
      return ChangeKind::insert;
  }
}

}  // namespace

Result<RowsEvent> parse_rows_event(const EventHeader& header, std::string_view body,
                                   std::uint8_t post_header) {
  constexpr std::uint8_t short_number = 6;
  EventBytes reader(body);
  RowsEvent event;
  event.kind = kind_of(header.type);
  event.table_id = reader.number(post_header == short_number ? 4 : 6);
  const std::uint16_t flags = reader.u16();
  event.ends_statement = (flags & statement_end) != 0;
  event.foreign_key_checks = (flags & no_foreign_key_checks) == 0;
  event.unique_checks = (flags & relaxed_unique_checks) == 0;
  if (header.type >= EventType::write_rows) {  // version 2: extra data, its length included
    const std::uint16_t extra = reader.u16();
    if (extra < 2) return fail(corrupt_event(header, "its extra data is shorter than its length"));
    reader.take(extra - 2U);  // partitions, NDB: nothing of the rows
  }
  event.column_count = reader.length_encoded();
  const std::uint64_t bitmap = event.column_count / 8 + (event.column_count % 8 != 0 ? 1 : 0);
  if (event.kind != ChangeKind::insert) event.before_columns = reader.take(bitmap);
  if (event.kind != ChangeKind::remove) event.after_columns = reader.take(bitmap);
  event.rows = reader.rest();
  if (reader.has_failed()) return fail(corrupt_event(header, "it ends before its rows"));
  return event;
}

}  // namespace tideway
