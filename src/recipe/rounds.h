#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "flow/run.h"
#include "flow/sink.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "snapshot/consistent_point.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_source.h"

namespace tideway::recipe {

// Where rounds write to, and what it remembers of earlier starts.
class RoundTarget {
 public:
  virtual ~RoundTarget() = default;
  // SnapshotPoint::to_json() of an earlier start or round; empty: nothing was begun.
  virtual std::string position() const = 0;
  // The rows that follow stand at `position`; what it has of `copy_again` is given up first. The
  // sink is good until the next begin.
  virtual Result<Sink*> begin(const std::string& position, const std::set<TableId>& copy_again,
                              const std::stop_token& stop) = 0;
  // Between begins: the source has another definition of the table now, or the table is new there.
  // What was kept of it is given up; the rows that come after the next begin have this definition.
  // TW501, TW502, TW803: the target cannot be made to match, and the table is left.
  virtual Result<void> redefine(const ListedTable& table, const std::stop_token& stop) = 0;
  virtual std::string limit_text() const { return {}; }  // why it is slow, for the status block
  virtual std::string waiting_text() const {
    return {};
  }  // "space: need …, have …"; empty: it moves
};

struct RoundOptions {
  std::size_t threads = 4;
  SnapshotOptions snapshot;
  ReadOptions read;
  // Lists the source once more, when definitions changed while tables were read.
  std::function<Result<ObjectList>(Session&, const std::stop_token&)> list_again;
};

// How a table came through.
struct TableOutcome {
  bool is_proven = false;  // it stands at the common position
  std::string why_not;
  std::optional<Error> failure;  // it was not read to its end
};

struct RoundsResult {
  SnapshotPoint common;  // where everything proven stands
  Rung rung = Rung::none;
  std::map<TableId, TableOutcome> tables;
  ObjectList objects;  // as they were last listed: with the definitions that tables were read under
  bool is_stopped = false;
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
Result<RoundsResult> read_in_rounds(const Endpoint& source, const ObjectList& objects,
                                    RoundTarget& target, MemoryArbiter& arbiter,
                                    const RoundOptions& options, StatusBoard& board,
                                    const std::stop_token& stop);

}  // namespace tideway::recipe
