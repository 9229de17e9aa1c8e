#include "binlog/query_event.h"

#include "binlog/event_bytes.h"

namespace tideway {
namespace {

enum class Variable : std::uint8_t {
  flags2 = 0,
  sql_mode = 1,
  catalog = 2,
  auto_increment = 3,
  charset = 4,
  time_zone = 5,
  catalog_nz = 6,
  lc_time_names = 7,
  database_collation = 8,
  table_map_for_update = 9,
  master_data_written = 10,
  invoker = 11,
  updated_databases = 12,
  microseconds = 13,
  commit_ts = 14,
  commit_ts2 = 15,
  explicit_defaults_for_timestamp = 16,
  ddl_xid = 17,
  utf8mb4_collation = 18,
  sql_require_primary_key = 19,
  default_table_encryption = 20,
};

constexpr std::uint32_t no_foreign_key_checks = 0x4000000, relaxed_unique_checks = 0x8000000;

void skip_updated_databases(EventBytes& reader) {
  constexpr std::uint8_t too_many = 254;  // to be named
  std::uint8_t count = reader.u8();
  if (count == too_many) count = 0;
  for (; count > 0 && !reader.has_failed(); --count) {
    while (!reader.has_failed() && reader.u8() != 0) {
    }
  }
}

// False: a variable this does not know.
bool read_variable(QueryEvent& event, EventBytes& reader) {
  SessionContext& session = event.session;
  switch (static_cast<Variable>(reader.u8())) {
    case Variable::flags2: {
      const std::uint32_t flags = reader.u32();
      session.foreign_key_checks = (flags & no_foreign_key_checks) == 0;
      session.unique_checks = (flags & relaxed_unique_checks) == 0;
      return true;
    }
    case Variable::sql_mode:
      session.sql_mode = reader.u64();
      return true;
    case Variable::catalog:
      reader.short_text();
      reader.u8();
      return true;
    case Variable::charset:
      session.client_collation = reader.u16();
      session.connection_collation = reader.u16();
      session.server_collation = reader.u16();
      return true;
    case Variable::time_zone:
      session.time_zone = reader.short_text();
      return true;
    case Variable::catalog_nz:
      reader.short_text();
      return true;
    case Variable::lc_time_names:
    case Variable::database_collation:
      reader.u16();
      return true;
    case Variable::auto_increment:
    case Variable::master_data_written:
      reader.u32();
      return true;
    case Variable::table_map_for_update:
      reader.u64();
      return true;
    case Variable::invoker:
      reader.short_text();
      reader.short_text();
      return true;
    case Variable::updated_databases:
      skip_updated_databases(reader);
      return true;
    case Variable::microseconds:
      session.timestamp_us += static_cast<std::int64_t>(reader.number(3));
      return true;
    case Variable::commit_ts:
    case Variable::commit_ts2:
      return true;
    case Variable::explicit_defaults_for_timestamp:
      session.explicit_defaults_for_timestamp = reader.u8() != 0;
      return true;
    case Variable::ddl_xid:
      event.ddl_xid = reader.u64();
      return true;
    case Variable::utf8mb4_collation:
      session.utf8mb4_collation = reader.u16();
      return true;
    case Variable::sql_require_primary_key:
    case Variable::default_table_encryption:
      reader.u8();
      return true;
  }
  return false;
}

}  // namespace

Result<QueryEvent> parse_query_event(const EventHeader& header, std::string_view body) {
  constexpr std::int64_t us = 1000000;
  EventBytes reader(body);
  QueryEvent event;
  event.session.timestamp_us = header.timestamp * us;
  event.thread_id = reader.u32();
  reader.u32();  // seconds it took
  const std::uint8_t database_bytes = reader.u8();
  event.error = reader.u16();
  EventBytes variables(reader.take(reader.u16()));
  while (!variables.is_at_end() && read_variable(event, variables)) {
  }
  event.session.database = reader.take(database_bytes);
  reader.u8();
  event.statement = reader.rest();
  if (reader.has_failed() || variables.has_failed())
    return fail(corrupt_event(header, "it ends before its statement"));
  return event;
}

}  // namespace tideway
