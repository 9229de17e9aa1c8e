#include "snapshot/log_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

#include "model/table_filter.h"

namespace tideway {
namespace {

// Events that change nothing by themselves: headers, and what only announces or explains the next
// one.
constexpr std::array<std::string_view, 22> quiet_types = {
    "Format_desc",    "Previous_gtids",
    "Rotate",         "Stop",
    "Rows_query",     "Intvar",
    "RAND",           "User var",
    "Heartbeat",      "Heartbeat_v2",
    "Ignorable",      "View_change",
    "Start_v3",       "Transaction_context",
    "Write_rows",     "Update_rows",
    "Delete_rows",    "Update_rows_partial",
    "Write_rows_v1",  "Update_rows_v1",
    "Delete_rows_v1", "Begin_load_query",
};

constexpr std::string_view gtid_next = "SET @@SESSION.GTID_NEXT= '";

// "use `d`; statement" → d, statement. Without a database the statement stands alone.
std::pair<std::string, std::string_view> split_database(std::string_view info) {
  constexpr std::string_view use = "use `";
  if (!info.starts_with(use)) return {{}, info};
  std::string database;
  for (std::size_t at = use.size(); at < info.size(); ++at) {
    if (info[at] == '`') {
      const std::string_view rest = info.substr(at + 1);
      if (rest.starts_with("; ")) return {std::move(database), rest.substr(2)};
      if (!rest.starts_with('`')) break;
      ++at;
    }
    database += info[at];
  }
  return {{}, info};
}

// "table_id: 108 (db.t)" → each way to read `db.t`.
std::vector<TableId> tables_of_map(std::string_view info) {
  const std::size_t open = info.find('(');
  if (open == std::string_view::npos || !info.ends_with(')')) return {};
  const std::string_view name = info.substr(open + 1, info.size() - open - 2);
  std::vector<TableId> tables;
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
       dot = name.find('.', dot + 1)) {
    if (dot == 0 || dot + 1 == name.size()) continue;
    tables.push_back({std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))});
  }
  return tables;
}

}  // namespace

void TableNames::add(const TableId& table) {
  if (fold_case_) {
    tables_.insert({unicode_lower(table.database), unicode_lower(table.name)});
  } else {
    tables_.insert(table);
  }
}

void TableNames::add_database(std::string_view database) {
  databases_.insert(fold_case_ ? unicode_lower(database) : std::string(database));
}

void TableNames::add_all(std::string_view reason) {
  if (all_because_.empty()) all_because_ = reason.empty() ? "unknown" : reason;
}

void TableNames::add(const TableNames& other) {
  tables_.insert(other.tables_.begin(), other.tables_.end());
  databases_.insert(other.databases_.begin(), other.databases_.end());
  if (other.is_all()) add_all(other.all_because_);
}

bool TableNames::contains_database(std::string_view database) const {
  return is_all() ||
         databases_.contains(fold_case_ ? unicode_lower(database) : std::string(database));
}

bool TableNames::contains(const TableId& table) const {
  if (contains_database(table.database)) return true;
  if (!fold_case_) return tables_.contains(table);
  return tables_.contains({unicode_lower(table.database), unicode_lower(table.name)});
}

void Touches::spread(const Cascades& cascades) {
  if (touched.is_all() || touched.is_empty()) return;
  std::deque<TableId> parents;
  for (const auto& [parent, children] : cascades.children) {
    if (touched.contains(parent)) parents.push_back(parent);
  }
  for (const TableId& table : cascades.unsure) {
    if (!touched.contains(table)) parents.push_back(table);
    touched.add(table);
  }
  while (!parents.empty()) {
    const auto found = cascades.children.find(parents.front());
    parents.pop_front();
    if (found == cascades.children.end()) continue;
    for (const TableId& child : found->second) {
      if (touched.contains(child)) continue;
      touched.add(child);
      parents.push_back(child);
    }
  }
}

std::optional<LogReader::Gtid> LogReader::gtid_of(const LogEvent& event) {
  std::string_view text = event.info;
  if (!text.starts_with(gtid_next)) return std::nullopt;
  text.remove_prefix(gtid_next.size());
  text = text.substr(0, text.find('\''));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;  // ANONYMOUS
  Gtid gtid{std::string(text.substr(0, colon)), 0};
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), gtid.number);
  return gtid;
}

bool LogReader::is_boundary(const LogEvent& event) const {
  return place_ == Place::between || event.info.starts_with(gtid_next);
}

