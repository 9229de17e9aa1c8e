#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mysql/endpoint.h"
#include "mysql/server.h"

namespace tideway {

// What an error of a server is to us: the one place where server numbers are looked at.
struct ErrorClass {
  ErrorCode code = ErrorCode::server_refused;
  Retry retry = Retry::never;
};
// Numbers mean different things to TiDB (from 8000 up, and 1105); the text decides the few that
// mean several things.
ErrorClass classify(std::uint32_t number, ServerKind kind, std::string_view text);

// Whether the number says that the connection is gone, so that the session cannot be used any more.
bool is_connection_lost(std::uint32_t number);

// What is known where the server said no.
struct Asked {
  Side side = Side::source;
  ServerKind kind = ServerKind::mysql;
  std::string_view statement;  // what was asked; only its head is shown
  std::string_view account;    // user@host as CURRENT_USER() says: for the GRANT to type
};
Error to_error(std::uint32_t number, std::string_view text, const Asked& asked);

// For the login itself, where access denied means the login and not a privilege.
Error to_login_error(const Endpoint& endpoint, std::uint32_t number, std::string_view text);

// The statement that gives what the text says is missing, or empty when it cannot be spelt out.
std::string grant_for(std::uint32_t number, std::string_view text, std::string_view statement,
                      std::string_view account);

}  // namespace tideway
