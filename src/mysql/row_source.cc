#include "mysql/row_source.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "mysql/library_internals.h"
#include "mysql/wait.h"

namespace tideway {
namespace {

constexpr std::ptrdiff_t nothing_yet = -1, lost = -2;

}  // namespace

RowSource::RowSource(SessionState& state)
    : state_(state),
      socket_(mysql_get_socket(state.mysql())),
      tls_(tls_of(state.mysql())),
      bytes_(new char[window_bytes]) {
  // A TLS record is at most 16 KiB: read several at a time, not each header and body by themselves.
  if (tls_ != nullptr) SSL_set_read_ahead(static_cast<SSL*>(tls_), 1);
  end_ = take_read_ahead(state.mysql(), bytes_.get());
}

bool RowSource::give_back() {
  if (size() > read_ahead_bytes) return false;
  put_read_ahead(state_.mysql(), data(), size());
  consume(size());
  return true;
}

std::ptrdiff_t RowSource::try_pull(char* to, std::size_t room) const {
  if (tls_ == nullptr) {
    const ssize_t count = ::recv(socket_, to, room, MSG_DONTWAIT);
    if (count > 0) return count;
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? nothing_yet
                                                                                    : lost;
  }
  auto* ssl = static_cast<SSL*>(tls_);
  std::size_t count = 0;
  ERR_clear_error();
  if (SSL_read_ex(ssl, to, room, &count) == 1) return static_cast<std::ptrdiff_t>(count);
  return SSL_get_error(ssl, 0) == SSL_ERROR_WANT_READ ? nothing_yet : lost;
}

Result<std::size_t> RowSource::pull(char* to, std::size_t room, const std::stop_token& stop) {
  if (stop.stop_requested()) {
    abandon(state_);
    return fail(
        Error(ErrorCode::stopped, Side::local, Retry::never,
              fmt::format("stopped while reading rows from {}", state_.endpoint.to_text())));
  }
  Wait wait(stop, state_.options.read_deadline);
  while (true) {
    const std::ptrdiff_t count = try_pull(to, room);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == lost) {
      state_.is_broken = true;
      return fail(Error(
          ErrorCode::lost_connection, state_.endpoint.side, Retry::new_session,
          fmt::format("{} closed the connection while rows were read", state_.endpoint.to_text())));
    }
    switch (wait.wait(socket_, true)) {
      case Wait::Outcome::heard:
        break;
      case Wait::Outcome::stopped:
        abandon(state_);
        return fail(
            Error(ErrorCode::stopped, Side::local, Retry::never,
                  fmt::format("stopped while reading rows from {}", state_.endpoint.to_text())));
      case Wait::Outcome::deadline:
        abandon(state_);
        return fail(Error(
            ErrorCode::deadline, state_.endpoint.side, Retry::new_session,
            fmt::format("{} was silent for {} while rows were read", state_.endpoint.to_text(),
                        human_duration(state_.options.read_deadline))));
    }
  }
}

Result<void> RowSource::fill(std::size_t count, const std::stop_token& stop) {
  CHECK(count <= window_bytes);
  // What is left is most often the head of one row: moved to the front it leaves the whole window
  // for the next read.
  constexpr std::size_t cheap_bytes = 8 * 1024;
  if (begin_ != 0 && (size() <= cheap_bytes || window_bytes - begin_ < count)) {
    std::memmove(bytes_.get(), data(), size());
    end_ -= begin_;
    begin_ = 0;
  }
  while (size() < count) end_ += TRY(pull(bytes_.get() + end_, window_bytes - end_, stop));
  return {};
}

Result<void> RowSource::read_to(char* to, std::size_t count, const std::stop_token& stop) {
  const std::size_t ready = std::min(count, size());
  std::memcpy(to, data(), ready);
  consume(ready);
  while (count > ready) {
    const std::size_t more = TRY(pull(to + ready, count - ready, stop));
    to += more;
    count -= more;
  }
  return {};
}

}  // namespace tideway
