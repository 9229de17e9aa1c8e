#pragma once

#include <stop_token>

#include "base/clock.h"

namespace tideway {

// How this thread waits for a server while it is in a call of the client library: the library has
// no user pointer for its wait hook, so the innermost Wait alive on the thread is what the hook
// asks. Every socket of ours is non-blocking, hence the hook is the only place where a call can
// block; a stop request of any thread ends it at once. Private to the room.
class Wait {
 public:
  enum class Outcome : std::uint8_t { heard, stopped, deadline };

  // `idle` bounds each single wait: hearing one byte starts it anew. `until` bounds all of them
  // together.
  Wait(const std::stop_token& stop, Duration idle, Instant until = Instant::max());
  ~Wait();
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  // Waits until the socket can be read (or written). After `stopped` or `deadline` every further
  // wait says so at once.
  Outcome wait(int socket, bool for_reading);
  Outcome outcome() const { return outcome_; }
  bool has_given_up() const { return outcome_ != Outcome::heard; }
  // Whether anything was waited for to be read: a connection stands by then.
  bool has_read() const { return has_read_; }

  // The library's TLS layer asks to read even when it wants to write: while sending, say so.
  void set_sending(bool is_sending) { is_sending_ = is_sending; }

  // The hook itself, in the form of MARIADB_OPT_IO_WAIT: 1 ready, 0 given up (errno says ETIMEDOUT
  // or ECANCELED).
  static int hook(int socket, char is_read, int timeout_ms);

 private:
  Outcome poll_until(int socket, short events, Instant limit) const;

  const std::stop_token stop_;
  const Duration idle_;
  const Instant until_;
  Wait* const outer_;
  Outcome outcome_ = Outcome::heard;
  bool is_sending_ = false;
  bool has_read_ = false;
};

}  // namespace tideway
