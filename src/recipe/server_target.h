#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/copy_sink.h"
#include "apply/schema.h"
#include "base/memory.h"
#include "base/result.h"
#include "progress/job_progress.h"
#include "recipe/prove.h"
#include "recipe/round_target.h"
#include "recipe/rounds.h"
#include "route/route_stage.h"
#include "route/router.h"
#include "snapshot/object_list.h"

namespace tideway::recipe {

// Tables of a source that are made on the target.
using Tables = std::vector<MadeTable>;

// Makes databases and tables on the target, each under the name its route says.
Result<Tables> make_everything(JobProgress& progress, const ObjectList& objects,
                               std::span<const TableToMake> tables, const RouterPtr& router,
                               OnDuplicate on_duplicate, std::uint32_t threads,
                               const std::stop_token& stop);

std::vector<TablePtr> definitions_of(const ObjectList& objects);

// The target server as rounds see it: progress, then a sink over it. Owned by the recipe; all
// references outlive it.
class ServerTarget : public RoundTarget {
 public:
  ServerTarget(JobProgress& progress, Tables& tables, RouterPtr router, MemoryArbiter& arbiter,
               tideway::CopyOptions options)
      : progress_(progress),
        tables_(tables),
        router_(std::move(router)),
        arbiter_(arbiter),
        options_(options) {}

  std::string position() const override { return progress_.position(); }
  Result<StreamSink*> begin(const std::string& position, const std::set<TableId>& copy_again,
                            const std::stop_token& stop) override;
  Result<void> redefine(const ListedTable& table, const std::stop_token& stop) override;
  std::vector<const Stage*> stages() const override { return {routing_.get()}; }
  std::string limit_text() const override { return sink_ ? sink_->pressure_text() : ""; }

  TargetLedger& ledger() { return *ledger_; }  // of the last begin
  Result<void> complete(const std::stop_token& stop) { return sink_->complete(stop); }

 private:
  JobProgress& progress_;
  Tables& tables_;
  const RouterPtr router_;
  MemoryArbiter& arbiter_;
  const tideway::CopyOptions options_;
  std::unique_ptr<RouteStage> routing_;
  std::unique_ptr<TargetLedger> ledger_;
  std::unique_ptr<CopySink> sink_;
};

// What the target is asked for of the tables that were read to their end. `where` outlives it.
std::vector<TableToProve> tables_to_prove(const Tables& made, const RoundsResult& rounds);
ProofOptions proof_options(DigestStrength strength, std::uint32_t threads,
                           const std::string& where);

}  // namespace tideway::recipe
