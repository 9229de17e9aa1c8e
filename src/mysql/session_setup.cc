#include "mysql/session_setup.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tideway {
namespace {

// Every value that a source holds must be writable, and none may be changed on the way:
//  STRICT_*              a value that does not fit is an error, not a warning. ALL as well as
//  TRANS: with TRANS alone a bad second
//                        row of an INSERT into a MyISAM table is stored changed.
//  NO_AUTO_VALUE_ON_ZERO an AUTO_INCREMENT column may hold 0.
//  ALLOW_INVALID_DATES   a column may hold 2023-02-31, written under the same mode; without
//  NO_ZERO_DATE and
//                        NO_ZERO_IN_DATE also 0000-00-00 and 2023-00-10. As a bound in WHERE such a
//                        value must be a date too.
//  NO_ENGINE_SUBSTITUTION a CREATE TABLE gives the engine it names or fails.
// Left out on purpose: ERROR_FOR_DIVISION_BY_ZERO (a generated column that divides by zero is NULL
// on the source), PAD_CHAR_TO_FULL_LENGTH (CHAR is read without its padding on both sides),
// ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PIPES_AS_CONCAT (our SQL text means one thing).
constexpr std::string_view sql_mode =
    "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_"
    "SUBSTITUTION";

constexpr std::string_view week_seconds = "604800", day_seconds = "86400";

std::vector<std::string> split_modes(std::string_view text) {
  std::vector<std::string> modes;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) modes.push_back(ascii_lower(text.substr(0, comma)));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  std::ranges::sort(modes);
  return modes;
}

Setting number(std::string_view name, std::string_view value) {
  return {name, std::string(value), std::string(value)};
}
Setting text(std::string_view name, std::string_view value) {
  return {name, "'" + std::string(value) + "'", std::string(value)};
}

// name, value: where the server has the variable.
struct Optional {
  std::string_view name, value;
  bool is_text;
};
constexpr std::array optionals = {
    Optional{"max_execution_time", "0", false},  // MySQL 5.7.8, TiDB: a long SELECT is not cut
    Optional{"max_statement_time", "0", false},  // MariaDB
    Optional{"idle_transaction_timeout", "0", false},  // MariaDB: a snapshot may wait for its turn
    Optional{"idle_readonly_transaction_timeout", "0", false},
    Optional{"tidb_idle_transaction_timeout", "0", false},
    Optional{"sql_generate_invisible_primary_key", "0",
             false},  // a target's table gets the columns it is given
    Optional{"tidb_txn_mode", "pessimistic", true},  // conflicts show at the statement, as in MySQL
    Optional{"allow_auto_random_explicit_insert", "1", false},
};

}  // namespace

const std::vector<std::string_view>& optional_settings() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Optional& each : optionals) all.push_back(each.name);
    return all;
  }();
  return names;
}

std::vector<Setting> settings_for(const Server& server, const Variables& known,
                                  const SessionOptions& options) {
  std::vector<Setting> settings = {
      text("sql_mode", sql_mode),
      text("time_zone", "+00:00"),
      number("autocommit", "1"),
      // Idle sessions keep their snapshot, and a slow other side stalls this one: neither ends the
      // session.
      number("wait_timeout", week_seconds),
      number("net_write_timeout", day_seconds),
      // Not so long: while the server reads (a statement, a LOAD DATA) it holds locks for a client
      // that may have vanished.
      number("net_read_timeout", "600"),
      // A global setting of these would cut results, refuse statements or change SHOW CREATE TABLE.
      number("sql_select_limit", "18446744073709551615"),
      number("sql_safe_updates", "0"),
      number("sql_auto_is_null", "0"),
  };
  // TiDB before 6.6 refuses to check foreign keys, and never knew unique_checks=0: there only what
  // is asked for is set.
  const bool is_tidb = server.kind == ServerKind::tidb;
  if (!is_tidb || !options.foreign_key_checks)
    settings.push_back(number("foreign_key_checks", options.foreign_key_checks ? "1" : "0"));
  if (!is_tidb) {
    settings.push_back(number("unique_checks", options.unique_checks ? "1" : "0"));
    settings.push_back(number("sql_quote_show_create", "1"));
    settings.push_back(number("sql_big_selects", "1"));
  }
  for (const Optional& each : optionals) {
    if (!known.contains(each.name)) continue;
    settings.push_back(each.is_text ? text(each.name, each.value) : number(each.name, each.value));
  }
  return settings;
}

bool is_as_expected(const Setting& setting, std::string_view answer) {
  if (setting.name == "sql_mode") return split_modes(answer) == split_modes(setting.expected);
  const std::string lower = ascii_lower(answer);
  if (lower == setting.expected) return true;
  const std::string_view as_number = lower == "on"    ? "1"
                                     : lower == "off" ? "0"
                                                      : std::string_view(lower);
  // 0 as a decimal: MariaDB's max_statement_time.
  return as_number == setting.expected || (setting.expected == "0" && as_number == "0.000000");
}

}  // namespace tideway
