#include "recipe/follow_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crew.h"
#include "recipe/auto_increment.h"
#include "recipe/certify.h"
#include "recipe/cutover.h"
#include "recipe/log_place.h"
#include "stream/log_time.h"

namespace tideway::recipe {
namespace {

constexpr Duration for_ever = std::chrono::hours(24 * 365);

// Passes of the verification, until a cutover is ordered and comes to its point.
std::optional<CutPoint> watch(LiveVerify& verify, Cutover& cutover, const FollowingOptions& how,
                              const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::stop_source passes;
    const std::stop_callback with_all(stop, [&passes] { passes.request_stop(); });
    cutover.interrupts(passes);
    if (how.verify == VerifyWhen::continuously) {
      verify.run(how.verify_share / 100.0, passes.get_token());
    } else {
      real_clock().wait(for_ever, passes.get_token());
    }
    if (!cutover.is_ordered() || stop.stop_requested()) continue;
    if (auto point = cutover.run(stop)) return point;
  }
  return std::nullopt;
}

std::set<TableId> parked_tables(const LogSink& sink) {
  std::set<TableId> tables;
  for (const ParkedTable& parked : sink.parked()) tables.insert(parked.table);
  return tables;
}

// Where --until ended: nothing moves the target any more.
Result<void> compare_at_end(const FollowParts& parts, FollowedJob& job, DigestStrength strength,
                            std::size_t threads, const std::stop_token& stop) {
  parts.board.begin(0, 0, "comparing both sides");
  std::set<TableId> parked;
  for (const ParkedTable& each : job.followed.parked) parked.insert(each.table);
  const auto nothing_to_wait_for = [](const std::stop_token&) -> Result<void> { return {}; };
  LiveVerify verify({parts.source, parts.progress.job().target(), parts.router, nothing_to_wait_for,
                     [&parked] { return parked; }, parts.board},
                    strength);
  job.compared = TRY(verify.pass(1.0, threads, stop));
  Session session = TRY_DURING("connecting to the source", Session::open(parts.source, {}, stop));
  const LogStart end = TRY(end_of_log(session, stop));
  job.source_moved = !TRY(LogStart::parse_json(job.followed.base.position)).reaches(end);
  return {};
}

void describe_compared(Certificate& certificate, const FollowedJob& job) {
  certificate.tables.clear();
  std::set<TableId> filtered;
  for (const Dropped& dropped : job.followed.dropped) filtered.insert(dropped.table);
  for (const LiveReport& live : job.compared->tables) {
    TableCertificate entry = compared(live.report);
    if (entry.proof == Proof::different && filtered.contains(entry.source)) {
      entry.proof = Proof::unproven;
      entry.reason = "rules left out changes of it, so that it is not what the source has";
    } else if (entry.proof != Proof::proven && job.source_moved) {
      entry.proof = Proof::unproven;
      entry.reason = "the source was written to while both sides were compared: " + entry.reason;
    }
    certificate.tables.push_back(std::move(entry));
  }
  for (const TableReport& extra : job.compared->extra)
    certificate.warnings.push_back(quoted(extra.target) +
                                   " is on the target only; it was compared with nothing");
}

// What was followed was applied change by change, and nobody has compared the tables since.
Result<void> say_not_compared(Certificate& certificate, const FollowParts& parts,
                              const std::stop_token& stop) {
  for (const SourceDefinition& each : TRY(parts.progress.definitions(stop))) {
    if (!parts.router->is_wanted(each.table) ||
        std::ranges::find(certificate.tables, each.table, &TableCertificate::source) !=
            certificate.tables.end())
      continue;
    TableCertificate& table = certificate.tables.emplace_back();
    table.source = each.table;
    table.target = TRY(parts.router->route(each.table)).target;
    table.reason = "its changes were applied and not compared: tideway verify compares";
  }
  for (TableCertificate& table : certificate.tables) {
    if (table.proof != Proof::proven) continue;
    table.proof = Proof::not_compared;
    table.reason =
        "its copy was proven; what the log brought since was applied and not compared: "
        "tideway verify compares when nobody writes";
  }
  return {};
}

void describe_parked(Certificate& certificate, const ParkedTable& parked) {
  auto found = std::ranges::find(certificate.tables, parked.table, &TableCertificate::target);
  if (found == certificate.tables.end()) {
    found = certificate.tables.insert(found, TableCertificate{});
    found->source = found->target = parked.table;
  }
  found->proof = Proof::unproven;
  found->reason = fmt::format("left out from {} on, {} changes so far: {}", parked.from_unit,
                              parked.dropped, parked.reason);
}

Result<void> describe_followed(Certificate& certificate, const FollowParts& parts,
                               const FollowedJob& job, const std::stop_token& stop) {
  if (const auto place = LogStart::parse_json(job.followed.base.position))
    certificate.position = place->to_text();
  if (job.compared) {
    describe_compared(certificate, job);
  } else {
    TRY(say_not_compared(certificate, parts, stop));
  }
  for (const ParkedTable& parked : job.followed.parked) describe_parked(certificate, parked);
  for (const Dropped& dropped : job.followed.dropped)
    certificate.warnings.push_back(
        fmt::format("{}: {} row changes and {} statements were left out: {}", quoted(dropped.table),
                    dropped.rows, dropped.statements, dropped.reason));
  return {};
}

Result<void> raise_counters(Certificate& certificate, const FollowParts& parts,
                            const FollowedJob& job, const std::stop_token& stop) {
  Session source = TRY_DURING("connecting to the source", Session::open(parts.source, {}, stop));
  SessionName name;
  Session target = TRY(parts.progress.job().open_session({}, std::nullopt, name, stop));
  std::vector<CountedTable> tables;
  for (const TableCertificate& table : certificate.tables)
    tables.push_back({table.source, table.target});
  for (Change& change : TRY(raise_auto_increment(source, target, tables, stop)))
    certificate.changes.push_back(std::move(change));
  const LogStart end = TRY(end_of_log(source, stop));
  if (!TRY(LogStart::parse_json(job.followed.base.position)).reaches(end))
    certificate.warnings.push_back(
        fmt::format("the source has written its log up to {} since the cutover at {}: if tables of "
                    "this job were changed there, the target does not have it",
                    end.to_text(), certificate.position));
  return {};
}

}  // namespace

