#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "flow/stage.h"
#include "model/digest.h"
#include "route/drop_counts.h"
#include "route/router.h"
#include "route/widen.h"

namespace tideway {

enum class RouteUse : std::uint8_t {
  copy,  // rows as they stand: event filters and expression filters do not apply to them
  log,   // changes
};

struct RouteStageOptions {
  RouteUse use = RouteUse::log;
  DigestStrength strength = DigestStrength::fast;  // of a copy's stream digests
};

// Brings the rules over rows: they get the definition under the target's name, with the columns a
// route adds; rows of tables that are not taken, of events that are ignored and for which an
// expression holds are dropped and counted. Of statements it takes out what is not for the target;
// their names stay the source's (Router::renaming() is for who runs them). Ends of units stay as
// they are. A stream's digest is that of the rows as they go on, where columns were added: what was
// read is compared before. One for a run; any thread.
//   TW113 two routes match; TW114 a filter's action is Error; TW115 an expression failed for a row;
//   TW900 rows changed between their reader and this
class RouteStage final : public Stage {
 public:
  explicit RouteStage(RouterPtr router, RouteStageOptions options = {});
  ~RouteStage() override;

  Result<void> pass(Block& block) const override;

  std::vector<Dropped> dropped() const { return drops_.list(); }
  // Filters that can leave nothing out, a sentence each, so far.
  std::vector<std::string> warnings() const;

 private:
  struct TableState;
  struct StreamDigests {
    Digest as_read, as_sent;
  };

  Result<TableState*> state_of(const TablePtr& table) const;
  Result<std::unique_ptr<TableState>> make_state(const TablePtr& table) const;
  // Nothing when its rows were dropped.
  Result<TableState*> pass_rows(Block& block, Rows& rows) const;
  void widen_rows(Block& block, std::span<const Widening> widenings) const;
  Result<void> end_stream(const Stream& stream, StreamEnd& end) const;

  const RouterPtr router_;
  mutable Guarded<std::vector<std::string>> warnings_;
  const RouteStageOptions options_;
  mutable DropCounts drops_;
  // By the definition's address, which the state keeps its own.
  mutable Guarded<std::map<const TableDef*, std::unique_ptr<TableState>>> states_;
  mutable Guarded<std::map<std::pair<TableId, std::uint64_t>, StreamDigests>> digests_;
};

}  // namespace tideway
