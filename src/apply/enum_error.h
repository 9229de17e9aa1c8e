#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "apply/statement.h"
#include "base/result.h"
#include "model/block.h"
#include "mysql/session.h"

namespace tideway {

// An ENUM column can hold the error value 0, whose cell text is enum_error_text(): some session
// without strict mode stored a word the column does not have. It is a value like any other for a
// copy, and a strict session takes it from nobody.

// How many such values the rows hold.
std::uint64_t enum_errors(const Block& block, const Rows& rows, RowRange range);

// Whether the text may be the error value of that column: cheap, and true for it alone.
bool is_enum_error(const ColumnType& type, std::string_view cell_text);

// Sends a change of one row in a session that is not strict for this one statement, because columns
// of these names get the error value. Fails with TW800, the change being in the open transaction,
// unless the server's warnings are about those columns only. The session is strict again on return,
// or broken.
Result<Affected> change_with_enum_errors(Session& session, std::string_view statement,
                                         std::span<const std::string> columns,
                                         const std::stop_token& stop);

// Sends an INSERT of one row with so many of them in a session that is not strict for this one
// statement. Fails with TW800, the row being in the open transaction, unless the server's warnings
// are exactly those: anything else that was bent is refused as ever. The session is strict again on
// return, or broken.
Result<Affected> insert_with_enum_errors(Session& session, std::string_view statement,
                                         std::uint64_t errors, const std::stop_token& stop);

}  // namespace tideway
