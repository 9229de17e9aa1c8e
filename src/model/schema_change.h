#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/table_def.h"
#include "model/table_id.h"

namespace tideway {

// What of a source session's settings a statement of the log means something under. Numbers are
// the server's own: sql_mode and collations as the log has them.
struct SessionContext {
  std::uint64_t sql_mode = 0;
  std::string database;  // the default one; empty: none
  std::uint16_t client_collation = 0, connection_collation = 0,
                server_collation = 0;              // 0: not told
  std::optional<std::uint16_t> utf8mb4_collation;  // default_collation_for_utf8mb4
  std::string time_zone;                           // "SYSTEM", "+08:00", a name; empty: not told
  std::int64_t timestamp_us = 0;                   // what NOW() was, microseconds since 1970 UTC
  std::optional<bool> explicit_defaults_for_timestamp;
  bool foreign_key_checks = true, unique_checks = true;
  // Of the source: 80015, MariaDB from 100000 on. Decides which version comments of a statement it
  // ran. 0: not told, all.
  std::uint32_t server_version = 0;
};

// One table before and after a statement. A table that was made has no `before`, one that is gone
// no `after`, a renamed one both under different names.
struct TableChange {
  TablePtr before, after;
  const TableId& id() const { return after ? after->id : before->id; }
};

enum class SchemaChangeKind : std::uint8_t {
  create_database,
  alter_database,
  drop_database,
  create_table,  // LIKE and SELECT too
  alter_table,   // CREATE INDEX and DROP INDEX too; a table that is renamed on the way too
  rename_tables,
  drop_tables,
  truncate_table,
  other,  // views and whatever else the target is to be told
};

// A statement of the log that changes definitions. A unit of its own: a UnitEnd follows it.
// Immutable; shared by whoever still needs it.
struct SchemaChange {
  SchemaChangeKind kind = SchemaChangeKind::other;
  std::string statement;  // UTF-8, as the source ran it
  SessionContext session;
  std::string database;  // of the …_database kinds
  // The tables it changes, in the statement's order; dropping a database names all that are known
  // in it. Definitions are the source's, names too.
  std::vector<TableChange> tables;
  // Tables it only reads or refers to: what CREATE TABLE … LIKE copies, foreign keys.
  std::vector<TableId> referenced;
};

}  // namespace tideway
