#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

using Sessions = std::vector<std::unique_ptr<Session>>;

constexpr std::string_view start_snapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
// Set once on a reader after its snapshot began; returning to it gives up the metadata locks of
// what was read since and keeps the snapshot.
constexpr std::string_view set_savepoint = "SAVEPOINT tideway";
constexpr std::string_view return_to_savepoint = "ROLLBACK TO SAVEPOINT tideway";

// After the result was read to its end. TiDB holds none.
Result<void> release_metadata_locks(Session& session, const std::stop_token& stop);

// Adds sessions until there are `count`, several at a time; in REPEATABLE READ, set and asserted.
Result<void> open_readers(const Endpoint& endpoint, const SessionOptions& options,
                          std::size_t count, Sessions& sessions, const std::stop_token& stop);

// Runs one statement on all of them at once: on return each has answered.
Result<void> execute_on_all(std::span<const std::unique_ptr<Session>> sessions,
                            std::string_view statement, const std::stop_token& stop);

}  // namespace tideway
