#pragma once

#include <cstdint>
#include <set>
#include <stop_token>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// Shows, where there are no GTIDs, that everything before a log position is visible: a transaction
// written to the log before the position and not yet visible is in information_schema.innodb_trx,
// and its session is not idle. Once each one listed after the position was taken has ended, or was
// seen idle, nothing is left.
//
// One thread; borrows the session, which it keeps in a transaction: the server answers from a cache
// up to 100 ms old, and only the row of this very query shows that an answer is not.
class RunningTransactions {
 public:
  // TW301 without PROCESS; TW302 where binlog_order_commits is off or unknown.
  static Result<RunningTransactions> open(Session& session, const std::stop_token& stop);

  // Forgets; call right after taking the position.
  void begin() { is_listed_ = false; }
  // Looks once. True: all that ran after begin() have ended or were idle. Call again some 110 ms
  // later otherwise.
  Result<bool> have_ended(const std::stop_token& stop);

 private:
  explicit RunningTransactions(Session& session) : session_(&session) {}
  Session* session_;
  std::uint64_t question_ = 0;
  bool is_listed_ = false;
  std::set<std::uint64_t> waited_for_;  // transaction ids
};

}  // namespace tideway
