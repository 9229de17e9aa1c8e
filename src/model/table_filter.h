#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_id.h"

namespace tideway {

enum class FilterCase : std::uint8_t { insensitive, sensitive };

// Which databases and tables a job is about: what `--filter` means. The grammar is in
// docs/filter.md; rules are asked from the last to the first and the first that matches decides; no
// match means no. Immutable, cheap to copy, any thread. Names are given as the server spells them,
// in UTF-8.
class TableFilter {
 public:
  // How a rule `@path` gets its file; a parameter so that nothing but the default touches a disk.
  using FileReader = std::function<Result<std::string>(const std::string& path)>;

  // TW104 with "at <cmdline>:1: …" or "at FILE:LINE: …", in the words that users of the older tools
  // know.
  static Result<TableFilter> parse(const std::vector<std::string>& rules,
                                   FilterCase filter_case = FilterCase::insensitive);
  static Result<TableFilter> parse(const std::vector<std::string>& rules, FilterCase filter_case,
                                   const FileReader& read);

  // Exactly these `database.table` names, split at their first dot (the old --tables-list). TW103
  // for one without a dot.
  static Result<TableFilter> of_tables(const std::vector<std::string>& names,
                                       FilterCase filter_case = FilterCase::insensitive);

  // Whatever these say, who may be asked on any thread.
  static TableFilter of_questions(std::function<bool(const TableId&)> table,
                                  std::function<bool(std::string_view)> database);

  // What is taken when nothing was asked for: every database but the server's own and Tideway's.
  static TableFilter everything_but_system();
  static const std::vector<std::string>& default_rules();

  bool matches_table(std::string_view database, std::string_view table) const;
  bool matches_table(const TableId& table) const {
    return matches_table(table.database, table.name);
  }
  // The rule that decides about a table, as written; empty: none matches.
  std::string rule_for(const TableId& table) const;
  // Whether the database itself is wanted (its CREATE DATABASE). A negative rule counts only when
  // its table part is exactly `*`, so `!db.t1` never hides the whole database.
  bool matches_database(std::string_view database) const;

 private:
  struct Rules;
  explicit TableFilter(std::shared_ptr<const Rules> rules);
  std::shared_ptr<const Rules> rules_;
};

// Simple lower-case of every code point, as the filter compares names; bytes that are no UTF-8
// stay.
std::string unicode_lower(std::string_view text);

// The server's own databases, Tideway's and those of tools like it, in any case: no job takes them.
bool is_system_database(std::string_view database);

}  // namespace tideway
