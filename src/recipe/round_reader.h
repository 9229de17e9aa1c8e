#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "flow/meter.h"
#include "flow/status.h"
#include "mysql/endpoint.h"
#include "recipe/known_tables.h"
#include "recipe/round_target.h"
#include "recipe/source_impact.h"
#include "snapshot/consistent_point.h"
#include "snapshot/snapshot_source.h"

namespace tideway::recipe {

struct RoundOptions {
  std::size_t threads = 4;
  SnapshotOptions snapshot;
  ReadOptions read;
  // The log is followed afterwards: a table with a row key may stand anywhere in its window, and a
  // table that was read stays as it is, whatever is written to it later.
  bool is_followed = false;
  SourceImpact impact;  // what the source bears
};

// One round: which tables are read, and what is said of them.
struct Round {
  std::vector<ListedTable> tables;
  std::string position;          // RoundTarget::begin()'s
  std::set<TableId> copy_again;  // likewise
  std::string phase;             // for the status block
};

// Reads tables of a source into a target, a round at a time, and shows how far it is. One thread;
// all references outlive it.
class RoundReader {
 public:
  RoundReader(const Endpoint& source, RoundTarget& target, MemoryArbiter& arbiter,
              const RoundOptions& options, StatusBoard& board)
      : source_(source), target_(target), arbiter_(arbiter), options_(options), board_(board) {}

  // For one round or several, of `tables` or a part of them. Errors: Snapshot::open()'s.
  Result<std::unique_ptr<Snapshot>> open_snapshot(const ObjectList& objects,
                                                  const std::vector<ListedTable>& tables,
                                                  const std::stop_token& stop);
  // Adds to `known` under which points each table was read, or why it could not be. TW106 when
  // stopped; TW402: the snapshot was lost. What was read before an error is the target's.
  Result<void> read(Snapshot& snapshot, const Round& round, KnownTables& known,
                    const std::stop_token& stop);

 private:
  Status status_of(const SnapshotSource& source, const std::string& phase) const;

  const Endpoint& source_;
  RoundTarget& target_;
  MemoryArbiter& arbiter_;
  const RoundOptions& options_;
  StatusBoard& board_;
  Meter meter_;  // of all rounds together
};

}  // namespace tideway::recipe
