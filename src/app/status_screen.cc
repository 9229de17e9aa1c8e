#include "app/status_screen.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "app/events.h"
#include "app/live_block.h"
#include "app/pace.h"
#include "app/status_block.h"
#include "base/crew.h"
#include "base/guarded.h"

namespace tideway {
namespace {

constexpr auto tick = std::chrono::milliseconds(500);
constexpr auto plain_interval = std::chrono::seconds(5);
constexpr auto event_interval = std::chrono::seconds(1);

// Zero, or what went wrong.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0 ? ENOSPC : errno;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!is_set(name)) continue;
    const std::string_view value = std::getenv(name);
    return value.find("UTF-8") != std::string_view::npos ||
           value.find("utf8") != std::string_view::npos;
  }
  return false;
}

std::string clock_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%H:%M:%S ", &parts)};
}

// How one style shows what it is given. Called under a lock, by any thread.
class Painter {
 public:
  explicit Painter(int descriptor) : descriptor_(descriptor) {}
  virtual ~Painter() = default;
  virtual void show(const Figures& figures, const std::vector<std::string>& new_warnings,
                    Instant now) = 0;
  virtual void say(std::string_view line) = 0;
  virtual void event(const std::string&) {}
  virtual void finish() {}
  int write_error() const { return write_error_; }

 protected:
  void put(std::string_view text) {
    const int error = write_all(descriptor_, text);
    if (write_error_ == 0) write_error_ = error;
  }
  const int descriptor_;

 private:
  int write_error_ = 0;
};

class LivePainter final : public Painter {
 public:
  LivePainter(int descriptor, std::string command)
      : Painter(descriptor),
        command_(std::move(command)),
        colour_(!is_set("NO_COLOR")),
        unicode_(speaks_utf8()) {}

  void show(const Figures& figures, const std::vector<std::string>& new_warnings,
            Instant) override {
    if (!new_warnings.empty()) warning_ = new_warnings.back();
    if (figures.status.phase.empty()) return;  // somebody may be typing a password
    figures_ = figures;
    draw("");
  }
  void say(std::string_view line) override { draw(std::string(line) + "\n"); }
  void finish() override {
    std::string text = block_.erase();
    if (figures_ && !figures_->status.phase.empty()) text += status_line(*figures_) + "\n";
    put(text);
  }

 private:
  void draw(const std::string& above) {
    const TerminalSize size = terminal_size(descriptor_);
    const BlockStyle style{size.columns > 1 ? size.columns - 1 : 1, colour_, unicode_};
    put(block_.draw(
        above,
        figures_ ? status_block(*figures_, command_, warning_, style) : std::vector<std::string>(),
        size.lines));
  }
  const std::string command_;
  const bool colour_, unicode_;
  std::optional<Figures> figures_;
  std::string warning_;
  LiveBlock block_;
};

class PlainPainter final : public Painter {
 public:
  using Painter::Painter;

  void show(const Figures& figures, const std::vector<std::string>& new_warnings,
            Instant now) override {
    for (const std::string& warning : new_warnings) say("warning: " + warning);
    const bool is_new = figures.status.phase != phase_ || figures.status.is_paused != is_paused_ ||
                        figures.status.waiting_for.empty() != waiting_for_.empty();
    figures_ = figures;
    if (figures.status.phase.empty() || (!is_new && now - last_ < plain_interval)) return;
    phase_ = figures.status.phase;
    waiting_for_ = figures.status.waiting_for;
    is_paused_ = figures.status.is_paused;
    last_ = now;
    said_ = status_line(figures);
    say(said_);
  }
  void say(std::string_view line) override { put(clock_text() + std::string(line) + "\n"); }
  void finish() override {
    if (!figures_ || figures_->status.phase.empty()) return;
    const std::string line = status_line(*figures_);
    if (line != said_) say(line);
  }

 private:
  std::optional<Figures> figures_;
  std::string phase_, waiting_for_, said_;
  bool is_paused_ = false;
  Instant last_{};
};

class EventPainter final : public Painter {
 public:
  using Painter::Painter;

