// Statements whose large values travel by themselves (COM_STMT_SEND_LONG_DATA).
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/text.h"
#include "mysql/session_state.h"

namespace tideway {
namespace {

// The library copies each slice once, and a slice is a packet: far below any max_allowed_packet in
// use.
constexpr std::size_t slice_bytes = 256U << 10U;

struct CloseStatement {
  void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
};
using Statement = std::unique_ptr<MYSQL_STMT, CloseStatement>;

Result<void> refuse_too_long(const SessionState& state, std::span<const LongValue> values) {
  const std::uint64_t limit = state.server.max_allowed_packet;
  for (const LongValue& value : values) {
    if (limit == 0 || value.bytes.size() <= limit) continue;
    return fail(Error(ErrorCode::packet_too_large, state.endpoint.side, Retry::after_operator,
                      fmt::format("a value of {} is larger than max_allowed_packet ({}) of {}",
                                  human_bytes(value.bytes.size()), human_bytes(limit),
                                  state.endpoint.to_text())));
  }
  return {};
}

bool send_value(MYSQL_STMT* statement, unsigned place, std::string_view bytes) {
  do {
    const std::string_view slice = bytes.substr(0, slice_bytes);
    if (mysql_stmt_send_long_data(statement, place, slice.data(), slice.size()) != 0) return false;
    bytes.remove_prefix(slice.size());
  } while (!bytes.empty());
  return true;
}

}  // namespace

Result<Affected> Session::execute_long(std::string_view sql, std::span<const LongValue> values,
                                       const std::stop_token& stop) {
  Call call(*state_, sql, stop);
  TRY(call.ready());
  TRY(refuse_too_long(*state_, values));
  const Statement statement(mysql_stmt_init(state_->mysql()));
  if (!statement || mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0)
    return fail(call.failure());
  if (mysql_stmt_param_count(statement.get()) != values.size()) {
    return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                      "a statement has other places than values"));
  }
  // The server reads text in the connection's character set, and bytes as they are.
  std::vector<MYSQL_BIND> bound(values.size());
  std::ranges::transform(values, bound.begin(), [](const LongValue& value) {
    MYSQL_BIND bind{};
    bind.buffer_type = value.is_text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
    return bind;
  });
  if (mysql_stmt_bind_param(statement.get(), bound.data()) != 0) return fail(call.failure());
  call.set_sending(true);
  bool is_sent = true;
  for (unsigned i = 0; i < values.size() && is_sent; ++i)
    is_sent = send_value(statement.get(), i, values[i].bytes);
  if (!is_sent) {
    Error error = call.failure();
    call.set_sending(false);
    return fail(std::move(error));
  }
  call.set_sending(false);
  if (mysql_stmt_execute(statement.get()) != 0) return fail(call.failure());
  Affected affected;
  affected.rows = mysql_stmt_affected_rows(statement.get());
  affected.warnings = mysql_warning_count(state_->mysql());
  return affected;
}

}  // namespace tideway