void LogReader::add(const LogEvent& event, std::span<Touches* const> into) {
  if (event.type == "Transaction_payload") {
    // Servers show what it holds right behind it, but not all of them.
    opaque_.assign(into.begin(), into.end());
    place_ = Place::inside;
    return;
  }
  if (event.info.starts_with(gtid_next)) {
    finish();
    place_ = Place::behind_gtid;
    const auto gtid = gtid_of(event);
    for (Touches* each : into) {
      ++each->transactions;
      if (gtid) each->gtids.add(gtid->source, gtid->number);
    }
    return;
  }
  if (event.type == "Query") {
    add_statement(event.info, into);
  } else if (event.type == "Table_map") {
    add_table_map(event.info, into);
  } else if (event.type == "Xid") {
    place_ = Place::between;
  } else if (event.type == "XA_prepare") {
    if (!add_xa(event.info, into)) touch_all("an XA event is not understood", into);
  } else if (std::ranges::find(quiet_types, event.type) == quiet_types.end()) {
    touch_all(fmt::format("the log holds a {} event", event.type), into);
    return;
  } else {
    return;
  }
  opaque_.clear();  // its content is shown
}

void LogReader::finish() {
  if (!opaque_.empty()) touch_all("the log holds a compressed transaction", opaque_);
  opaque_.clear();
}

void LogReader::add_table_map(std::string_view info, std::span<Touches* const> into) {
  place_ = Place::inside;
  const auto tables = tables_of_map(info);
  if (tables.empty()) {
    touch_all(fmt::format("a row event's table cannot be told from '{}'", info), into);
    return;
  }
  Touches touches(fold_case_);
  for (const TableId& table : tables) touches.touched.add(table);
  touch(touches, into);
}

void LogReader::add_statement(std::string_view info, std::span<Touches* const> into) {
  const auto [database, statement] = split_database(info);
  const bool opens = statement == "BEGIN" || statement.starts_with("XA START ");
  if (opens && place_ == Place::between) {  // no GTID event before it: MySQL 5.6
    for (Touches* each : into) ++each->transactions;
  }
  if (add_xa(statement, into)) return;
  if (statement == "BEGIN") {
    place_ = Place::inside;
  } else if (statement == "COMMIT" || statement == "ROLLBACK") {
    place_ = Place::between;
  } else {
    touch(touches_of_statement(statement, database, fold_case_), into);
    if (place_ != Place::inside) place_ = Place::between;  // DDL: a transaction of its own
  }
}

// XA START X'71',X'',1 · XA END … · XA PREPARE … · XA COMMIT … [ONE PHASE] · XA ROLLBACK …
bool LogReader::add_xa(std::string_view statement, std::span<Touches* const> into) {
  constexpr std::string_view one_phase = " ONE PHASE";
  if (!statement.starts_with("XA ")) return false;
  statement.remove_prefix(3);
  const std::size_t space = statement.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view verb = statement.substr(0, space);
  std::string_view xid = statement.substr(space + 1);
  const bool is_one_phase = xid.ends_with(one_phase);
  if (is_one_phase) xid.remove_suffix(one_phase.size());

  if (verb == "START" || verb == "BEGIN") {
    place_ = Place::inside;
    xa_ = xid;
    xa_touches_.emplace(fold_case_);
    return true;
  }
  if (verb == "END") return true;
  if (verb != "PREPARE" && verb != "COMMIT" && verb != "ROLLBACK") return false;
  place_ = Place::between;
  std::optional<Touches> branch = std::exchange(xa_touches_, std::nullopt);
  if (branch && xa_ != xid) branch.reset();
  if (verb == "PREPARE") {
    if (branch) prepared_.insert_or_assign(std::string(xid), std::move(*branch));
    return true;
  }
  if (const auto found = prepared_.find(std::string(xid)); found != prepared_.end()) {
    if (!branch) branch = std::move(found->second);
    prepared_.erase(found);
  }
  if (verb == "ROLLBACK") return true;
  if (branch) {
    touch(*branch, into);
  } else {
    for (Touches* each : into) {
      if (each->sees_older_branches) continue;
      each->touched.add_all("an XA COMMIT whose PREPARE lies before what was read of the log");
    }
  }
  return true;
}

void LogReader::touch(const Touches& touches, std::span<Touches* const> into) {
  if (xa_touches_) {
    xa_touches_->touched.add(touches.touched);
    xa_touches_->redefined.add(touches.redefined);
    return;
  }
  for (Touches* each : into) {
    each->touched.add(touches.touched);
    each->redefined.add(touches.redefined);
  }
}

void LogReader::touch_all(std::string_view reason, std::span<Touches* const> into) {
  for (Touches* each : into) {
    each->touched.add_all(reason);
    each->redefined.add_all(reason);
  }
}

}  // namespace tideway
