#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/schema.h"
#include "base/result.h"
#include "mysql/session.h"
#include "sql/rewrite.h"

namespace tideway {

// What a target's server says of one name.
enum class Found : std::uint8_t { nothing, table, view };
struct FoundTable {
  Found found = Found::nothing;
  TablePtr definition;  // of a table
};
Result<FoundTable> look_for_table(Session& session, const TableId& table,
                                  const std::stop_token& stop);

// Makes one table, or compares the one that is there. Safe to do again when the connection broke
// anywhere in it. Private to the room.
Result<MadeTable> make_table(Session& session, JobProgress& progress, const TableToMake& table,
                             const SchemaOptions& options, const TargetTraits& traits,
                             const std::stop_token& stop);

// TW803 with the statement and what the server said of it; connection errors stay what they are.
Error creation_failed(Error error, const TableId& object, const std::string& statement);

}  // namespace tideway
