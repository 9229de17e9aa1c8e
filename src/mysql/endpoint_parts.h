#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "mysql/endpoint.h"

namespace tideway {

// What the three ways of writing an endpoint (URL, pasted command line, option file) have in
// common. Private to the room.

Error bad_endpoint(std::string message);

// off, try, require, verify-ca, verify, legacy; also the names of --ssl-mode (DISABLED …
// VERIFY_IDENTITY), any case.
Result<TlsMode> parse_tls_mode(std::string_view text);
Result<std::uint16_t> parse_port(std::string_view text);

// TLS follows from the files where nothing is said of it; `require` with a CA means that the CA is
// to be used.
void settle_tls(Endpoint& endpoint, bool says_tls);
// Refuses what cannot be meant: a cert without its key, two hosts in one, session variables that
// Tideway sets itself.
Result<void> check_endpoint(const Endpoint& endpoint);

// `mysql -h db -P 3306 -u root -psecret`: shell quoting, no expansion.
Result<Endpoint> parse_command_line(std::string_view text, Side side);
bool looks_like_command_line(std::string_view text);

}  // namespace tideway
