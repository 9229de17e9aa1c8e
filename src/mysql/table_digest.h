#pragma once

#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "model/digest.h"
#include "mysql/session.h"

namespace tideway {

// Asks a server for the digest of the rows of a table (`from`: its quoted name) that satisfy
// `where` (SQL, empty: all). One full read of them on the server, nothing but the sums on the wire.
Result<Digest> digest_rows(Session& session, std::string_view from, const TableDef& table,
                           const ColumnSet& columns, std::string_view where,
                           DigestStrength strength, const std::stop_token& stop);

}  // namespace tideway
