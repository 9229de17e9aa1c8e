#pragma once

#include <string>
#include <string_view>

#include "mysql/client.h"
#include "mysql/session.h"
#include "mysql/wait.h"

namespace tideway {

// What a Session owns. Private to the room.
struct SessionState {
  Endpoint endpoint;
  SessionOptions options;
  Client client;
  Server server;
  std::string account;
  std::uint64_t connection_id = 0;
  Instant opened_at{};
  bool is_open = false;  // set up: what it runs is worth a KILL when it is abandoned
  bool is_broken = false;
  bool is_soiled = false;     // an error whose effects on the session are not known
  bool is_streaming = false;  // a RowStream borrows it
  bool is_sending = false;    // the server is reading from us

  MYSQL* mysql() const { return client.get(); }
};

struct SessionAccess {
  static SessionState& of(Session& session) { return *session.state_; }
};

// One exchange with the server: how it waits, and what its failure means. On the stack of the
// thread that uses the session.
class Call {
 public:
  // `statement` is for messages and outlives the call. A session that is broken or lent cannot be
  // called: see ready().
  Call(SessionState& state, std::string_view statement, const std::stop_token& stop);

  Result<void> ready() const;
  Result<void> send(std::string_view sql);
  Result<void> read_answer();
  Result<void> drain();             // further results of a CALL
  Result<ResultTable> take_rows();  // of the answer just read; empty when it has none
  Affected affected() const;

  // What the library's last failure means; after it the session is broken, soiled or as before.
  Error failure();
  // From here on the server reads what we send, or we read its answer.
  void set_sending(bool is_sending);

 private:
  SessionState& state_;
  const std::string_view statement_;
  const std::stop_token& stop_;
  Wait wait_;
};

// The connection is of no use any more and what it runs is nobody's: cuts it and ends its thread on
// the server over a second, short-lived connection. Best effort: what fails is logged.
void abandon(SessionState& state);

void prepare_thread();  // the library's per-thread part, ended with the thread

}  // namespace tideway
