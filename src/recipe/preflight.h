#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"
#include "snapshot/object_list.h"

namespace tideway::recipe {

// What is asked before the first row moves, so that a mistake costs a second and not a night.

// TW103 for a --where that a table cannot follow (a column that it lacks, no SQL): table, column,
// the server's text, and which other tables it does not fit. Reads no row.
Result<void> check_where(Session& session, const ObjectList& objects, const std::string& where,
                         const std::stop_token& stop);

// After these were reached once the board says which of them everything waits for.
void watch(StatusBoard& board, std::initializer_list<Endpoint*> servers);

}  // namespace tideway::recipe
