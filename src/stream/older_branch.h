#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "binlog/log_position.h"
#include "mysql/endpoint.h"
#include "sql/statement_kind.h"

namespace tideway {

// An XA transaction's name as XA statements of the log write it.
std::string xid_text(const XaName& name);

// Where the transaction begins that prepared this XA branch, the last of its name before a place in
// the source's log: files are read backwards from there, whole. nullopt: no file that is still
// there has it. Private to the room.
Result<std::optional<LogPosition>> find_older_branch(const Endpoint& source,
                                                     const LogPosition& before,
                                                     const std::string& xid,
                                                     const std::stop_token& stop);

}  // namespace tideway
