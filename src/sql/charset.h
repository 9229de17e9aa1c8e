#pragma once

#include <string>
#include <string_view>

namespace tideway {

// Names of character sets and collations, as MySQL 5.6 to 9, MariaDB and TiDB spell them; any case.
// utf8 is utf8mb3. Source: SHOW CHARACTER SET of those servers.

bool is_charset(std::string_view name);
// The collation a column gets that names only its character set. utf8mb4 gives utf8mb4_general_ci,
// because the servers whose default is another one (MySQL 8, TiDB, MariaDB 11) always write it out.
// Empty: no such character set.
std::string default_collation(std::string_view charset);
// latin1_swedish_ci -> latin1, binary -> binary. Empty: the collation belongs to no character set
// known here (MariaDB's uca1400_ai_ci, which takes that of its context).
std::string charset_of_collation(std::string_view collation);
// utf8 -> utf8mb3, utf8_bin -> utf8mb3_bin; lower case otherwise: two names for one thing become
// equal.
std::string canonical_charset(std::string_view name);
std::string binary_collation(std::string_view charset);  // latin1 -> latin1_bin, binary -> binary

}  // namespace tideway
