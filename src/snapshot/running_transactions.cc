#include "snapshot/running_transactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>

#include "snapshot/reader_sessions.h"

namespace tideway {
namespace {

// Transactions that changed nothing yet are shown with ids made of addresses.
constexpr std::uint64_t first_id_of_readers = 1ULL << 48U;

std::uint64_t to_number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

Result<RunningTransactions> RunningTransactions::open(Session& session,
                                                      const std::stop_token& stop) {
  const auto ordered = TRY(session.query_value(
      "SHOW GLOBAL VARIABLES WHERE Variable_name = 'binlog_order_commits' AND Value = 'ON'", stop));
  if (!ordered) {
    return fail(Error(ErrorCode::server_refused, Side::source, Retry::never,
                      "transactions become visible in another order than the log has them "
                      "(binlog_order_commits is off)"));
  }
  TRY(session.execute(start_snapshot, stop));
  RunningTransactions running(session);
  TRY(running.have_ended(stop));
  return running;
}

Result<bool> RunningTransactions::have_ended(const std::stop_token& stop) {
  const std::string mark =
      fmt::format("/* tideway {} of {} */", ++question_, session_->connection_id());
  const ResultTable answer = TRY(session_->query(
      "SELECT " + mark +
          " t.trx_id, t.trx_mysql_thread_id, p.COMMAND, t.trx_query FROM "
          "information_schema.INNODB_TRX t LEFT JOIN information_schema.PROCESSLIST p ON p.ID = "
          "t.trx_mysql_thread_id",
      stop));
  bool is_fresh = false;
  std::set<std::uint64_t> busy;
  for (const auto& row : answer.rows) {
    if (row[3] && row[3]->find(mark) != std::string::npos) is_fresh = true;
    const std::uint64_t id = to_number(row[0]), thread = to_number(row[1]);
    // Without a session: prepared branches, which XA RECOVER is asked about. Our own changes
    // nothing, but 5.7 gives it an id of writers once this query needed a temporary table.
    const bool is_ours = thread == session_->connection_id();
    if (id >= first_id_of_readers || thread == 0 || is_ours || row[2] == "Sleep") continue;
    busy.insert(id);
  }
  if (!is_fresh) return false;
  if (!is_listed_) {
    waited_for_ = std::move(busy);
    is_listed_ = true;
  } else {
    std::erase_if(waited_for_, [&busy](std::uint64_t id) { return !busy.contains(id); });
  }
  return waited_for_.empty();
}

}  // namespace tideway
