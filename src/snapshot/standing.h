#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "mysql/session.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_point.h"

namespace tideway {

// Under which point or points a table was read, from its first to its last row.
struct TableReading {
  TableId table;
  PointPtr first, last;
};

// Where a table that was read stands.
struct TableStanding {
  TableId table;
  bool is_proven = false;     // equals the source at the common position
  bool is_stale = false;      // its definition changed, or it takes no part in a snapshot and was
                              // touched, while it was read: copy it again
  bool is_redefined = false;  // the former: list it again first
  std::string why_not;        // for people; empty when proven
};

// Asks the log where each table stands, once all were read. A table is proven at `common`'s high
// when
//  * it was untouched in the window of each of its points, and between the least low and the
//  greatest high of its own and
//    the common point, in whatever order they were opened; or read under lock;
//  * no DDL touched it from where it was listed until now, and, where its engine takes no part in
//  snapshots, no change did from its
//    first low until now.
// `session` is any session to the source. Where the log cannot be read (TW401) every table is
// unproven, and that is no error: why_not names the GRANT.
Result<std::vector<TableStanding>> tables_standing(Session& session, const ObjectList& objects,
                                                   std::span<const TableReading> readings,
                                                   const SnapshotPoint& common,
                                                   const std::stop_token& stop);

// Resume: the tables of `objects` that must be copied again because the log touched or redefined
// them after `old`'s low and up to the high of `now`. All of them, with the reason logged, when
// that cannot be known: the log is purged or belongs to another server, or there is none.
struct TouchedTables {
  std::set<TableId> tables;
  std::string all_because;  // not empty: all, and why
};
enum class LogTouch : std::uint8_t {
  any,
  redefined,  // or not known: what a log that is followed does not mend
};
Result<TouchedTables> tables_touched_between(Session& session, const SnapshotPoint& old,
                                             const SnapshotPoint& now, const ObjectList& objects,
                                             LogTouch kind, const std::stop_token& stop);

}  // namespace tideway
