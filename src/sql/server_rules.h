#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/schema_change.h"

namespace tideway {

// What of a session decides which table its DDL makes. Part of track_ddl.h.
struct ServerRules {
  std::uint32_t version = 0;  // MariaDB from 100000 on; 0: not known, taken for 5.7
  bool is_strict = false;     // too long a VARCHAR is an error, and no TEXT
  bool real_is_float = false;
  // TIMESTAMP is a type like others. Off, it is NOT NULL unless told otherwise and the first one
  // follows the clock.
  bool explicit_timestamps = false;
  std::string utf8mb4_collation;  // the default one
  std::string server_collation;   // of databases that name none; empty: not known

  bool is_mysql_from(std::uint32_t first) const { return version >= first && version < 100000; }
  // SHOW CREATE TABLE has no INT(11).
  bool hides_widths() const { return is_mysql_from(80019); }
  bool keeps_checks() const { return is_mysql_from(80016) || version >= 100201; }
  // DESC in a key is more than read.
  bool keeps_descending() const { return is_mysql_from(80000) || version >= 100800; }
};
ServerRules rules_of(const SessionContext& session);

// Of a character set without COLLATE; empty: no such character set.
std::string default_collation(std::string_view charset, const ServerRules& rules);

// The name of a collation's number; empty: not known here.
std::string_view collation_of_number(std::uint32_t number);

// Bytes of one character, at most; 1 for a character set that is not known.
std::uint32_t longest_character(std::string_view charset);

}  // namespace tideway
