#pragma once

#include <string>

#include "base/result.h"
#include "mysql/endpoint.h"

namespace tideway {

// Fills what the endpoint leaves open (user, password, host and port, socket, TLS files and mode)
// from the [client] group of an option file as the MySQL programs read it: `key=value`, - and _
// alike, quotes, \-escapes, # and ; comments. Includes are not followed; keys that say nothing
// about a connection are passed over, as those programs do. storage_missing when there is no such
// file, storage_read when it cannot be read. Private to the room.
Result<void> read_option_file(Endpoint& endpoint, const std::string& path);

}  // namespace tideway
