#include "app/stop_signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/clock.h"

namespace tideway {
namespace {

// Runs `child` in a process of its own and gives how it ended. It must end by _exit.
template <typename Child>
int status_of(Child child) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(20);  // a child that hangs dies of SIGALRM, which no expectation here takes for an answer
    child();
    _exit(99);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

void wait_for_stop(const std::stop_token& token) {
  static_cast<void>(real_clock().wait(std::chrono::seconds(15), token));
}

int exit_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

TEST(StopSignals, the_first_signal_is_a_stop_request) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(exit_of(status_of([signal] {
                const StopSignals signals({});
                kill(getpid(), signal);
                wait_for_stop(signals.token());
                _exit(signals.token().stop_requested() ? 0 : 1);
              })),
              0)
        << signal;
  }
}

TEST(StopSignals, the_second_signal_ends_the_process_at_once) {
  EXPECT_EQ(exit_of(status_of([] {
              const StopSignals signals({});
              kill(getpid(), SIGINT);
              wait_for_stop(signals.token());
              kill(getpid(), SIGTERM);
              wait_for_stop({});
            })),
            143);
  EXPECT_EQ(exit_of(status_of([] {
              const StopSignals signals({});
              kill(getpid(), SIGTERM);
              wait_for_stop(signals.token());
              kill(getpid(), SIGINT);
              wait_for_stop({});
            })),
            130);
}

TEST(StopSignals, a_signal_that_was_ignored_stays_ignored) {
  EXPECT_EQ(exit_of(status_of([] {
              std::signal(SIGHUP, SIG_IGN);
              const StopSignals signals({});
              kill(getpid(), SIGHUP);
              kill(getpid(), SIGTERM);
              wait_for_stop(signals.token());
              // Had SIGHUP counted, SIGTERM would have been the second.
              _exit(signals.token().stop_requested() ? 0 : 1);
            })),
            0);
}

TEST(StopSignals, ends_quietly_when_nobody_stopped_anything) {
  EXPECT_EQ(exit_of(status_of([] {
              {
                const StopSignals signals({});
              }
              _exit(0);
            })),
            0);
}

TEST(StopSignals, a_closed_pipe_does_not_end_the_process) {
  EXPECT_EQ(exit_of(status_of([] {
              const StopSignals signals({});
              int ends[2];
              if (pipe(ends) != 0) _exit(1);
              close(ends[0]);
              _exit(write(ends[1], "x", 1) == -1 ? 0 : 1);
            })),
            0);
}

}  // namespace
}  // namespace tideway
