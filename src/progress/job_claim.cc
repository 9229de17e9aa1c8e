#include "progress/job_claim.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "progress/job_progress.h"
#include "progress/log_rows.h"
#include "progress/meta_tables.h"
#include "progress/owner.h"
#include "progress/session_name.h"

namespace tideway {
namespace {

constexpr std::size_t rows_per_fence =
    5000;  // chunk rows changed in one transaction: TiDB bounds its size

struct JobRow {
  std::uint32_t format = 0;
  std::uint64_t epoch = 0;
  std::string recipe, config_hash, settings, sessions;
  Owner owner;
  Duration heartbeat_age{0};
  JobClaim claim;
};

enum class Lock : std::uint8_t { none, row };

Result<std::optional<JobRow>> read_row(const MetaSession& control, Session& session, Lock lock,
                                       const std::stop_token& stop) {
  // First what every format has.
  const auto format = TRY(
      session.query_value(fmt::format("SELECT format FROM tideway_meta.base WHERE {}{}",
                                      control.where_job(), lock == Lock::row ? " FOR UPDATE" : ""),
                          stop));
  if (!format) return std::optional<JobRow>();
  JobRow job;
  job.format = static_cast<std::uint32_t>(meta_number(format));
  if (job.format > progress_format) {
    return fail(Error(ErrorCode::progress_unreadable, Side::target, Retry::never,
                      fmt::format("job '{}' was written in format {}; this version reads up to {}",
                                  control.job(), job.format, progress_format)));
  }
  const auto answer =
      TRY(session.query(fmt::format("SELECT epoch, recipe, config_hash, settings, owner, sessions, "
                                    "state, position, certificate, "
                                    "GREATEST(TIMESTAMPDIFF(MICROSECOND, heartbeat, "
                                    "UTC_TIMESTAMP(6)), 0) FROM tideway_meta.base WHERE {}",
                                    control.where_job()),
                        stop));
  if (answer.rows.size() != 1) {
    return fail(Error(ErrorCode::unexpected_answer, Side::target, Retry::same_session,
                      "the job's row vanished while it was read"));
  }
  const auto& row = answer.rows[0];
  job.epoch = meta_number(row[0]);
  job.recipe = row[1].value_or("");
  job.config_hash = row[2].value_or("");
  job.settings = row[3].value_or("");
  job.owner = parse_owner(row[4].value_or(""));
  job.sessions = row[5].value_or("");
  job.claim = {0, row[6].value_or(""), row[7].value_or(""), row[8].value_or("")};
  job.heartbeat_age = std::chrono::microseconds(meta_number(row[9]));
  return job;
}

Result<void> refuse_other_job(const JobRow& job, const JobOptions& options) {
  std::string what;
  if (job.recipe != options.recipe) {
    what = fmt::format("it was begun by 'tideway {}', this is 'tideway {}'", job.recipe,
                       options.recipe);
  } else if (job.config_hash != options.config_hash) {
    what = first_difference(job.settings, options.settings);
    if (what.empty()) what = "its settings were others";
  } else {
    return {};
  }
  return fail(Error(ErrorCode::job_differs, Side::local, Retry::after_operator,
                    fmt::format("job '{}': {}", options.job, what)));
}

Result<void> refuse_living_owner(const JobRow& job, const JobOptions& options) {
  if (job.owner.token.empty() || options.takeover || job.heartbeat_age >= options.fresh) return {};
  if (presence_of(job.owner) == Presence::gone) return {};
  return fail(Error(ErrorCode::job_owned, Side::local, Retry::after_operator,
                    fmt::format("job '{}' is owned by process {} on {}, whose last heartbeat is {} "
                                "old; it counts as gone after {}",
                                options.job, job.owner.pid, job.owner.host,
                                human_duration(job.heartbeat_age), human_duration(options.fresh))));
}

Result<void> insert_row(const MetaSession& control, const JobOptions& options, const Owner& us,
                        Session& session, const std::stop_token& stop) {
  TRY(session.execute(fmt::format("INSERT INTO tideway_meta.base (job, format, epoch, guard, "
                                  "recipe, state, position, config_hash, settings, owner, "
                                  "sessions, heartbeat, certificate) VALUES ({}, {}, 1, 1, {}, "
                                  "'new', '', {}, {}, {}, ',', UTC_TIMESTAMP(6), '')",
                                  meta_text(control.job()), progress_format,
                                  meta_text(options.recipe), meta_text(options.config_hash),
                                  meta_text(options.settings), meta_text(to_text(us))),
                      stop));
  return {};
}

// Before the row is asked for: an owner that stands still in the middle of a transaction may hold
// its lock, and only the end of its session lets go of it.
Result<void> let_go_of_row(const MetaSession& control, const JobOptions& options, const Owner& us,
                           Session& session, const std::stop_token& stop) {
  const auto job = TRY(read_row(control, session, Lock::none, stop));
  if (!job || job->owner.token == us.token) return {};
  if (!options.restart) TRY(refuse_other_job(*job, options));
  TRY(refuse_living_owner(*job, options));
  for (const SessionName& name : parse_sessions(job->sessions))
    TRY_DURING("ending a session of the job's former owner", end_session(session, name, stop));
  return {};
}

// Step 1 and the epoch of the job's row. Coming here a second time because nobody knows whether the
// first COMMIT happened, it finds itself as the owner.
Result<void> take_row(const MetaSession& control, const JobOptions& options, const Owner& us,
                      JobRow& taken, Session& session, const std::stop_token& stop) {
  auto job = TRY(read_row(control, session, Lock::row, stop));
  if (!job) {
    taken = {};
    taken.epoch = 1;
    return insert_row(control, options, us, session, stop);
  }
  taken = std::move(*job);
  if (taken.owner.token == us.token) return {};
  if (!options.restart) TRY(refuse_other_job(taken, options));
  TRY(refuse_living_owner(taken, options));
  ++taken.epoch;
  TRY(session.execute(fmt::format("UPDATE tideway_meta.base SET epoch = {}, guard = 1, owner = {}, "
                                  "heartbeat = UTC_TIMESTAMP(6) WHERE {}",
                                  taken.epoch, meta_text(to_text(us)), control.where_job()),
                      stop));
  return {};
}

// Step 2. The list stays until all of them are dead, so that a crash here leaves it to the next
// owner.
Result<void> end_sessions(const MetaSession& control, const JobRow& job, Session& session,
                          const std::stop_token& stop) {
  const auto names = parse_sessions(job.sessions);
  for (const SessionName& name : names)
    TRY_DURING("ending a session of the job's former owner", end_session(session, name, stop));
  if (names.empty()) return {};
  TRY(session.execute(
      fmt::format("UPDATE tideway_meta.base SET sessions = ',' WHERE {} AND epoch = {}",
                  control.where_job(), job.epoch),
      stop));
  return {};
}

// Step 3. Waits for the locks of transactions that are still at work: they end before the new owner
// begins.
Result<void> fence_chunks(const MetaSession& control, const JobRow& job, Session& session,
                          const std::stop_token& stop) {
  std::uint64_t changed = 0;
  do {
    changed =
        TRY(session.execute(
                fmt::format(
                    "UPDATE tideway_meta.chunk SET epoch = {0} WHERE {1} AND epoch < {0} LIMIT {2}",
                    job.epoch, control.where_job(), rows_per_fence),
                stop))
            .rows;
  } while (changed == rows_per_fence);
  return {};
}

std::map<std::string, std::string> lines_of(const std::string& settings) {
  std::map<std::string, std::string> values;
  std::size_t begin = 0;
  while (begin < settings.size()) {
    const std::size_t end = std::min(settings.find('\n', begin), settings.size());
    const std::string line = settings.substr(begin, end - begin);
    const std::size_t equals = std::min(line.find('='), line.size());
    if (!line.empty())
      values[line.substr(0, equals)] = line.substr(std::min(equals + 1, line.size()));
    begin = end + 1;
  }
  return values;
}

}  // namespace

std::string first_difference(const std::string& was, const std::string& is) {
  const auto before = lines_of(was), now = lines_of(is);
  std::set<std::string> names;
  for (const auto& [name, value] : before) names.insert(name);
  for (const auto& [name, value] : now) names.insert(name);
  for (const std::string& name : names) {
    const auto old = before.find(name), current = now.find(name);
    const std::string old_value = old == before.end() ? "not given" : "'" + old->second + "'";
    const std::string new_value = current == now.end() ? "not given" : "'" + current->second + "'";
    if (old_value != new_value) return fmt::format("{} was {}, is {}", name, old_value, new_value);
  }
  return {};
}

Result<JobClaim> claim_job(MetaSession& control, const JobOptions& options,
                           const std::stop_token& stop) {
  const Owner us = this_process();
  JobRow job;
  const auto let_go = [&](Session& session) {
    return let_go_of_row(control, options, us, session, stop);
  };
  const auto take = [&](Session& session) {
    return take_row(control, options, us, job, session, stop);
  };
  const auto end = [&](Session& session) { return end_sessions(control, job, session, stop); };
  const auto fence = [&](Session& session) { return fence_chunks(control, job, session, stop); };
  const auto take_over = [&](Session& session) {
    return take_lanes(control, job.epoch, session, stop);
  };
  TRY(control.outside_transaction(let_go, stop));
  TRY(control.transaction(take, stop));
  TRY(control.outside_transaction(end, stop));
  TRY(control.outside_transaction(fence, stop));
  TRY(control.transaction(take_over, stop));
  LOG(info, "the job is ours",
      {{"job", options.job}, {"epoch", job.epoch}, {"state", job.claim.state}});
  job.claim.epoch = job.epoch;
  return job.claim;
}

}  // namespace tideway
