#include "assess/target_rules.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace tideway {
namespace {

using Level = Finding::Level;

Finding finding(Level level, std::string name, std::string subject, std::string sentence,
                std::string mend = "", ErrorCode error = ErrorCode::not_supported) {
  Finding made;
  made.level = level;
  made.side = Side::target;
  made.name = std::move(name);
  if (!subject.empty()) made.subjects.push_back(std::move(subject));
  made.sentence = std::move(sentence);
  if (!mend.empty()) made.mend.push_back(std::move(mend));
  made.error = error;
  return made;
}

void judge_tidb(const TargetFacts& target, Assessment& assessment) {
  if (target.has_global_kill == false)
    assessment.add(finding(
        Level::blocker, "global_kill", "enable-global-kill",
        "behind a load balancer a KILL would reach another session than the one that is meant",
        "in TiDB's configuration: enable-global-kill = true, then restart it"));
  if (target.has_new_collations == false)
    assessment.add(finding(
        Level::warning, "new_collations", "new_collations_enabled_on_first_bootstrap",
        "every collation compares by bytes: what is equal in a case-insensitive key of the source "
        "is not equal here, and sorts differently"));
  if (const auto life = parse_duration(target.value("tidb_gc_life_time"));
      life && *life < std::chrono::minutes(10))
    assessment.add(finding(Level::warning, "tidb_gc_life_time", "tidb_gc_life_time",
                           "a comparison holds a snapshot for longer than it is kept",
                           "SET GLOBAL tidb_gc_life_time = '1h'"));
  if (target.value("tidb_enable_foreign_key") == "OFF")
    assessment.add(finding(Level::warning, "tidb_enable_foreign_key", "tidb_enable_foreign_key",
                           "foreign keys are not kept: what the source cascades, which its log "
                           "does not say, does not happen here",
                           "SET GLOBAL tidb_enable_foreign_key = ON"));
}

}  // namespace

void judge_target(const TargetFacts& target, Assessment& assessment) {
  if (target.value("innodb_read_only") == "ON") {
    assessment.add(finding(Level::blocker, "reader", "the target",
                           "is a reader (innodb_read_only is ON); a writer is needed",
                           "name the writer's (cluster's) endpoint as the target",
                           ErrorCode::connect_role));
    return;
  }
  if (target.no_progress_tables) {
    const Error& error = *target.no_progress_tables;
    const bool is_read_only = error.code() == ErrorCode::read_only;
    const std::string mend = is_read_only
                                 ? "SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF"
                                 : error.evidence().statement;
    assessment.add(
        finding(Level::blocker, is_read_only ? "read_only" : "progress_tables", target.account,
                (is_read_only ? "the target cannot be written: is it the writer? "
                              : "the tables of a job's progress cannot be made and written: ") +
                    error.to_line(),
                mend, error.code()));
  }
  if (target.no_kill)
    assessment.add(finding(Level::blocker, "kill", target.account,
                           "the account could not end a session of its own, without which the "
                           "outcome of a lost COMMIT cannot be known: " +
                               target.no_kill->to_line(),
                           target.no_kill->evidence().statement, target.no_kill->code()));
  if (target.server.kind == ServerKind::tidb) judge_tidb(target, assessment);
}

void judge_both(const SourceFacts& source, const TargetFacts& target, Assessment& assessment) {
  const std::uint64_t needed = source.server.max_allowed_packet;
  if (target.server.max_allowed_packet < needed)
    assessment.add(
        finding(Level::warning, "max_allowed_packet", "max_allowed_packet",
                fmt::format("the source takes rows of up to {}, the target of up to {}",
                            human_bytes(needed), human_bytes(target.server.max_allowed_packet)),
                statement_to_set(target.server, "max_allowed_packet", std::to_string(needed))));
  if (source.server.lower_case_table_names != target.server.lower_case_table_names)
    assessment.add(finding(
        Level::note, "lower_case_table_names", "lower_case_table_names",
        fmt::format("is {} on the source and {} on the target: applications may have to spell "
                    "names otherwise",
                    source.server.lower_case_table_names, target.server.lower_case_table_names)));
  // What applications would meet after a cutover; the sessions of a job set these themselves.
  constexpr std::array<std::string_view, 5> names = {
      "sql_mode", "time_zone", "character_set_server", "collation_server", "transaction_isolation"};
  for (const std::string_view name : names) {
    const std::string_view here = source.value(name), there = target.value(name);
    if (here.empty() || there.empty() || here == there) continue;
    assessment.add(finding(Level::note, "variable", std::string(name),
                           fmt::format("is '{}' on the source and '{}' on the target, which "
                                       "applications meet after a cutover",
                                       here, there),
                           fmt::format("SET GLOBAL {} = '{}'", name, here)));
  }
}

}  // namespace tideway
