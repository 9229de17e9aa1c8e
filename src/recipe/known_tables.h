#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/table_id.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_source.h"
#include "snapshot/standing.h"

namespace tideway::recipe {

// How a table came through.
struct TableOutcome {
  bool is_proven = false;  // it stands at the common position
  std::string why_not;
  std::optional<Error> failure;  // it was not read to its end
};

// What is to be read again.
struct StaleTables {
  std::vector<ListedTable> as_known;
  std::set<TableId> perhaps_redefined;  // to be listed first
};

// What is known of a source's tables while they are read: their definitions, under which points
// each was read, and why one could not be. It asks nobody. One thread.
class KnownTables {
 public:
  explicit KnownTables(ObjectList objects) : objects_(std::move(objects)) {}

  const ObjectList& objects() const { return objects_; }

  // Rounds from a new point: definitions stay as they were last known.
  void begin_anew();
  void add(TableReading reading);  // of each table the last one counts
  void add(FailedTable failed);

  // A failure may tell of a new definition too, unless the table was given up.
  std::vector<TableReading> readings() const;
  StaleTables stale(std::span<const TableStanding> standings) const;

  // Takes a later list of the source: tables of `perhaps_redefined` that it lacks are given up as
  // dropped (TW304), and so are those that the server refused under the very definition they still
  // have. The rest of them, and tables that are new, are returned, for redefine().
  std::vector<ListedTable> take(const ObjectList& now, const std::set<TableId>& perhaps_redefined);
  // The table has this definition now: what was read of it before does not count.
  void redefine(const ListedTable& table);
  // It is not read again until begin_anew().
  void give_up(const TableId& table, Error why);

  // Every table that has a standing, is listed, or both.
  std::map<TableId, TableOutcome> outcomes(std::span<const TableStanding> standings) const;

 private:
  bool is_refused_as_it_is(const ListedTable& now) const;

  ObjectList objects_;
  std::map<TableId, TableReading> readings_;
  std::map<TableId, Error> failures_;
  std::set<TableId> given_up_;  // of those that failed
};

}  // namespace tideway::recipe
