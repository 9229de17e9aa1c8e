#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "binlog/log_position.h"
#include "model/table_def.h"
#include "model/table_filter.h"
#include "mysql/session.h"
#include "snapshot/cascades.h"

namespace tideway {

struct ListedDatabase {
  std::string name, create_text;  // SHOW CREATE DATABASE
  std::string charset, collation;
};

struct ListedTable {
  TablePtr def;
  std::uint64_t rows = 0, bytes = 0;          // the server's estimates
  bool is_transactional = true;               // its engine takes part in a snapshot
  std::optional<LogPosition> listed_at = {};  // where it was listed later than the others
  const TableId& id() const { return def->id; }
};

struct ListedView {
  TableId id;
  std::string create_text;  // SHOW CREATE VIEW
  std::string character_set_client, collation_connection;
  std::vector<std::string> columns;
};

// An object that was seen and cannot be used: why.
struct UnreadableObject {
  TableId id;
  Error error;
};

// What the filter selects on a source, in name order. A value; it describes the server at the
// moment of listing: what happens to a definition later is found in the log behind `listed_at`.
struct ObjectList {
  std::vector<ListedDatabase>
      databases;  // those that the filter wants or that have a table or view
  std::vector<ListedTable> tables;
  std::vector<ListedView> views;
  std::vector<TableId> gone;                 // were dropped between two looks
  std::vector<UnreadableObject> unreadable;  // views whose definition is broken or forbidden
  // Not carried over by any job, counted and named. Of selected databases, but accounts are the
  // server's.
  struct NotCarried {
    std::vector<TableId> triggers, events, procedures, functions, sequences;
    std::vector<std::string>
        accounts;  // 'user'@'host', as far as they may be seen; their grants too
  } not_carried;
  Cascades cascades;
  std::optional<LogPosition>
      listed_at;             // not after any definition here was read; nullopt: no log, or no right
  bool folds_names = false;  // the server compares names in lower case

  const ListedTable* find(const TableId& id) const;
};

struct ListOptions {
  bool with_views = true;
  bool with_not_carried = true;
  std::size_t sessions = 4;              // for very many tables: the one given, and others like it
  std::size_t statements_at_once = 128;  // of a session, on the wire before answers are read
};

// TW105: the filter leaves neither table nor view. TW500: a definition cannot be parsed. A table
// that disappears meanwhile is in `gone`. Sets information_schema_stats_expiry on the session.
Result<ObjectList> list_objects(Session& session, const TableFilter& filter,
                                const ListOptions& options, const std::stop_token& stop);

}  // namespace tideway
