#pragma once

#include <map>
#include <set>

#include "model/table_id.h"

namespace tideway {

// Which tables change when another one does, without the log saying so: the server cascades
// ON DELETE and ON UPDATE of foreign keys below its log. Holds parents outside the filter too, so
// that a chain through them is followed.
struct Cascades {
  std::map<TableId, std::set<TableId>> children;  // parent → tables it changes
  // Tables with a parent whose own definition could not be read: anything may change them.
  std::set<TableId> unsure;
};

}  // namespace tideway