Result<FollowedJob> follow_job(const FollowParts& parts, const FollowOptions& options,
                               const FollowingOptions& how, DigestStrength strength,
                               const std::stop_token& stop) {
  auto following = TRY(Following::open(parts, options, stop));
  if (const auto until_time = parse_log_time(how.until)) {
    following->read_until_time(*until_time);
  } else if (!how.until.empty()) {
    Session session = TRY_DURING("connecting to the source", Session::open(parts.source, {}, stop));
    const std::string place = how.until == "caught-up" ? "now" : how.until;
    following->read_until(TRY_DURING("--until", find_log_place(session, place, stop)));
  }
  LiveVerify verify({parts.source, parts.progress.job().target(), parts.router,
                     [&](const std::stop_token& asked) -> Result<void> {
                       TRY(following->catch_up(asked));
                       return {};
                     },
                     [&] { return parked_tables(following->sink()); }, parts.board},
                    strength);
  Cutover cutover({[&](const std::stop_token& asked) { return following->catch_up(asked); },
                   [&] { return following->changes(); }, verify, parts.board, options.threads});
  following->show_also([&](Status& status) {
    verify.describe(status);
    cutover.describe(status);
  });
  const auto offer = parts.board.control().offer(
      "cutover", [&cutover](const std::string& argument) { return cutover.order(argument); });

  FollowedJob job;
  std::optional<CutPoint> cut;
  Crew beside(stop);
  beside.start("verify", [&](const std::stop_token& asked) -> Result<void> {
    cut = watch(verify, cutover, how, asked);
    if (cut) following->read_until(cut->end);
    return {};
  });
  auto followed = following->run(stop);
  beside.stop();
  TRY(beside.join());
  job.followed = TRY(std::move(followed));
  if (job.followed.is_stopped) {
    return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                      "stopped while following the log"));
  }
  job.is_cut_over = cut.has_value();
  if (cut) {
    job.compared = std::move(cut->compared);
  } else if (how.verify != VerifyWhen::never) {
    TRY(compare_at_end(parts, job, strength, options.threads, stop));
  }
  return job;
}

Result<void> conclude(Certificate& certificate, const FollowParts& parts, const FollowedJob& job,
                      const std::stop_token& stop) {
  TRY(describe_followed(certificate, parts, job, stop));
  if (job.is_cut_over) TRY(raise_counters(certificate, parts, job, stop));
  end_certificate(certificate, parts.board);
  if (job.is_cut_over) TRY(parts.progress.job().finish(to_json(certificate), stop));
  return {};
}

Result<std::optional<Certificate>> cut_over_before(const JobProgress& job, StatusBoard& board) {
  if (!job.was_finished()) return std::optional<Certificate>();
  board.warn(
      "this job ended with a cutover: nothing is followed any more, and its certificate is shown "
      "again. --restart begins anew");
  return std::optional(TRY(parse_certificate(job.certificate())));
}

}  // namespace tideway::recipe