  void show(const Figures& figures, const std::vector<std::string>& new_warnings,
            Instant now) override {
    for (const std::string& warning : new_warnings) event(warning_event(warning));
    if (figures.status.phase != phase_) event(phase_event(figures.status));
    if (figures.status.phase.empty()) return;
    waiting_ = figures;
    if (figures.status.phase == phase_ && now - last_ < event_interval) return;
    phase_ = figures.status.phase;
    last_ = now;
    finish();
  }
  void finish() override {
    if (waiting_) event(status_event(*waiting_));
    waiting_.reset();
  }
  void say(std::string_view line) override { event(note_event(line)); }
  void event(const std::string& json_line) override { put(json_line + "\n"); }

 private:
  std::string phase_;
  Instant last_{};
  std::optional<Figures> waiting_;  // shown, and not written yet
};

class SilentPainter final : public Painter {
 public:
  using Painter::Painter;
  void show(const Figures&, const std::vector<std::string>&, Instant) override {}
  void say(std::string_view) override {}
};

std::unique_ptr<Painter> make_painter(ScreenStyle style, int descriptor, std::string command) {
  switch (style) {
    case ScreenStyle::live:
      return std::make_unique<LivePainter>(descriptor, std::move(command));
    case ScreenStyle::plain:
      return std::make_unique<PlainPainter>(descriptor);
    case ScreenStyle::events:
      return std::make_unique<EventPainter>(descriptor);
    case ScreenStyle::silent:
      break;
  }
  return std::make_unique<SilentPainter>(descriptor);
}

}  // namespace

struct StatusScreen::State {
  State(const StatusBoard& shown, std::unique_ptr<Painter> made)
      : board(shown), pace(real_clock().now()), painter(std::move(made)) {}

  void refresh() {
    const Status status = board.status();
    const auto warnings = board.warnings();
    const auto now = real_clock().now();
    const Figures figures = pace.next(status, now);
    const std::vector<std::string> fresh(
        warnings.begin() + static_cast<std::ptrdiff_t>(warnings_seen), warnings.end());
    warnings_seen = warnings.size();
    painter.with([&](auto& current) { current->show(figures, fresh, now); });
  }

  const StatusBoard& board;
  // The crew's thread, until it is joined.
  Pace pace;
  std::size_t warnings_seen = 0;
  bool is_finished = false;  // the owner's thread
  Guarded<std::unique_ptr<Painter>> painter;
  Crew crew{std::stop_token{}};
};

StatusScreen::StatusScreen(const StatusBoard& board, std::string command, ScreenStyle style,
                           int descriptor)
    : state_(std::make_unique<State>(board, make_painter(style, descriptor, std::move(command)))) {
  if (style == ScreenStyle::silent) return;
  state_->crew.start("status", [state = state_.get()](const std::stop_token& stop) -> Result<void> {
    do {
      state->refresh();
    } while (real_clock().wait(tick, stop));
    return {};
  });
}

StatusScreen::~StatusScreen() { finish(); }

void StatusScreen::finish() {
  if (state_->is_finished) return;
  state_->is_finished = true;
  state_->crew.stop();
  static_cast<void>(state_->crew.join());  // its work returns no error
  state_->refresh();
  state_->painter.with([](auto& painter) { painter->finish(); });
}

void StatusScreen::say(std::string_view line) {
  state_->painter.with([line](auto& painter) { painter->say(line); });
}

void StatusScreen::event(const std::string& json_line) {
  state_->painter.with([&json_line](auto& painter) { painter->event(json_line); });
}

int StatusScreen::write_error() const {
  return state_->painter.with([](auto& painter) { return painter->write_error(); });
}

ScreenStyle usual_style(int descriptor) {
  const char* terminal = std::getenv("TERM");
  const bool can_move =
      terminal != nullptr && std::string_view(terminal) != "dumb" && *terminal != '\0';
  return ::isatty(descriptor) == 1 && can_move ? ScreenStyle::live : ScreenStyle::plain;
}

}  // namespace tideway
