#include <fmt/format.h>

#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "mysql/errors.h"
#include "mysql/library_internals.h"
#include "mysql/session_state.h"

namespace tideway {
namespace {

// Errors of a statement that leave a session as it was, outside a transaction.
bool is_harmless(ErrorCode code) {
  switch (code) {
    case ErrorCode::missing_privilege:
    case ErrorCode::server_refused:
    case ErrorCode::table_gone:
    case ErrorCode::packet_too_large:
    case ErrorCode::read_only:
    case ErrorCode::row_rejected:
    case ErrorCode::duplicate_key:
      return true;
    default:
      return false;
  }
}

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using StoredResult = std::unique_ptr<MYSQL_RES, FreeResult>;

ResultTable copy_rows(MYSQL_RES* result) {
  ResultTable table;
  const unsigned width = mysql_num_fields(result);
  const MYSQL_FIELD* fields = mysql_fetch_fields(result);
  for (unsigned i = 0; i < width; ++i)
    table.names.emplace_back(fields[i].name, fields[i].name_length);
  table.rows.reserve(mysql_num_rows(result));
  while (const MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    auto& cells = table.rows.emplace_back(width);
    for (unsigned i = 0; i < width; ++i) {
      if (row[i] != nullptr) cells[i].emplace(row[i], lengths[i]);
    }
  }
  return table;
}

}  // namespace

void prepare_thread() {
  struct Scope {
    Scope() { mysql_thread_init(); }
    ~Scope() { mysql_thread_end(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };
  thread_local const Scope scope;
  static_cast<void>(scope);
}

Call::Call(SessionState& state, std::string_view statement, const std::stop_token& stop)
    : state_(state), statement_(statement), stop_(stop), wait_(stop, state.options.read_deadline) {
  prepare_thread();
  CHECK(!state.is_streaming);
}

Result<void> Call::ready() const {
  if (state_.is_broken) {
    return fail(Error(ErrorCode::lost_connection, state_.endpoint.side, Retry::new_session,
                      fmt::format("the session on {} was lost before", state_.endpoint.to_text())));
  }
  // Nothing is begun that could not be waited for: a COMMIT that was sent may be done.
  if (stop_.stop_requested()) {
    return fail(Error(ErrorCode::stopped, Side::local, Retry::never,
                      fmt::format("stopped before asking {}", state_.endpoint.to_text())));
  }
  return {};
}

Result<void> Call::send(std::string_view sql) {
  TRY(ready());
  CHECK(!sql.empty());
  // A server cuts the connection at a longer packet, and then its reason is lost with what was
  // still to be sent.
  const std::uint64_t limit = state_.server.max_allowed_packet;
  if (limit != 0 && sql.size() + 1 > limit) {
    return fail(
        Error(ErrorCode::packet_too_large, state_.endpoint.side, Retry::after_operator,
              fmt::format("a statement of {} is larger than max_allowed_packet ({}) of {}",
                          human_bytes(sql.size()), human_bytes(limit), state_.endpoint.to_text())));
  }
  set_sending(true);
  const bool is_sent = mysql_send_query(state_.mysql(), sql.data(), sql.size()) == 0;
  auto failed = is_sent ? std::optional<Error>() : failure();
  set_sending(false);
  if (failed) return fail(std::move(*failed));
  return {};
}

void Call::set_sending(bool is_sending) {
  wait_.set_sending(is_sending);
  state_.is_sending = is_sending;
}

Result<void> Call::read_answer() {
  if (mysql_read_query_result(state_.mysql()) != 0) return fail(failure());
  return {};
}

Result<ResultTable> Call::take_rows() {
  MYSQL* mysql = state_.mysql();
  if (mysql_field_count(mysql) == 0) return ResultTable{};
  const StoredResult result(mysql_store_result(mysql));
  if (!result) return fail(failure());
  shrink_packet_buffer(mysql);
  return copy_rows(result.get());
}

Result<void> Call::drain() {
  MYSQL* mysql = state_.mysql();
  while (mysql_more_results(mysql) != 0) {
    if (mysql_next_result(mysql) > 0) return fail(failure());
    TRY(take_rows());
  }
  return {};
}

Affected Call::affected() const {
  MYSQL* mysql = state_.mysql();
  Affected affected;
  const std::uint64_t rows = mysql_affected_rows(mysql);
  affected.rows = rows == MYSQL_COUNT_ERROR ? 0 : rows;
  affected.warnings = mysql_warning_count(mysql);
  if (const char* info = mysql_info(mysql); info != nullptr) affected.info = info;
  return affected;
}

Error Call::failure() {
  const Side side = state_.endpoint.side;
  if (wait_.outcome() == Wait::Outcome::stopped) {
    abandon(state_);
    return {ErrorCode::stopped, Side::local, Retry::never,
            fmt::format("stopped while waiting for {}", state_.endpoint.to_text())};
  }
  if (wait_.outcome() == Wait::Outcome::deadline) {
    abandon(state_);
    return {ErrorCode::deadline, side, Retry::new_session,
            fmt::format("{} was silent for {}", state_.endpoint.to_text(),
                        human_duration(state_.options.read_deadline))};
  }
  const ClientFault fault = last_fault(state_.mysql());
  if (is_connection_lost(fault.number)) state_.is_broken = true;
  Error error =
      to_error(fault.number, fault.text, {side, state_.server.kind, statement_, state_.account});
  if (!is_harmless(error.code())) state_.is_soiled = true;
  return error;
}

}  // namespace tideway
