#include "recipe/migrate.h"

#include <fmt/format.h>

#include <memory>

#include "base/crew.h"
#include "recipe/assess.h"
#include "recipe/certify.h"
#include "recipe/follow_job.h"
#include "recipe/followed_target.h"
#include "recipe/log_place.h"
#include "recipe/preflight.h"
#include "recipe/prove.h"
#include "recipe/retention.h"
#include "recipe/routed_tables.h"
#include "recipe/servers.h"

namespace tideway::recipe {
namespace {

JobOptions job_options(const MigrateOptions& options, const std::string& job) {
  JobOptions made;
  made.job = job;
  made.recipe = "migrate";
  made.settings = settings_of(options.common, options.reading) + settings_of(options.routing);
  made.config_hash = settings_hash(made.settings);
  made.takeover = options.common.takeover;
  made.restart = options.common.restart;
  return made;
}

// What the phases share.
struct Migration {
  const MigrateOptions& options;
  Endpoint source, target;
  RouterPtr router;
  StatusBoard& board;
  Certificate certificate;
  std::unique_ptr<JobProgress> job;
  OriginNames names;
  std::unique_ptr<LogProgress> log;
  MemoryArbiter arbiter;
  Assessed assessed = {};
  RetentionGuard retention = {};
};

Result<ObjectList> list(const Migration& job, Session& session, const std::stop_token& stop) {
  ListOptions listing;
  listing.with_views = job.options.views;
  return list_objects(session, Router::filter_of(job.router), listing, stop);
}

Result<void> make_all_views(Migration& job, const ObjectList& objects,
                            std::span<const TableToMake> tables, const std::stop_token& stop) {
  std::vector<ViewToMake> views;
  for (const ListedView& view : objects.views) views.push_back({view.id, view.create_text});
  views = route_views(std::move(views), tables, job.certificate);
  describe_views(job.certificate, TRY(make_views(*job.job, views, stop)));
  return {};
}

// The copy: when it returns, all that is needed to follow the log is durable.
Result<void> copy_tables(Migration& job, const std::stop_token& stop) {
  const MigrateOptions& options = job.options;
  ObjectList objects;
  LogStart begin;
  {
    Session session = TRY_DURING("connecting to the source", Session::open(job.source, {}, stop));
    begin = TRY_DURING("looking for the log's end", end_of_log(session, stop));
    objects = TRY_DURING("listing tables of the source", list(job, session, stop));
    TRY(check_where(session, objects, options.reading.where, stop));
    job.assessed.assessment = {};  // what the servers are was told
    TRY(assess_objects(job.assessed, session, objects, job.router, stop));
    TRY(refuse_blockers(job.assessed.assessment, job.board));
  }
  const auto tables = TRY(route_tables(*job.router, definitions_of(objects)));
  describe_objects(job.certificate, objects);
  describe_left_over(job.certificate, job.job->all_filled(), objects);
  Tables made = TRY(make_everything(*job.job, objects, tables, job.router,
                                    options.writing.on_duplicate, options.common.threads, stop));
  FollowedTarget target(*job.log, *job.job, made, job.router, job.arbiter,
                        sink_options(options.common, options.writing, options.reading.digest));
  TRY(target.read_starts(stop));
  // Whatever the copy's places will be, none lies before where the log ended when it began.
  if (const auto earlier = TRY(job.log->starts(stop)); !earlier.empty())
    begin = TRY(least_start(earlier));
  CopyRate rate;
  RetentionWatch retention(job.source, job.board, job.retention, [&]() -> LogNeed {
    return {begin, rate.seconds_left(job.board.status(), real_clock().now()), false};
  });
  Crew watch(stop);
  watch.start("retention", [&](const std::stop_token& asked) { return retention.run(asked); });
  RoundOptions reading = round_options(options.common, options.reading);
  reading.is_followed = true;
  const auto list_again = [&job](Session& session, const std::stop_token& asked) {
    return list(job, session, asked);
  };
  RoundsResult rounds = TRY(read_in_rounds({job.source, list_again}, objects, target, job.arbiter,
                                           reading, job.board, stop));
  TRY(target.complete(stop));
  const auto proofs = TRY(
      prove(*job.job, target.ledger(), tables_to_prove(made, rounds),
            proof_options(options.reading.digest, options.common.threads, options.reading.where),
            job.board, stop));
  const auto starts = TRY(target.starts(rounds.objects, rounds));
  // Each stands at a place of its own, which the log makes good.
  for (const TableStart& start : starts) rounds.tables[start.table] = {true, "", std::nullopt};
  describe_rounds(job.certificate, rounds);
  describe_proofs(job.certificate, made, rounds, proofs, options.reading.digest);
  TRY(make_all_views(job, rounds.objects, tables, stop));

  return job.log->begin({TRY(least_start(starts)).to_json(), {}}, starts,
                        source_definitions(rounds.objects), stop);
}

FollowOptions follow_options(const MigrateOptions& options) {
  FollowOptions following;
  following.threads = options.common.threads;
  following.block_bytes = block_bytes(options.common);
  following.batch_bytes = options.writing.batch_bytes;
  // A branch that was prepared before the copy began and ended behind it was waited for.
  following.sees_older_branches = true;
  following.step = following.steps = 3;
  return following;
}

}  // namespace

Result<Certificate> migrate(const MigrateOptions& options, StatusBoard& board,
                            const std::stop_token& stop) {
  Migration job{options,
                TRY(endpoint_of(options.common.source, Side::source, stop)),
                TRY(endpoint_of(options.common.target, Side::target, stop)),
                TRY(router_of(options.common, options.routing)),
                board,
                {},
                nullptr,
                {},
                nullptr,
                MemoryArbiter(options.common.memory_bytes)};
  job.certificate = begin_certificate("migrate", job.source.to_text(), job.target.to_text());
  job.certificate.job =
      job_name(options.common, "migrate", job.certificate.source, job.certificate.target);
  board.name_job(job.certificate.job);
  const auto operated = offer_gate(board.control());

  board.begin(1, 3, "reading definitions");
  {
    Session source = TRY_DURING("connecting to the source", Session::open(job.source, {}, stop));
    Session target = TRY_DURING("connecting to the target", Session::open(job.target, {}, stop));
    TRY(refuse_one_server(source, target, stop));
    job.assessed = TRY(assess_servers(source, &target, {true, true}, stop));
    TRY(refuse_blockers(job.assessed.assessment, board));
  }
  watch(board, {&job.source, &job.target});
  job.job =
      TRY_DURING("opening the job on the target",
                 JobProgress::open(job.target, job_options(options, job.certificate.job), stop));
  if (auto earlier = TRY(cut_over_before(*job.job, board))) return *std::move(earlier);
  job.log = TRY(LogProgress::open(*job.job, job.names, stop));
  if (job.log->found().base.position.empty()) TRY(copy_tables(job, stop));

  const FollowParts parts{job.source, *job.log, job.router, job.arbiter, board, job.retention};
  const FollowedJob followed = TRY(
      follow_job(parts, follow_options(options), options.following, options.reading.digest, stop));
  TRY(conclude(job.certificate, parts, followed, stop));
  return std::move(job.certificate);
}

}  // namespace tideway::recipe
