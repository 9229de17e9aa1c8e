#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mysql/endpoint.h"

namespace tideway {

// What the other side says first. `is_whole` once enough of it came to tell; a server may also
// refuse us in its very first packet.
struct Greeting {
  bool is_whole = false;
  bool is_mysql = true;
  bool offers_tls = false;
  std::uint32_t refusal = 0;  // the number of the error that came in place of a greeting
  std::string refusal_text;
};
Greeting parse_greeting(std::string_view bytes);

// How far a connection came before it failed, as the library's waits and reads showed it. Private
// to the room.
struct ConnectSteps {
  enum class End : std::uint8_t { failed, deadline, stopped };
  End end = End::failed;
  bool is_reached = false;  // TCP stands: we wait for the other side to speak
  std::string first_bytes;
  Greeting greeting;
  bool uses_tls = false;     // it was to be encrypted if the server offers that
  bool is_refused = false;   // by us: the server would have got the credentials in plaintext
  std::uint32_t number = 0;  // the library's, or the server's own
  std::string text;          // the library's ends with the system's errno
};

// The step that failed and what to do about it: 200 name, 201 TCP, 202 TLS, 203 login, 205 silence,
// 207 cut after TCP, 208 something else than MySQL.
Error connect_error(const Endpoint& endpoint, const ConnectSteps& steps);

// TLS itself failed with both sides there: other versions or ciphers, a certificate. Not a cut.
bool is_tls_disagreement(const ConnectSteps& steps);

}  // namespace tideway
