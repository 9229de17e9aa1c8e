#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/log_changes.h"
#include "apply/log_ddl.h"
#include "apply/log_state.h"
#include "apply/log_statements.h"
#include "mysql/session.h"
#include "progress/session_name.h"

namespace tideway {

// One session's worth of a LogSink: takes units that may run and applies them, a group in one
// transaction with its row of tideway_meta.lane. One thread.
class LogLane {
 public:
  LogLane(LogSink::Shared& shared, LaneRow row, Loan loan);
  Result<void> run(const std::stop_token& stop);

 private:
  // What went wrong with whose rows.
  struct Trouble {
    TargetTable* table = nullptr;
    std::string evidence;     // images
    bool is_certain = false;  // of one change alone
  };

  Result<void> apply(LaneWork& work, const std::stop_token& stop);
  Result<void> plan_late(LaneWork& work, const std::stop_token& stop);
  Result<void> attempt(const LaneWork& work, const LaneRow& next, Trouble& trouble,
                       const std::stop_token& stop);
  Result<void> write_all(const LaneWork& work, const LaneRow& next, std::uint64_t batch_bytes,
                         Trouble& trouble, const std::stop_token& stop);
  Result<void> flush(Trouble& trouble, const std::stop_token& stop);
  Result<void> send_alone(LogStatement& statement, Trouble& trouble, const std::stop_token& stop);
  Result<void> check(const LogStatement& statement, const Affected& answer, Trouble& trouble);
  Result<void> set_checks(bool on, Trouble& trouble, const std::stop_token& stop);
  // true: the work can be tried again, without waiting where the reason is gone.
  Result<void> recover(const LaneWork& work, const Error& error, const Trouble& trouble,
                       Backoff& backoff, Instant& give_up, const std::stop_token& stop);
  Result<void> park(const LaneWork& work, const Error& error, const Trouble& trouble,
                    const std::stop_token& stop);
  Result<void> open_session(const std::stop_token& stop);
  void roll_back(const std::stop_token& stop);
  void count(const LaneWork& work);
  void trim();

  template <typename Each>
  static void for_rows(const LaneWork& work, const Each& each);

  LogSink::Shared& shared_;
  LaneRow row_;
  const Loan loan_;
  LogDdl ddl_;
  LogChanges changes_;
  std::vector<LogStatement> statements_;
  std::vector<std::string> texts_;
  std::uint64_t text_bytes_ = 0;
  std::optional<Session> session_;
  std::optional<SessionName> session_name_;  // of the last session, also after it broke
  bool is_in_doubt_ = false;                 // COMMIT was sent and its answer did not come
  bool is_careful_ = false;  // each change alone: one of them is not as it should be
  bool checks_on_ = false;   // the session's foreign_key_checks
  std::uint64_t trimmed_to_ = 0;
  std::vector<std::string> last_statements_;  // of a DDL's end
};

}  // namespace tideway
