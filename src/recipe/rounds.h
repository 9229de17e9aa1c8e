#pragma once

#include <functional>
#include <map>
#include <stop_token>

#include "base/memory.h"
#include "base/result.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "recipe/known_tables.h"
#include "recipe/round_reader.h"
#include "recipe/round_target.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_point.h"

namespace tideway::recipe {

// Where rounds read from.
struct RoundSource {
  const Endpoint& endpoint;
  // Lists the source once more, when definitions changed while tables were read.
  std::function<Result<ObjectList>(Session&, const std::stop_token&)> list_again;
};

struct RoundsResult {
  SnapshotPoint common;  // where everything proven stands, and how that was reached
  std::map<TableId, TableOutcome> tables;
  ObjectList objects;  // as they were last listed: with the definitions that tables were read under
};

// Reads the tables of a source into a target until each stands at one position of the source's log,
// or that could not be had:
//  1. a snapshot of all tables; after a restart, tables that the log touched since the earlier
//  start are begun anew
//  2. all tables that stand exactly at it are read; the touched ones then, on a snapshot of their
//  own, which becomes the common point
//     (the others are untouched up to there, or they are not proven)
//  3. the log is asked where every table stands; one that takes no part in snapshots (MyISAM) and
//  was touched is read again, and so is one whose definition changed, under its new definition: a
//  few
//     times, begun within the snapshot's wait. The common point is then the one at which more
//     tables are proven. What was dropped or renamed has failed (TW304); what a rename made is
//     read.
// The sink is left for the recipe to complete. A lost snapshot (TW402) begins again at 1 as a
// restart would. TW106 when stopped.
Result<RoundsResult> read_in_rounds(const RoundSource& source, const ObjectList& objects,
                                    RoundTarget& target, MemoryArbiter& arbiter,
                                    const RoundOptions& options, StatusBoard& board,
                                    const std::stop_token& stop);

}  // namespace tideway::recipe
