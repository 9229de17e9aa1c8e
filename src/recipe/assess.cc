#include "recipe/assess.h"

#include <utility>
#include <vector>

#include "assess/read_source.h"
#include "assess/read_target.h"
#include "assess/source_rules.h"
#include "assess/table_rules.h"
#include "assess/target_rules.h"
#include "base/log.h"
#include "recipe/routed_tables.h"
#include "recipe/server_target.h"
#include "recipe/servers.h"

namespace tideway::recipe {

const OptionTable<AssessOptions>& AssessOptions::table() {
  using enum CommonPart;
  static const OptionTable<AssessOptions> options{
      include(&AssessOptions::common, CommonOptions::table({source, target, filter})),
      include(&AssessOptions::routing, RoutingOptions::log_table()),
  };
  return options;
}

Result<Assessed> assess_servers(Session& source, Session* target, const Purpose& purpose,
                                const std::stop_token& stop) {
  Assessed assessed;
  assessed.purpose = purpose;
  assessed.source = TRY_DURING("assessing the source", read_source(source, purpose, stop));
  judge_source(assessed.source, purpose, assessed.assessment);
  if (target == nullptr) return assessed;
  assessed.target = TRY_DURING("assessing the target", read_target(*target, stop));
  judge_target(*assessed.target, assessed.assessment);
  judge_both(assessed.source, *assessed.target, assessed.assessment);
  return assessed;
}

Result<Assessment> assess_target(Session& target, const std::stop_token& stop) {
  Assessment assessment;
  judge_target(TRY_DURING("assessing the target", read_target(target, stop)), assessment);
  return assessment;
}

Result<void> assess_objects(Assessed& assessed, Session& source, const ObjectList& objects,
                            const RouterPtr& router, const std::stop_token& stop) {
  std::vector<TableId> names;
  for (const ListedTable& table : objects.tables) names.push_back(table.id());
  const auto unreadable =
      TRY_DURING("trying to read the tables", find_unreadable(source, names, stop));
  const auto tables = TRY(route_tables(*router, definitions_of(objects)));
  judge_objects({objects, unreadable, tables}, assessed.source,
                assessed.target ? &*assessed.target : nullptr, assessed.purpose,
                assessed.assessment);
  return {};
}

Result<void> refuse_blockers(const Assessment& assessment, StatusBoard& board) {
  for (const Finding& finding : assessment.findings) {
    const std::string mend = finding.mend.empty() ? "" : finding.mend.front();
    if (finding.level == Finding::Level::warning) {
      board.warn(to_text(finding) + (mend.empty() ? "" : "; mended by: " + mend));
    } else if (finding.level == Finding::Level::note) {
      LOG(info, "assessed", {{"note", to_text(finding)}, {"mend", mend}});
    }
  }
  if (auto refusal = assessment.refusal()) return fail(*std::move(refusal));
  return {};
}

Result<AssessReport> assess_migration(const AssessOptions& options, StatusBoard& board,
                                      const std::stop_token& stop) {
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  const Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  AssessReport report;
  report.source = source.to_text();
  board.begin(1, 2, "asking the servers");
  Session session = TRY_DURING("connecting to the source", Session::open(source, {}, stop));
  std::optional<Session> other;
  if (options.common.target.is_given()) {
    const Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
    report.target = target.to_text();
    other = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
    TRY(refuse_one_server(session, *other, stop));
  }
  Assessed assessed = TRY(assess_servers(session, other ? &*other : nullptr, {}, stop));
  board.begin(2, 2, "reading definitions");
  const ObjectList objects = TRY_DURING("listing tables of the source",
                                        list_objects(session, Router::filter_of(router), {}, stop));
  TRY(assess_objects(assessed, session, objects, router, stop));
  report.assessment = std::move(assessed.assessment);
  return report;
}

}  // namespace tideway::recipe
