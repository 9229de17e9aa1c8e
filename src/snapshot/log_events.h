#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "binlog/gtid_set.h"
#include "binlog/log_position.h"
#include "model/table_id.h"
#include "snapshot/cascades.h"

namespace tideway {

// One row of SHOW BINLOG EVENTS.
struct LogEvent {
  LogPosition position;  // where it begins
  std::uint64_t end = 0;
  std::string type, info;
};

// Tables as a stretch of the log names them: single ones, whole databases, or all, when an event
// leaves it open. With `fold_case` names are the same in any case, as on a server whose
// lower_case_table_names is not 0.
class TableNames {
 public:
  explicit TableNames(bool fold_case = false) : fold_case_(fold_case) {}
  void add(const TableId& table);
  void add_database(std::string_view database);
  void add_all(std::string_view reason);
  void add(const TableNames& other);
  bool contains(const TableId& table) const;
  bool contains_database(std::string_view database) const;  // the whole of it
  bool is_empty() const { return tables_.empty() && databases_.empty() && !is_all(); }
  bool is_all() const { return !all_because_.empty(); }
  const std::string& all_because() const { return all_because_; }  // empty: not all
  const std::set<TableId>& tables() const { return tables_; }      // folded

 private:
  bool fold_case_;
  std::set<TableId> tables_;
  std::set<std::string, std::less<>> databases_;
  std::string all_because_;
};

// What a stretch of the log did. A table is touched when rows of it may have changed, redefined
// when its definition may have; what is redefined is touched too.
struct Touches {
  explicit Touches(bool fold_case = false) : touched(fold_case), redefined(fold_case) {}
  TableNames touched, redefined;
  GtidSet gtids;  // of its transactions
  std::uint64_t transactions = 0;
  // An XA COMMIT whose PREPARE lies before what is read: true when all who ask are known to see it
  // already, so that it touches nothing for them; else nobody knows what it touched.
  bool sees_older_branches = false;

  bool is_touched(const TableId& table) const { return touched.contains(table); }
  bool is_redefined(const TableId& table) const { return redefined.contains(table); }
  // Adds what the server changed below the log because of what is touched.
  void spread(const Cascades& cascades);
};

// What a statement of the log did, as far as its first words say: the tables that DDL names;
// nothing for accounts, views, routines, triggers, events and transaction control; everything for
// DML (statement or mixed format) and for whatever it does not know. `database` is the session's.
Touches touches_of_statement(std::string_view statement, std::string_view database,
                             bool fold_case = false);

// Makes Touches of events given in log order. Pure; one thread. When in doubt everything is
// touched:
//  * statements as above, and LOAD DATA in statement format
//  * an XA COMMIT whose XA PREPARE it has not been given, unless `sees_older_branches`; rows of a
//    prepared branch count where it is committed, not where it is prepared
//  * events it does not know, incidents, and compressed transactions shown without their content
// A row event names its table as `(db.t)`, unquoted: each way to split it at a dot counts.
class LogReader {
 public:
  explicit LogReader(bool fold_case = false) : fold_case_(fold_case) {}

  // Adds what the event did to every element of `into`: those that its transaction belongs to.
  void add(const LogEvent& event, std::span<Touches* const> into);
  void finish();  // no more events
  // Whether the event, given next, would be the first of a transaction or stand between two.
  bool is_boundary(const LogEvent& event) const;

  struct Gtid {
    std::string source;  // `uuid` or `uuid:tag`
    std::uint64_t number = 0;
  };
  static std::optional<Gtid> gtid_of(const LogEvent& event);  // of a transaction's first event

 private:
  enum class Place : std::uint8_t { between, behind_gtid, inside };

  void add_table_map(std::string_view info, std::span<Touches* const> into);
  void add_statement(std::string_view info, std::span<Touches* const> into);
  bool add_xa(std::string_view statement, std::span<Touches* const> into);
  void touch(const Touches& touches, std::span<Touches* const> into);
  void touch_all(std::string_view reason, std::span<Touches* const> into);

  const bool fold_case_;
  Place place_ = Place::between;
  std::vector<Touches*>
      opaque_;      // where a compressed transaction counts whose content is not shown
  std::string xa_;  // the branch being read
  std::optional<Touches> xa_touches_;
  std::unordered_map<std::string, Touches> prepared_;
};

}  // namespace tideway
