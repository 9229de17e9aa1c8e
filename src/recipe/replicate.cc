#include "recipe/replicate.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "dumpfile/metadata.h"
#include "recipe/assess.h"
#include "recipe/certify.h"
#include "recipe/follow_job.h"
#include "recipe/log_place.h"
#include "recipe/preflight.h"
#include "recipe/servers.h"
#include "snapshot/object_list.h"

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

// The place that a dump's `metadata` has.
Result<std::string> place_of_dump(const std::string& folder) {
  const std::string path = folder + "/" + std::string(metadata_path);
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const DumpMetadata metadata = TRY_DURING("reading " + path, parse_metadata(text));
  const auto& [name, offset, gtids] = metadata.source;
  if (!gtids.empty()) return gtids;
  if (!name.empty()) return name + ":" + offset;
  return fail(Error(ErrorCode::file_syntax, Side::local, Retry::after_operator,
                    path + " says nothing of a place in the source's log"));
}

// Tables whose rows may hold changes behind the start stand somewhere between it and the overlap's
// end.
Result<std::vector<TableStart>> starts_of(const ReplicateOptions& options,
                                          const ObjectList& objects, const LogStart& start,
                                          Session& source, const std::stop_token& stop) {
  std::vector<TableStart> starts;
  if (options.overlap_until == "none" || options.start == "now") return starts;
  const LogStart high = TRY_DURING(
      "--overlap-until",
      find_log_place(source, options.overlap_until.empty() ? "now" : options.overlap_until, stop));
  for (const ListedTable& table : objects.tables)
    starts.push_back({table.id(), start.to_json(), high.to_json(), false});
  return starts;
}

Result<void> begin(const ReplicateOptions& options, LogProgress& progress, Session& source,
                   const ObjectList& objects, Certificate& certificate,
                   const std::stop_token& stop) {
  if (options.start.empty()) {
    return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                      "a new job needs to know where to begin: --start now, FILE:OFFSET, a set of "
                      "GTIDs, a time, or the folder of a dump"));
  }
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(options.start, ignored);
  const std::string place = is_folder ? TRY(place_of_dump(options.start)) : options.start;
  const LogStart start = TRY_DURING("--start", find_log_place(source, place, stop));
  const auto starts = TRY(starts_of(options, objects, start, source, stop));
  if (!starts.empty())
    certificate.warnings.push_back(fmt::format(
        "changes from {} to {} were written row by row, as the target may have held them already",
        start.to_text(), TRY(LogStart::parse_json(starts[0].high)).to_text()));
  return progress.begin({start.to_json(), {}}, starts, source_definitions(objects), stop);
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
    ListOptions listing;
    listing.with_views = false;
    const ObjectList objects =
        TRY_DURING("listing tables of the source",
                   list_objects(session, Router::filter_of(router), listing, stop));
    assessed.assessment = {};  // what the servers are was told
    TRY(assess_objects(assessed, session, objects, router, stop));
    TRY(refuse_blockers(assessed.assessment, board));
    TRY(begin(options, *progress, session, objects, certificate, stop));
  }

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
