#pragma once

#include <map>
#include <set>
#include <stop_token>

#include "base/result.h"
#include "model/table_def.h"
#include "mysql/session.h"

namespace tideway {

// Which tables change when another one does, without the log saying so: the server cascades
// ON DELETE and ON UPDATE of foreign keys below its log. Holds parents outside the filter too, so
// that a chain through them is followed.
struct Cascades {
  std::map<TableId, std::set<TableId>> children;  // parent → tables it changes
  // Tables with a parent whose own definition could not be read: anything may change them.
  std::set<TableId> unsure;
};

void add_cascades(Cascades& cascades, const TableDef& child);  // those of its foreign keys
// Reads the parents that are not in `known`, and theirs.
Result<void> follow_cascades(Session& session, Cascades& cascades, std::set<TableId> known,
                             const std::stop_token& stop);

// Tables that take part in such changes, each set with all that hang together. They say the same of
// one place of the log only when all of a set stand there: what a parent's change did to children
// is not in the log.
std::vector<std::set<TableId>> families(const Cascades& cascades);

}  // namespace tideway
