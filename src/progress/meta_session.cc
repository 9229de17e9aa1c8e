#include "progress/meta_session.h"

#include <fmt/format.h>

#include "base/log.h"
#include "progress/meta_tables.h"

namespace tideway {
namespace {

constexpr std::uint32_t column_is_null = 1048;

Error stopped() {
  return Error(ErrorCode::stopped, Side::local, Retry::never,
               "stopped while waiting for the target");
}

}  // namespace

Error with_whole_grant(const Error& error) {
  Evidence evidence = error.evidence();
  const std::size_t account = evidence.statement.rfind(" TO ");
  if (account != std::string::npos)
    evidence.statement = "GRANT ALL ON tideway_meta.*" + evidence.statement.substr(account);
  return {error.code(), error.side(), error.retry(), std::move(evidence), error.message()};
}

MetaSession::MetaSession(Endpoint target, std::string job, Duration patience,
                         const std::stop_token& stop)
    : target_(std::move(target)), job_(std::move(job)), patience_(patience), stop_(stop) {}

Result<void> MetaSession::own(std::uint64_t epoch, const std::stop_token& stop) {
  epoch_ = epoch;
  session_.reset();  // the next one is made under the epoch, and recorded
  return outside_transaction([](Session&) -> Result<void> { return {}; }, stop);
}

Result<void> MetaSession::transaction(const Work& work, const std::stop_token& stop) {
  return again(work, true, stop);
}
Result<void> MetaSession::outside_transaction(const Work& work, const std::stop_token& stop) {
  return again(work, false, stop);
}

Result<void> MetaSession::change(const std::string& sql, const std::stop_token& stop) {
  const auto work = [&](Session& session) -> Result<void> {
    TRY(session.execute(sql, stop));
    return {};
  };
  return transaction(work, stop);
}

Result<ResultTable> MetaSession::read(const std::string& sql, const std::stop_token& stop) {
  ResultTable table;
  const auto work = [&](Session& session) -> Result<void> {
    table = TRY(session.query(sql, stop));
    return {};
  };
  TRY(outside_transaction(work, stop));
  return table;
}

Result<void> MetaSession::again(const Work& work, bool in_transaction,
                                const std::stop_token& stop) {
  const std::scoped_lock lock(mutex_);
  const Instant give_up = real_clock().now() + patience_;
  Backoff backoff;
  while (true) {
    auto done = once(work, in_transaction, stop);
    if (done) return {};
    Error error = explain(std::move(done).error());
    if (session_ && error.retry() == Retry::new_session) session_.reset();
    const bool may_try =
        error.retry() == Retry::same_session || error.retry() == Retry::new_session;
    if (!may_try || stop.stop_requested() || real_clock().now() >= give_up)
      return fail(std::move(error).during("keeping the job's progress"));
    LOG(info, "the job's progress is written again", {{"job", job_}, {"error", error.to_line()}});
    if (!real_clock().wait(backoff.next(), stop)) return fail(stopped());
  }
}

Result<void> MetaSession::once(const Work& work, bool in_transaction, const std::stop_token& stop) {
  if (const auto error = lost()) return fail(*error);
  if (!session_ || session_->is_broken()) TRY(open(stop));
  if (!in_transaction) return work(*session_);
  TRY(session_->execute("START TRANSACTION", stop));
  const auto body = [&]() -> Result<void> {
    if (epoch_ != 0) {
      const auto guarded = TRY(session_->execute(
          fmt::format("UPDATE tideway_meta.base SET {} WHERE {}", guard(), where_job()), stop));
      if (guarded.rows != 1) return fail(fenced());
    }
    return work(*session_);
  };
  if (auto done = body(); !done) {
    // What cannot be rolled back on this session is rolled back by its end.
    if (session_->is_broken() || !session_->execute("ROLLBACK", stop)) session_.reset();
    return done;
  }
  TRY(session_->execute("COMMIT", stop));
  return {};
}

Result<void> MetaSession::open(const std::stop_token& stop) {
  session_.reset();
  SessionOptions options;
  options.foreign_key_checks = false;  // a table that others refer to can be emptied
  Session session = TRY(Session::open(target_, options, stop));
  if (name_) TRY(end_session(session, *name_, stop));
  SessionName name = TRY(name_of(session, stop));
  if (epoch_ != 0) TRY(record(session, name, name_, stop));
  session_.emplace(std::move(session));
  name_ = std::move(name);
  return {};
}

Result<void> MetaSession::record(Session& session, const SessionName& name,
                                 const std::optional<SessionName>& dead,
                                 const std::stop_token& stop) const {
  const std::string sessions =
      dead ? fmt::format("REPLACE(sessions, {}, ',')", meta_text("," + to_text(*dead) + ","))
           : std::string("sessions");
  const auto recorded = session.execute(
      fmt::format("UPDATE tideway_meta.base SET {}, sessions = CONCAT({}, {}) WHERE {}", guard(),
                  sessions, meta_text(to_text(name) + ","), where_job()),
      stop);
  if (!recorded) return fail(explain(recorded.error()));
  if (recorded->rows != 1) return fail(fenced());
  return {};
}

Result<void> MetaSession::free_job() {
  const std::scoped_lock lock(mutex_);
  const auto work = [this](Session& session) -> Result<void> {
    TRY(session.execute(
        fmt::format("UPDATE tideway_meta.base SET owner = '' WHERE {} AND epoch = {}", where_job(),
                    epoch_),
        {}));
    return {};
  };
  auto freed = once(work, false, {});
  // The session may have ended long ago without anybody noticing.
  if (!freed && freed.error().retry() == Retry::new_session) freed = once(work, false, {});
  return freed;
}

std::string MetaSession::guard() const {
  return fmt::format("guard = IF(epoch = {}, 1, NULL)", epoch_);
}
std::string MetaSession::where_job() const { return "job = " + meta_text(job_); }

Error MetaSession::explain(Error error) const {
  if (error.code() == ErrorCode::missing_privilege) return with_whole_grant(error);
  if (epoch_ == 0 || error.evidence().server_errno != column_is_null) return error;
  return fenced();
}

Error MetaSession::fenced() const {
  Error error(ErrorCode::fenced, Side::target, Retry::never,
              fmt::format("job '{}' belongs to another process now", job_));
  lose(error);
  return error;
}

std::optional<Error> MetaSession::lost() const {
  return lost_.with([](const auto& error) { return error; });
}

void MetaSession::lose(const Error& error) const {
  lost_.with([&](auto& kept) {
    if (!kept) kept = error;
  });
}

}  // namespace tideway
