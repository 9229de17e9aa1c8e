#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/digest.h"
#include "mysql/session.h"

namespace tideway {

SqlDialect dialect_of(const Server& server);

// Asks a server for the digest of the rows of a table (`from`: its quoted name) that satisfy
// `where` (SQL, empty: all). One full read of them on the server, nothing but the sums on the wire;
// where the server cannot make the row text (JSON in TiDB), the rows come over the wire and are
// digested here, one block of memory at a time.
Result<Digest> digest_rows(Session& session, std::string_view from, const TableDef& table,
                           const ColumnSet& columns, std::string_view where,
                           DigestStrength strength, const std::stop_token& stop);

// The MD5 of each row's text, by the server or, where it cannot, here.
struct PrintQuestion {
  std::string_view from;
  const TableDef& table;
  const ColumnSet& columns;
  std::vector<std::string> beside;  // SQL expressions that are wanted with each
  std::string where, order;         // SQL without the keyword, empty: none
};
using TakePrint = std::function<Result<void>(std::string md5, std::vector<std::string> beside)>;
// Hands on every row in the server's order. A NULL beside is an error: TW307.
Result<void> read_prints(Session& session, const PrintQuestion& question, const TakePrint& take,
                         const std::stop_token& stop);

}  // namespace tideway
