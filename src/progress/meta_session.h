#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"
#include "progress/session_name.h"

namespace tideway {

// A job's own session to the target, over which this room changes its rows. Made again when it
// breaks, under the job's epoch: once somebody else took the job it can change nothing. Any thread;
// one piece of work at a time. Private to the room.
class MetaSession {
 public:
  using Work = std::function<Result<void>(Session&)>;

  // `stop` is the job's: it ends what no caller brings a stop token for.
  MetaSession(Endpoint target, std::string job, Duration patience, const std::stop_token& stop);

  // Every transaction from here on is of this epoch, and the session is one that takeovers kill.
  Result<void> own(std::uint64_t epoch, const std::stop_token& stop);
  std::uint64_t epoch() const { return epoch_; }

  // Runs `work` between START TRANSACTION and COMMIT, in guarded form when the job is owned. Tried
  // again from the beginning, for as long as `patience`, when the connection breaks or the server
  // asks for it: also when it is unknown whether COMMIT happened. So work must come to the same
  // when it is done twice.
  Result<void> transaction(const Work& work, const std::stop_token& stop);
  // The same without a transaction, for DDL and single reads.
  Result<void> outside_transaction(const Work& work, const std::stop_token& stop);

  // One statement as a transaction; one query.
  Result<void> change(const std::string& sql, const std::stop_token& stop);
  Result<ResultTable> read(const std::string& sql, const std::stop_token& stop);

  // Records a session as one of the job's, and takes out one that is dead. TW802 when the job is
  // somebody else's.
  Result<void> record(Session& session, const SessionName& name,
                      const std::optional<SessionName>& dead, const std::stop_token& stop) const;

  // Says that nobody owns the job, if it is still ours. Does not wait for a target that is away.
  Result<void> free_job();

  // SET clause that fails with error 1048 when the epoch is not ours any more.
  std::string guard() const;
  std::string where_job() const;  // job = '…'

  // TW802 for the error that guard() raises; other errors as they are. Keeps the first TW802 for
  // lost().
  Error explain(Error error) const;
  Error fenced() const;
  std::optional<Error> lost() const;
  void lose(const Error& error) const;

  const Endpoint& target() const { return target_; }
  const std::string& job() const { return job_; }
  const std::stop_token& stop() const { return stop_; }

 private:
  Result<void> again(const Work& work, bool in_transaction, const std::stop_token& stop);
  Result<void> once(const Work& work, bool in_transaction, const std::stop_token& stop);
  Result<void> open(const std::stop_token& stop);

  const Endpoint target_;
  const std::string job_;
  const Duration patience_;
  const std::stop_token stop_;
  std::mutex mutex_;  // held while the session works: the one lock here that is kept over I/O
  std::optional<Session> session_;
  std::optional<SessionName> name_;
  std::uint64_t epoch_ = 0;  // 0: not owned yet; set once, before threads
  mutable Guarded<std::optional<Error>> lost_;
};

// Of a missing privilege on tideway_meta: with the grant of all that a job does there, not of one
// privilege after the other.
Error with_whole_grant(const Error& error);

}  // namespace tideway
