#pragma once

#include <string>
#include <vector>

#include "mysql/server.h"
#include "mysql/server_identity.h"
#include "mysql/session.h"

namespace tideway {

// A session variable that every session of ours has, and what it must read back as. Private to the
// room.
struct Setting {
  std::string_view name;
  std::string literal;   // as in SET
  std::string expected;  // as SELECT @@name gives it
};

// Variables that only some servers have: asked for together with the identity, set where they
// exist.
const std::vector<std::string_view>& optional_settings();
std::vector<Setting> settings_for(const Server& server, const Variables& known,
                                  const SessionOptions& options);

// Equal as the server means it: sql_mode is a set, the rest is compared without case.
bool is_as_expected(const Setting& setting, std::string_view answer);

}  // namespace tideway
