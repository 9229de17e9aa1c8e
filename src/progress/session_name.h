#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// Names a session of a server for whoever has to end it later. Its id alone is not enough: ids
// begin anew when a server restarts, and the same number may then be a stranger. `client` is the
// address and port the server sees it come from.
struct SessionName {
  std::uint64_t id = 0;
  std::string client;
  bool operator==(const SessionName&) const = default;
};
Result<SessionName> name_of(Session& session, const std::stop_token& stop);

// The form kept in base.sessions: ",12@10.0.0.7:51312,15@localhost,". Comma first and last, so that
// SQL can take one out.
std::string to_text(const SessionName& name);
std::vector<SessionName> parse_sessions(std::string_view text);  // what cannot be read is left out

// Ends the named session if the server still has it, so that what it was doing is over when this
// returns.
Result<void> end_session(Session& session, const SessionName& name, const std::stop_token& stop);

}  // namespace tideway
