#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "binlog/event_header.h"
#include "binlog/gtid_set.h"
#include "binlog/rows_event.h"
#include "binlog/table_map.h"
#include "model/schema_change.h"

namespace tideway {

// Texts of events are views into the bytes the event was read from.

// How the events behind it are written: until the next one, in this file or another.
struct FormatDescription {
  std::uint16_t log_version = 0;
  std::string server_version;  // "8.0.15-log", "10.11.6-MariaDB-log"
  std::uint32_t created = 0;   // seconds since 1970; 0 but in a server's first file since its start
  bool has_checksums = false;
  std::array<std::uint8_t, 256> post_header = {};  // bytes, by event type; 0: not told
  bool is_mariadb() const { return server_version.find("MariaDB") != std::string::npos; }
  std::uint32_t version_number() const;  // 80015; 0: not to be told
};

struct Rotate {
  std::uint64_t position = 4;
  std::string_view file;  // that follows; in an artificial one that is being read
};

// Opens a transaction.
struct GtidEvent {
  bool is_anonymous = false;       // then there is no uuid and no number
  std::array<char, 16> uuid = {};  // to_uuid_text()
  std::uint64_t number = 0;
  bool may_have_statements = false;
  std::int64_t last_committed = 0, sequence_number = 0;           // 0: not told (5.6)
  std::uint64_t immediate_commit_us = 0, original_commit_us = 0;  // since 1970; 0: not told (5.7)
  std::uint64_t transaction_length = 0;  // bytes with this event; 0: not told (5.7)
  std::uint32_t immediate_server_version = 0, original_server_version = 0;  // 80015; 0: not told
  std::string source() const;                                               // as GtidSet names it
};

struct PreviousGtids {
  GtidSet set;
};

struct QueryEvent {
  std::uint32_t thread_id = 0;
  std::uint16_t error = 0;  // with which the statement ended where it was run
  SessionContext session;
  std::optional<std::uint64_t> ddl_xid;  // of an atomic DDL of 8.0, which is its own commit
  std::string_view statement;            // in the character set of session.client_collation
};

struct Xid {
  std::uint64_t number = 0;
};

struct XaPrepare {
  bool is_one_phase = false;  // it is the commit
  std::string xid;            // as XA statements of the log have it: X'6a',X'',1
};

// The source is alive and has sent all up to here. In no file.
struct Heartbeat {
  std::string_view file;
  std::uint64_t position = 0;
};

struct RowsQuery {
  std::string_view statement;  // that made the rows which follow
};

// Values a statement of the log was run with: there are such only where statements are logged.
struct StatementContext {};

struct Incident {
  std::uint16_t number = 0;
  std::string_view message;  // the log lacks something
};

struct Stop {};  // the server was shut down; nothing follows in the file

// Nothing that concerns rows: what says of itself that it may be ignored, and what group
// replication talks about.
struct Ignorable {};

using EventBody = std::variant<Ignorable, FormatDescription, Rotate, GtidEvent, PreviousGtids,
                               QueryEvent, Xid, XaPrepare, Heartbeat, RowsQuery, StatementContext,
                               Incident, Stop, TableMap, RowsEvent>;
struct Event {
  EventHeader header;
  EventBody body;
};

// Reads events one by one, in the order of a log: each FORMAT_DESCRIPTION says how what follows is
// written. A value; one thread.
class EventReader {
 public:
  // Whether events have checksums until a FORMAT_DESCRIPTION tells: the first of a stream, an
  // artificial ROTATE, comes before, and has what @master_binlog_checksum asked for.
  explicit EventReader(bool has_checksums) : has_checksums_(has_checksums) {}

  // `event` is one event, whole: what a file has or what a packet has behind its 0x00. The result
  // points into it. Fails with TW410 when it is damaged, TW409 naming the event when it is of a
  // type that is not decoded and may not be ignored.
  Result<Event> read(std::string_view event);

  const FormatDescription& format() const { return format_; }

 private:
  Result<EventBody> read_body(const EventHeader& header, std::string_view body);

  FormatDescription format_;
  bool has_checksums_;
};

}  // namespace tideway
