#pragma once

#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "flow/sink.h"
#include "flow/stage.h"
#include "model/table_id.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_point.h"

namespace tideway::recipe {

// Where rounds write to, and what it remembers of earlier starts.
class RoundTarget {
 public:
  virtual ~RoundTarget() = default;
  // SnapshotPoint::to_json() of an earlier start or round; empty: nothing was begun.
  virtual std::string position() const = 0;
  // The rows that follow stand at `position`; what it has of `copy_again` is given up first. The
  // sink is good until the next begin.
  virtual Result<StreamSink*> begin(const std::string& position,
                                    const std::set<TableId>& copy_again,
                                    const std::stop_token& stop) = 0;
  // Before the rows of a round that is followed by the log: its tables are read at this point,
  // those that the sink has as done already left out. Durable on return. Called again for a later
  // point within the round: what is not yet done stands somewhere between the two.
  virtual Result<void> stand_at(std::span<const ListedTable> /*tables*/,
                                const SnapshotPoint& /*point*/, const std::stop_token& /*stop*/) {
    return {};
  }
  // Between begins: the source has another definition of the table now, or the table is new there.
  // What was kept of it is given up; the rows that come after the next begin have this definition.
  // TW501, TW502, TW803: the target cannot be made to match, and the table is left.
  virtual Result<void> redefine(const ListedTable& table, const std::stop_token& stop) = 0;
  // What rows pass on their way; good until the next begin.
  virtual std::vector<const Stage*> stages() const { return {}; }
  virtual std::string limit_text() const { return {}; }  // why it is slow, for the status block
  virtual std::string waiting_text() const {
    return {};
  }  // "space: need …, have …"; empty: it moves
};

}  // namespace tideway::recipe
