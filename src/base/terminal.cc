#include "base/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace tideway {
namespace {

constexpr std::size_t line_bytes_max = 4096;

// Echo off for as long as it lives; the typed line end still moves the cursor.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal, &before_) != 0) return;
    is_changed_ = true;
    termios silent = before_;
    silent.c_lflag &= static_cast<tcflag_t>(~ECHO);
    silent.c_lflag |= ECHONL;
    ::tcsetattr(terminal, TCSAFLUSH, &silent);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (is_changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

 private:
  const int terminal_;
  termios before_ = {};
  bool is_changed_ = false;
};

// False: stop was requested.
bool wait_for_input(int terminal, int bell, const std::stop_token& stop) {
  std::array<pollfd, 2> watched = {pollfd{terminal, POLLIN, 0}, pollfd{bell, POLLIN, 0}};
  while (!stop.stop_requested()) {
    const int count = ::poll(watched.data(), watched.size(), -1);
    if (count < 0) CHECK(errno == EINTR);
    if (count > 0 && watched[1].revents == 0) return true;
  }
  return false;
}

}  // namespace

std::optional<Terminal> Terminal::open() {
  const int descriptor = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return std::nullopt;
  return Terminal(descriptor);
}

Terminal::Terminal(Terminal&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Terminal::~Terminal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::optional<std::string>> Terminal::ask(const std::string& question, Echo echo,
                                                 const std::stop_token& stop) {
  std::optional<Silence> silence;
  if (echo == Echo::off) silence.emplace(descriptor_);
  if (::write(descriptor_, question.data(), question.size()) < 0) return std::nullopt;
  return read_line(stop);
}

Result<std::optional<std::string>> Terminal::read_line(const std::stop_token& stop) const {
  const int bell = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK(bell >= 0);
  std::optional<std::string> line = std::string();
  bool is_whole = false, is_stopped = false;
  {
    const std::stop_callback on_stop(stop, [bell] { CHECK(::eventfd_write(bell, 1) == 0); });
    while (!is_whole) {
      is_stopped = !wait_for_input(descriptor_, bell, stop);
      char c = 0;
      if (is_stopped || ::read(descriptor_, &c, 1) != 1) break;
      is_whole = c == '\n';
      if (!is_whole && line->size() < line_bytes_max) *line += c;
    }
  }
  ::close(bell);
  if (is_stopped) {
    return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                      "stopped while a question was asked"));
  }
  return is_whole ? line : std::nullopt;
}

}  // namespace tideway
