#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/table_id.h"
#include "snapshot/cascades.h"
#include "snapshot/gtid_set.h"
#include "snapshot/log_position.h"

namespace tideway {

// One row of SHOW BINLOG EVENTS.
struct LogEvent {
  LogPosition position;  // where it begins
  std::uint64_t end = 0;
  std::string type, info;
};

// Tables as a stretch of the log names them: single ones, whole databases, or all, when an event
// leaves it open. Names are compared as the server compares them.
class TableNames {
 public:
  void add(TableId table) { tables_.insert(std::move(table)); }
  void add_database(std::string database) { databases_.insert(std::move(database)); }
  void add_all(std::string reason);
  void add(const TableNames& other);
  bool contains(const TableId& table) const;
  bool is_empty() const { return tables_.empty() && databases_.empty() && !is_all(); }
  bool is_all() const { return !all_because_.empty(); }
  const std::string& all_because() const { return all_because_; }  // empty: not all
  const std::set<TableId>& tables() const { return tables_; }

 private:
  std::set<TableId> tables_;
  std::set<std::string, std::less<>> databases_;
  std::string all_because_;
};

// What a stretch of the log did. A table is touched when rows of it may have changed, redefined
// when its definition may have; what is redefined is touched too.
struct Touches {
  TableNames touched, redefined;
  GtidSet gtids;  // of its transactions
  std::uint64_t transactions = 0;

  bool is_touched(const TableId& table) const { return touched.contains(table); }
  bool is_redefined(const TableId& table) const { return redefined.contains(table); }
  // Adds what the server changed below the log because of what is touched.
  void spread(const Cascades& cascades);
};

// Makes Touches of events given in log order. Pure; one thread. When in doubt everything is
// touched:
//  * statements other than transaction control and the DDL it knows (statement or mixed format)
//  * an XA COMMIT whose XA PREPARE it has not been given
//  * events it does not know, incidents, and compressed transactions shown without their content
// A row event names its table as `(db.t)`, unquoted: each way to split at a dot counts.
class LogReader {
 public:
  // `fold_case`: the server compares names in lower case (lower_case_table_names is not 0).
  explicit LogReader(bool fold_case = false) : fold_case_(fold_case) {}

  // The transaction that an event belongs to, as far as events were given. Call for every event.
  // What it touches is added to every element of `into`.
  void add(const LogEvent& event, const std::vector<Touches*>& into);

  // What the next event belongs to: of a transaction's first event, its GTID if it has one.
  struct Gtid {
    std::string source;
    std::uint64_t number = 0;
  };
  static std::optional<Gtid> gtid_of(const LogEvent& event);
  // Whether the event is the first one of a transaction, or stands between transactions.
  bool is_boundary(const LogEvent& event) const;

 private:
  void add_statement(std::string_view info, const std::vector<Touches*>& into);
  void add_table_map(std::string_view info, const std::vector<Touches*>& into);
  void touch(const TableNames& names, const std::vector<Touches*>& into);
  void touch_all(std::string reason, const std::vector<Touches*>& into);
  void end_transaction(const std::vector<Touches*>& into);
  std::string folded(std::string_view name) const;

  const bool fold_case_;
  bool in_transaction_ = false;
  bool is_opaque_ = false;  // compressed, and nothing of its content was shown yet
  std::string xa_;          // the xid of the XA branch being read
  TableNames xa_tables_;
  std::unordered_map<std::string, TableNames> prepared_;
};

// The tables that a DDL statement redefines, read by its first words; all, when it is not one of
// those known to leave the rest alone. `database` is the session's. Accounts, views, routines,
// triggers and events redefine nothing.
TableNames tables_of_statement(std::string_view statement, std::string_view database);

}  // namespace tideway
