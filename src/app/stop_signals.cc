#include "app/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace tideway {
namespace {

// Wakes the signal thread when the process is done with it; nobody else sends it.
constexpr int wake_signal = SIGUSR2;

bool is_ignored(int signal) {
  struct sigaction current{};
  return ::sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_IGN;
}

sigset_t waited_for() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, wake_signal);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(signal)) sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

StopSignals::StopSignals(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = waited_for();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  crew_.start("signals", [this](const std::stop_token& over) { return wait(over); });
}

Result<void> StopSignals::wait(const std::stop_token& over) {
  const std::stop_callback wake(over,
                                [thread = pthread_self()] { pthread_kill(thread, wake_signal); });
  const sigset_t set = waited_for();
  while (true) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    if (over.stop_requested()) return {};
    if (signal == wake_signal) continue;
    if (source_.stop_requested()) _exit(128 + signal);
    source_.request_stop();
    if (on_first_) on_first_();
  }
}

}  // namespace tideway
