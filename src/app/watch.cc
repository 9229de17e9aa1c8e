#include "app/watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "app/job_text.h"
#include "app/live_block.h"
#include "app/status_block.h"
#include "app/status_screen.h"
#include "base/clock.h"
#include "operate/request.h"

namespace tideway {
namespace {

constexpr auto line_interval = std::chrono::seconds(5);

// What a person is shown of the lines that come.
class Watched {
 public:
  explicit Watched(Console& console)
      : console_(console), is_live_(usual_style(STDOUT_FILENO) == ScreenStyle::live) {}

  void show(const std::string& line) {
    if (const std::string error = error_text(line); !error.empty()) {
      console_.print(block_.erase() + error);
      return;
    }
    JobStatus status = parse_job_status(line);
    if (is_live_) {
      const TerminalSize size = terminal_size(STDOUT_FILENO);
      for (std::string& each : status.block)
        each = cut_to(each, size.columns > 1 ? size.columns - 1 : 1, true);
      console_.print(block_.draw("", std::move(status.block), size.lines));
      return;
    }
    const Instant now = real_clock().now();
    if (status.line.empty() || (status.gist == gist_ && now - shown_ < line_interval)) return;
    console_.print(status.line + "\n");
    gist_ = status.gist;
    shown_ = now;
  }
  void clear() { console_.print(block_.erase()); }
  void end(const std::string& how) { console_.print(block_.erase() + how + "\n"); }

 private:
  Console& console_;
  const bool is_live_;
  LiveBlock block_;
  std::string gist_;
  Instant shown_{};
};

}  // namespace

ExitCode watch_job(ControlClient& client, bool as_json, Console& console,
                   const std::stop_token& stop) {
  Watched watched(console);
  auto line = client.watch(stop).and_then([&] { return client.next(stop); });
  for (; line && *line; line = client.next(stop)) {
    if (as_json) console.print(**line + "\n");
    if (const auto exit = parse_end(**line)) {
      if (!as_json) watched.end(fmt::format("the job has ended, with exit code {}", *exit));
      return static_cast<ExitCode>(*exit);
    }
    if (!as_json) watched.show(**line);
  }
  if (!line && line.error().code() == ErrorCode::stopped) {
    if (!as_json) watched.end("the job goes on");
    return ExitCode::stopped;
  }
  if (!as_json) watched.clear();
  const Error gone(ErrorCode::job_not_running, Side::local, Retry::after_operator,
                   "the job is gone without a word: it was killed, or its machine");
  console.report(line ? gone : line.error());
  return ExitCode::failed;
}

}  // namespace tideway
