#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "binlog/gtid_set.h"
#include "binlog/log_position.h"
#include "mysql/endpoint.h"
#include "mysql/log_stream.h"

namespace tideway {

// From where the log is asked for: behind all of `gtids`, or from `position` where there are none.
struct LogResume {
  std::string server_uuid;  // that `position` is of
  std::optional<GtidSet> gtids;
  LogPosition position;
};

// A source's log across losses of its connection: a source that is away is waited for, for ever,
// and what answers then is looked at before anything of it is believed. One thread. Private to the
// room.
class LogConnection {
 public:
  LogConnection(Endpoint source, Duration heartbeat, bool ends)
      : source_(std::move(source)), heartbeat_(heartbeat), ends_(ends) {}

  bool is_open() const { return log_.has_value(); }
  // TW407: another server, or one that lacks transactions which were read. TW406: purged. TW106:
  // stopped.
  Result<void> open(const LogResume& from, const std::stop_token& stop);
  // The next event, good until the next call; nullopt: the end (`ends`). A lost connection is
  // closed and its error given: call open() again where can_reopen() says so.
  Result<std::optional<std::string_view>> next(const std::stop_token& stop);
  static bool can_reopen(const Error& error);

  bool is_idle() const { return log_ && log_->is_idle(); }
  const std::string& server_uuid() const { return server_uuid_; }  // of the open connection
  // What the source's clock says, as far as is known of it: seconds since 1970.
  std::int64_t source_seconds() const;
  // explicit_defaults_for_timestamp, for statements of servers that do not log it (5.7).
  bool explicit_timestamps() const { return explicit_timestamps_; }
  bool has_checksums() const { return log_ && log_->has_checksums(); }
  void shrink() {
    if (log_) log_->shrink();
  }

 private:
  Result<void> ask(Session& session, const std::stop_token& stop);
  Result<void> try_open(const LogResume& from, const std::stop_token& stop);

  const Endpoint source_;
  const Duration heartbeat_;
  const bool ends_;
  std::optional<LogStream> log_;
  std::string server_uuid_;
  std::int64_t clock_ahead_ = 0;  // of ours, seconds
  bool explicit_timestamps_ = true;
};

}  // namespace tideway
