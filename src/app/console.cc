#include "app/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "app/assess_text.h"
#include "app/certificate_text.h"
#include "app/events.h"
#include "app/job_report.h"
#include "app/plan_text.h"
#include "app/version.h"
#include "base/log.h"
#include "base/terminal.h"

namespace tideway {
namespace {

// Zero, or what went wrong.
int write_to(std::FILE* file, std::string_view text) {
  errno = 0;
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  return is_written ? 0 : errno;
}

}  // namespace

Console::~Console() { end_screen(); }

Result<void> Console::open(const CommonOptions& options, const std::string& command) {
  is_json_ = options.json;
  is_quiet_ = options.quiet;
  const auto usual_level = options.log_file.empty() ? LogLevel::warn : LogLevel::info;
  TRY(open_log({options.log_file, options.log_level.value_or(usual_level), options.log_json}));
  auto style = is_quiet_ ? ScreenStyle::silent : usual_style(STDERR_FILENO);
  if (is_json_) style = ScreenStyle::events;
  auto screen = std::make_unique<StatusScreen>(board_, command, style,
                                               is_json_ ? STDOUT_FILENO : STDERR_FILENO);
  if (style == ScreenStyle::live) {
    redirect_stderr_log([taker = screen.get()](const std::string& line) { taker->say(line); });
  }
  screen_.with([&screen](auto& current) { current = std::move(screen); });
  put_event(start_event(command, version_number()));
  board_.when_named([this, command](const std::string& job) { listen(command, job); });
  return {};
}

// A job that nobody can ask goes on all the same.
void Console::listen(const std::string& command, const std::string& job) {
  if (server_ != nullptr) return;
  auto directory = RunDir::make(RunDir::places().front());
  if (!directory) return board_.warn("nobody can ask this job: " + directory.error().to_line());
  const auto report = std::make_shared<JobReport>(board_, command, job);
  JobVoice voice{[report] { return report->status(); }, error_event};
  server_ = std::make_unique<ControlServer>(std::move(*directory), job, board_.control(),
                                            std::move(voice));
  if (auto started = server_->start(); !started)
    board_.warn("nobody can ask this job: " + started.error().to_line());
}

void Console::print(std::string_view text) { keep_print_error(write_to(stdout, text)); }

void Console::keep_print_error(int error) {
  // A reader that has seen enough (head) is no failure.
  if (error != 0 && error != EPIPE && print_error_ == 0) print_error_ = error;
}

void Console::note(std::string_view line) {
  const bool is_said = screen_.with([line](const auto& screen) {
    if (screen != nullptr) screen->say(line);
    return screen != nullptr;
  });
  if (!is_said && !is_quiet_) write_to(stderr, fmt::format("{}\n", line));
}

void Console::warn(const std::string& sentence) {
  board_.warn(sentence);
  const bool is_shown = screen_.with([](const auto& screen) { return screen != nullptr; });
  if (!is_shown) write_to(stderr, fmt::format("warning: {}\n", sentence));
}

bool Console::put_event(const std::string& event) {
  return screen_.with([&](const auto& screen) {
    if (!is_json_ || screen == nullptr) return false;
    screen->event(event);
    return true;
  });
}

bool Console::put_last_event(const std::string& event) {
  return screen_.with([&](const auto& screen) {
    if (!is_json_ || screen == nullptr) return false;
    screen->finish();
    screen->event(event);
    return true;
  });
}

void Console::report(const Error& error) {
  last_error_ = error_event(error);
  if (put_last_event(error_event(error))) return;
  end_screen();
  write_to(stderr, error.to_report());
}

void Console::report(const Certificate& certificate) {
  if (put_last_event(certificate_event(certificate))) return;
  end_screen();
  // Quiet is about success: what is not proven is said all the same.
  if (!is_quiet_ || exit_code_of(certificate) != ExitCode::proven)
    print(certificate_text(certificate));
}

void Console::report(const recipe::Plan& plan) {
  if (put_last_event(plan_event(plan))) return;
  end_screen();
  print(plan_text(plan));
}

void Console::report(const recipe::AssessReport& report) {
  if (put_last_event(assess_event(report))) return;
  end_screen();
  print(assess_text(report));
}

Result<bool> Console::confirm(const std::string& question, const std::stop_token& stop) {
  auto terminal = ::isatty(STDIN_FILENO) == 1 ? Terminal::open() : std::nullopt;
  if (!terminal) return false;
  return TRY(terminal->ask(question + " Type yes to go on: ", Terminal::Echo::on, stop)) == "yes";
}

void Console::end_screen() {
  redirect_stderr_log({});
  screen_.with([this](auto& screen) {
    if (screen != nullptr && is_json_) keep_print_error(screen->write_error());
    screen.reset();
  });
}

ExitCode Console::close(ExitCode code) {
  if (server_ != nullptr) {
    if (last_error_.empty()) {
      server_->end({end_event(code)});
    } else {
      server_->end({last_error_, end_event(code)});
    }
    server_.reset();
  }
  put_last_event(end_event(code));
  end_screen();
  if (print_error_ == 0) return code;
  write_to(stderr, fmt::format("error: standard output cannot be written: {}\n",
                               std::strerror(print_error_)));
  return code == ExitCode::proven ? ExitCode::environment : code;
}

}  // namespace tideway
