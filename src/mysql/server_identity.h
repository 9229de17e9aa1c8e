#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/server.h"

namespace tideway {

// What SHOW VARIABLES answered, names in lower case. A variable that the server does not know is
// not in it.
using Variables = std::map<std::string, std::string, std::less<>>;

const std::vector<std::string_view>& identity_variables();

// Who says so of itself. `release_text` is the answer of tidb_version(), empty elsewhere. Pure.
Server identify(const Variables& variables, std::string_view release_text);

}  // namespace tideway
