#pragma once

// The only header that includes the client library. Private to the room.
#include <mysql.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "mysql/endpoint.h"

namespace tideway {

struct CloseMysql {
  void operator()(MYSQL* mysql) const;
};
using Client = std::unique_ptr<MYSQL, CloseMysql>;

// What the library says about its last call: server and client numbers share one range.
struct ClientFault {
  std::uint32_t number = 0;
  std::string state, text;
};
ClientFault last_fault(MYSQL* mysql);

// Connects and logs in; nothing is set on the session yet. The socket is non-blocking and all
// waiting goes through Wait.
Result<Client> connect(const Endpoint& endpoint, bool local_infile, const std::stop_token& stop);

// Any statement may be answered with a request for a local file, and the library on its own would
// send it. From now on such a request fails; load_infile() answers its own.
void refuse_files(MYSQL* mysql);

// Cuts the TCP connection at once, so that closing it later neither waits nor says goodbye.
void cut(MYSQL* mysql);

}  // namespace tideway
