#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "assess/assessment.h"
#include "assess/facts.h"
#include "base/option_table.h"
#include "base/result.h"
#include "flow/status.h"
#include "model/common_options.h"
#include "mysql/session.h"
#include "recipe/routing_options.h"
#include "route/router.h"
#include "snapshot/object_list.h"

namespace tideway::recipe {

struct AssessOptions {
  CommonOptions common;
  RoutingOptions routing;
  static const OptionTable<AssessOptions>& table();
};

// What was asked of the servers, and what came of it so far.
struct Assessed {
  Purpose purpose;
  SourceFacts source;
  std::optional<TargetFacts> target;
  Assessment assessment;
};

// Settings, logs and accounts; no table is looked at. `target`: nullptr when none was named.
Result<Assessed> assess_servers(Session& source, Session* target, const Purpose& purpose,
                                const std::stop_token& stop);
// Of a job that has no server as its source.
Result<Assessment> assess_target(Session& target, const std::stop_token& stop);
// Adds what the listed objects mean, where they go by the router.
Result<void> assess_objects(Assessed& assessed, Session& source, const ObjectList& objects,
                            const RouterPtr& router, const std::stop_token& stop);

// Before a job begins: warnings go on the board, notes into the log; blockers are one error that
// names all of them, each with what mends it, under the code of the first.
Result<void> refuse_blockers(const Assessment& assessment, StatusBoard& board);

// `tideway assess`: of a migration. Blockers are findings, no errors.
struct AssessReport {
  std::string source, target;  // target: empty when none was named
  Assessment assessment;
};
Result<AssessReport> assess_migration(const AssessOptions& options, StatusBoard& board,
                                      const std::stop_token& stop);

}  // namespace tideway::recipe
