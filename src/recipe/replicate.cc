#include "recipe/replicate.h"

#include <fmt/format.h>

#include <memory>

#include "base/log.h"
#include "recipe/assess.h"
#include "recipe/certify.h"
#include "recipe/follow_job.h"
#include "recipe/log_begin.h"
#include "recipe/preflight.h"
#include "recipe/servers.h"

namespace tideway::recipe {
namespace {

JobOptions job_options(const ReplicateOptions& options, const std::string& job) {
  JobOptions made;
  made.job = job;
  made.recipe = "replicate";
  made.settings =
      fmt::format("filter={}\ncase-sensitive={}\n{}", fmt::join(options.common.filter, " "),
                  options.common.case_sensitive, settings_of(options.routing));
  made.config_hash = settings_hash(made.settings);
  made.takeover = options.common.takeover;
  made.restart = options.common.restart;
  return made;
}

Result<LogBegin> look_for_begin(const ReplicateOptions& options, const RouterPtr& router,
                                const Endpoint& target, Session& source,
                                const std::stop_token& stop) {
  Session other = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
  LogBegin found = TRY(find_log_begin(options, router, source, other, stop));
  LOG(info, "the job begins", {{"at", found.start.to_text()}, {"overlap", found.overlap}});
  return found;
}

// What was written whatever was there: the job keeps it, so that every start says so.
Result<void> describe_overlap(Certificate& certificate, const LogProgress& progress,
                              const std::stop_token& stop) {
  std::size_t tables = 0;
  std::string until;
  for (const TableStart& start : TRY(progress.starts(stop))) {
    if (start.is_exact) continue;
    ++tables;
    until = TRY(LogStart::parse_json(start.high)).to_text();
  }
  if (tables != 0) {
    certificate.warnings.push_back(
        fmt::format("changes up to {} were written row by row to {} tables, as the target may have "
                    "held them already; those behind it exactly",
                    until, tables));
  }
  return {};
}

}  // namespace

Result<Certificate> replicate(const ReplicateOptions& options, StatusBoard& board,
                              const std::stop_token& stop) {
  Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  Certificate certificate = begin_certificate("replicate", source.to_text(), target.to_text());
  certificate.job = job_name(options.common, "replicate", certificate.source, certificate.target);
  board.name_job(certificate.job);
  const auto operated = offer_gate(board.control());

  board.begin(1, 2, "reading definitions");
  Session session = TRY_DURING("connecting to the source", Session::open(source, {}, stop));
  Assessed assessed;
  {
    Session other = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
    TRY(refuse_one_server(session, other, stop));
    assessed = TRY(assess_servers(session, &other, {false, true}, stop));
    TRY(refuse_blockers(assessed.assessment, board));
  }
  watch(board, {&source, &target});
  auto job = TRY_DURING("opening the job on the target",
                        JobProgress::open(target, job_options(options, certificate.job), stop));
  if (auto earlier = TRY(cut_over_before(*job, board))) return *std::move(earlier);
  OriginNames names;
  auto progress = TRY(LogProgress::open(*job, names, stop));
  if (progress->found().base.position.empty()) {
    const LogBegin found = TRY(look_for_begin(options, router, target, session, stop));
    assessed.assessment = {};  // what the servers are was told
    TRY(assess_objects(assessed, session, found.objects, router, stop));
    TRY(refuse_blockers(assessed.assessment, board));
    TRY(progress->begin({found.start.to_json(), {}}, found.starts, found.definitions, stop));
  }
  TRY(describe_overlap(certificate, *progress, stop));

  MemoryArbiter arbiter(options.common.memory_bytes);
  FollowOptions following_options;
  following_options.threads = options.common.threads;
  following_options.block_bytes = block_bytes(options.common);
  following_options.batch_bytes = options.batch_bytes;
  following_options.step = following_options.steps = 2;
  RetentionGuard retention;
  const FollowParts parts{source, *progress, router, arbiter, board, retention};
  const FollowedJob followed =
      TRY(follow_job(parts, following_options, options.following, DigestStrength::strong, stop));
  TRY(conclude(certificate, parts, followed, stop));
  return certificate;
}

}  // namespace tideway::recipe
