#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "mysql/client.h"
#include "mysql/session_state.h"

namespace tideway {

// The bytes that follow on a session's connection, in reads as large as the server's writes allow,
// past the library's own buffer. What the library has already read ahead comes first. Nothing but
// its user may read while it lives, and it must have given out all it took when the library reads
// again. One thread. Private to the room.
class RowSource {
 public:
  explicit RowSource(SessionState& state);
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  // At least `count` bytes (at most `window_bytes`) in one piece at data(). After an error nothing
  // can be read any more.
  Result<void> fill(std::size_t count, const std::stop_token& stop);
  const char* data() const { return bytes_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  void consume(std::size_t count) { begin_ += count; }

  // The next `count` bytes to another place, past the window when it is empty.
  Result<void> read_to(char* to, std::size_t count, const std::stop_token& stop);

  // Returns what is left to the library. False: it is more than the library's buffer holds.
  bool give_back();

  static constexpr std::size_t window_bytes = 256 * 1024;

 private:
  Result<std::size_t> pull(char* to, std::size_t room, const std::stop_token& stop);
  std::ptrdiff_t try_pull(char* to, std::size_t room) const;

  SessionState& state_;
  const int socket_;
  void* const tls_;  // SSL of OpenSSL, or nullptr
  const std::unique_ptr<char[]> bytes_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace tideway
