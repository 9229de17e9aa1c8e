#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/schema_change.h"
#include "sql/lexer.h"

namespace tideway {

// What a statement of a binlog is to who follows it.
enum class StatementKind : std::uint8_t {
  ddl,  // of databases, tables or views: parse_ddl() reads it
  begin,
  commit,
  rollback,
  savepoint,    // SAVEPOINT and RELEASE SAVEPOINT: nothing happens
  rollback_to,  // rows since the savepoint `name` did not happen, except in tables without
                // transactions
  xa_start,
  xa_end,
  xa_prepare,
  xa_commit,
  xa_rollback,
  dml,        // changes rows and is a statement: the source does not log rows
  unrelated,  // accounts, routines, triggers, events, temporary tables, FLUSH, ANALYZE, comments:
              // neither rows nor definitions of tables
  unknown,
};

// The name of an XA transaction.
struct XaName {
  std::string global, branch;  // bytes
  std::uint64_t format = 1;
  auto operator<=>(const XaName&) const = default;
};

struct BinlogStatement {
  StatementKind kind = StatementKind::unknown;
  // Its first words in upper case, for messages: INSERT, LOAD DATA, CREATE USER; empty for
  // comments.
  std::string what;
  std::string savepoint;      // of savepoint and rollback_to
  XaName xid;                 // of xa_…
  bool is_one_phase = false;  // XA COMMIT … ONE PHASE
};

// How the statements of a session are read: its quotes, its escapes, its server's version comments.
LexerOptions lexer_options(const SessionContext& session);

// Looks at the first tokens only, however long the statement is. Any bytes have a kind. Pure.
BinlogStatement classify_statement(std::string_view statement, const SessionContext& session);

}  // namespace tideway
