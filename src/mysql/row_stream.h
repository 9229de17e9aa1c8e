#pragma once

#include <memory>
#include <stop_token>
#include <string_view>

#include "mysql/session.h"
#include "mysql/session_state.h"

namespace tideway {

// How the rows of a result come off the wire. Private to the room.
//  packets: our own reader, in large reads off the socket or TLS, straight into the block
//  library: mysql_fetch_row(), which reads each row into a buffer of its own first; slower, and
//  correct with any version
enum class RowReading : std::uint8_t { packets, library };

// `packets` where the library is the one whose structures we know, `library` otherwise.
RowReading best_reading(MYSQL* mysql);

Result<std::unique_ptr<RowStream>> open_rows(SessionState& state, std::string_view sql,
                                             RowReading reading, const std::stop_token& stop);

}  // namespace tideway
