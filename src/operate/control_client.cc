#include "operate/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "operate/request.h"

namespace tideway {
namespace {

constexpr auto patience = std::chrono::seconds(5);
constexpr std::size_t line_bytes_max = 16UL << 20U;

Error ended(const std::string& job) {
  return {ErrorCode::job_not_running, Side::local, Retry::after_operator,
          fmt::format("the job '{}' ended before it answered", job)};
}

Error stopped() {
  return {ErrorCode::stopped, Side::local, Retry::after_operator, "stopped while asking a job"};
}

// Waits until the socket is ready for `events`. False: not before `give_up`. TW106.
Result<bool> wait_for(int socket, short events, Instant give_up, const std::stop_token& stop) {
  const FileHandle bell(::eventfd(0, EFD_CLOEXEC));
  const std::stop_callback wake(stop, [&bell] {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(bell.fd(), &one, sizeof one));
  });
  std::array<pollfd, 2> watched = {pollfd{socket, events, 0}, pollfd{bell.fd(), POLLIN, 0}};
  while (!stop.stop_requested()) {
    int wait_ms = -1;
    if (give_up != Instant::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up - real_clock().now());
      if (left.count() <= 0) return false;
      wait_ms = static_cast<int>(left.count());
    }
    if (::poll(watched.data(), watched.size(), wait_ms) > 0 && watched[0].revents != 0) return true;
  }
  return fail(stopped());
}

}  // namespace

Result<std::vector<RunDir::Found>> find_jobs() {
  std::vector<RunDir::Found> jobs;
  for (const std::string& place : RunDir::places()) {
    const auto directory = TRY(RunDir::find(place));
    if (!directory) continue;
    for (RunDir::Found& found : directory->sweep()) jobs.push_back(std::move(found));
  }
  std::ranges::stable_sort(
      jobs, {}, [](const RunDir::Found& each) { return std::pair(!each.is_running, each.job); });
  return jobs;
}

Result<ControlClient> ControlClient::connect(const std::string& job) {
  for (const std::string& place : RunDir::places()) {
    const auto directory = TRY(RunDir::find(place));
    if (!directory) continue;
    if (auto socket = directory->connect(job)) return ControlClient(job, std::move(*socket));
  }
  return fail(Error(ErrorCode::job_not_running, Side::local, Retry::after_operator,
                    fmt::format("the job '{}' does not run here", job)));
}

Result<void> ControlClient::say(const std::string& line, const std::stop_token& stop) {
  std::string unsent = line + "\n";
  const Instant give_up = real_clock().now() + patience;
  while (!unsent.empty()) {
    const ssize_t count = ::send(socket_.fd(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      unsent.erase(0, static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      if (!TRY(wait_for(socket_.fd(), POLLOUT, give_up, stop))) break;
    } else if (errno != EINTR) {
      return fail(ended(job_));
    }
  }
  return {};
}

// nullopt: the job is gone, or said nothing until then.
Result<std::optional<std::string>> ControlClient::line_until(Instant give_up,
                                                             const std::stop_token& stop) {
  while (true) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return std::optional(std::move(line));
    }
    if (unread_.size() > line_bytes_max) return std::optional<std::string>();
    if (!TRY(wait_for(socket_.fd(), POLLIN, give_up, stop))) return std::optional<std::string>();
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(socket_.fd(), bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return std::optional<std::string>();
    unread_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

Result<std::string> ControlClient::answer(const std::stop_token& stop) {
  const Instant give_up = real_clock().now() + patience;
  auto line = TRY(line_until(give_up, stop));
  if (line) return std::move(*line);
  if (real_clock().now() < give_up) return fail(ended(job_));
  return fail(
      Error(ErrorCode::deadline, Side::local, Retry::after_operator,
            fmt::format("the job '{}' runs and does not answer: was its process stopped?", job_)));
}

Result<std::string> ControlClient::ask(const std::string& verb, const std::string& argument,
                                       const std::stop_token& stop) {
  TRY(say(to_line({verb, argument}), stop));
  return parse_answer(TRY(answer(stop)));
}

Result<std::string> ControlClient::status(const std::stop_token& stop) {
  TRY(say(to_line({"status", ""}), stop));
  return answer(stop);
}

Result<void> ControlClient::watch(const std::stop_token& stop) {
  return say(to_line({"watch", ""}), stop);
}

Result<std::optional<std::string>> ControlClient::next(const std::stop_token& stop) {
  return line_until(Instant::max(), stop);
}

}  // namespace tideway
