#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "model/table_id.h"
#include "recipe/rounds.h"
#include "stream/log_start.h"

namespace tideway::recipe {

// Where the tables of a dump stand in the source's log: those that were proven at `high`, the
// others somewhere in (low, end].
struct DumpPlace {
  LogStart low, high, end;
  std::set<TableId> loose;
};

// What the manifest of a dump keeps as its point: that of the first snapshot, which a dump that
// goes on looks for, and once it is complete this.
std::string point_of(const std::string& first_point, const DumpPlace& place);
// TW700: the folder's dump has no place, is not complete, or was made by a version that did not
// write it.
Result<DumpPlace> place_of_point(const std::string& point);

// `end`: that of the log once all was read.
DumpPlace dump_place(const RoundsResult& rounds, const LogStart& low, LogStart end);

}  // namespace tideway::recipe
