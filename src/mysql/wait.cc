#include "mysql/wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "base/check.h"

namespace tideway {
namespace {

thread_local Wait* innermost = nullptr;

// One eventfd a thread: what a stop request writes to and poll() wakes by.
class Doorbell {
 public:
  Doorbell() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(descriptor_ >= 0); }
  ~Doorbell() { ::close(descriptor_); }
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  int descriptor() const { return descriptor_; }
  void ring() const {
    const std::uint64_t one = 1;
    CHECK(::write(descriptor_, &one, sizeof one) == static_cast<ssize_t>(sizeof one));
  }
  void silence() const {
    std::uint64_t count = 0;
    CHECK(::read(descriptor_, &count, sizeof count) == static_cast<ssize_t>(sizeof count) ||
          errno == EAGAIN);
  }

 private:
  const int descriptor_;
};

const Doorbell& doorbell() {
  thread_local const Doorbell bell;
  return bell;
}

// A connection that could not be made is "ready to write". The library asks for the reason and then
// reports errno, which is not it: so errno is made to be it.
bool is_sound(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0) return true;
  errno = error;
  return false;
}

int milliseconds_until(Instant limit) {
  if (limit == Instant::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(limit - std::chrono::steady_clock::now())
          .count();
  return static_cast<int>(
      std::clamp<std::int64_t>(left, 0, 3'600'000));  // poll again each hour: an int is not enough
}

}  // namespace

Wait::Wait(const std::stop_token& stop, Duration idle, Instant until)
    : stop_(stop), idle_(idle), until_(until), outer_(innermost) {
  innermost = this;
}

Wait::~Wait() { innermost = outer_; }

Wait::Outcome Wait::poll_until(int socket, short events, Instant limit) const {
  const Doorbell& bell = doorbell();
  const std::stop_callback on_stop(stop_, [&bell] { bell.ring(); });
  while (true) {
    if (stop_.stop_requested()) return Outcome::stopped;
    std::array<pollfd, 2> watched = {pollfd{socket, events, 0},
                                     pollfd{bell.descriptor(), POLLIN, 0}};
    const int count = ::poll(watched.data(), watched.size(), milliseconds_until(limit));
    if (count < 0) CHECK(errno == EINTR);
    if (count > 0 && watched[1].revents != 0) return Outcome::stopped;
    if (count > 0) return Outcome::heard;
    if (count == 0 && std::chrono::steady_clock::now() >= limit) return Outcome::deadline;
  }
}

Wait::Outcome Wait::wait(int socket, bool for_reading) {
  if (has_given_up()) return outcome_;
  has_read_ = has_read_ || for_reading;
  const Instant now = std::chrono::steady_clock::now();
  const Instant limit =
      std::min(until_, idle_ >= Instant::max() - now ? Instant::max() : now + idle_);
  outcome_ = poll_until(socket, for_reading ? POLLIN : POLLOUT, limit);
  doorbell().silence();
  return outcome_;
}

int Wait::hook(int socket, char is_read, int /*timeout_ms*/) {
  // Outside every Wait only mysql_close() waits, with its last packet: not worth more than a
  // moment.
  if (innermost == nullptr) {
    Wait moment({}, std::chrono::seconds(1));
    return moment.wait(socket, is_read != 0) == Outcome::heard ? 1 : 0;
  }
  switch (innermost->wait(socket, is_read != 0 && !innermost->is_sending_)) {
    case Outcome::heard:
      errno = 0;  // a read that finds the end sets none, and the library reports what it finds here
      return is_read != 0 || is_sound(socket) ? 1 : 0;
    case Outcome::stopped:
      errno = ECANCELED;
      return 0;
    case Outcome::deadline:
      errno = ETIMEDOUT;
      return 0;
  }
  return 0;
}

}  // namespace tideway
