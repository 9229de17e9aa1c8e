#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"

namespace tideway {

// From where a server is asked for its log.
struct LogRequest {
  // What is there already, in the binary form of COM_BINLOG_DUMP_GTID: all else is sent, from the
  // file that has the first of it. Empty: by file and offset instead.
  std::string gtid_set = {};
  std::string file = {};  // empty with a gtid_set
  std::uint64_t offset = 4;
  bool ends = false;  // at the end of the log there is, instead of waiting for more
  // An idle server says so often that it lives; silence for six times as long is a lost connection.
  Duration heartbeat = std::chrono::seconds(5);
};

// A server's binary log as it is sent to a replica: event after event, for ever. It has a session
// of its own and registers as a replica with a server id that nobody has; on destruction the
// server's sending thread is ended. One thread.
class LogStream {
 public:
  // TW301 without REPLICATION SLAVE. What the server thinks of the place is told by the first
  // next().
  static Result<LogStream> open(const Endpoint& endpoint, LogRequest request,
                                const std::stop_token& stop);
  LogStream(LogStream&&) noexcept = default;
  LogStream& operator=(LogStream&&) = delete;
  ~LogStream();

  // The next event, whole, checksum included; good until the next call. nullopt: the end of the
  // log (`ends`). TW406: the place is purged. TW407: the log is not the one that was read before
  // (shorter than the place, or without transactions that are in gtid_set). TW305: an event larger
  // than the server's max_allowed_packet. Retry::new_session: to be opened again. After an error
  // nothing can be read.
  Result<std::optional<std::string_view>> next(const std::stop_token& stop);

  // Nothing more has arrived: next() would wait, as far as can be told. What was read so far is
  // worth handing on now.
  bool is_idle() const;

  const Server& server() const { return session_->server(); }
  std::uint32_t server_id() const { return server_id_; }
  // Of events before the first that tells: it is what the server writes.
  bool has_checksums() const { return has_checksums_; }
  // Lets go of the memory of a large event; what next() gave is gone.
  void shrink();

 private:
  LogStream(std::unique_ptr<Session> session, std::uint32_t server_id, bool has_checksums)
      : session_(std::move(session)), server_id_(server_id), has_checksums_(has_checksums) {}
  std::unique_ptr<Session> session_;  // null: moved from
  std::uint32_t server_id_;
  bool has_checksums_;
  bool is_over_ = false;
};

}  // namespace tideway
