#include "app/status_screen.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace tideway {
namespace {

// What a screen writes, read back after it is gone.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { ::close(ends_[0]); }
  int in() const { return ends_[1]; }
  std::string all() {
    ::close(ends_[1]);
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::read(ends_[0], buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void go_through_a_job(StatusBoard& board, StatusScreen& screen) {
  board.begin(1, 2, "copying rows");
  {
    const auto showing = board.show([] {
      Status status;
      status.rows_done = 42;
      return status;
    });
    board.warn("the table t has no key");
    screen.say("a note");
  }
  board.begin(2, 2, "verifying");
}

TEST(StatusScreen, plain_lines_end_with_where_the_job_stood) {
  Pipe pipe;
  StatusBoard board;
  {
    StatusScreen screen(board, "copy", ScreenStyle::plain, pipe.in());
    go_through_a_job(board, screen);
  }
  const auto lines = lines_of(pipe.all());
  ASSERT_GE(lines.size(), 3U);
  EXPECT_NE(lines.back().find("[2/2] verifying: 42 rows"), std::string::npos) << lines.back();
  const auto has = [&](std::string_view text) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(has("a note"));
  EXPECT_TRUE(has("warning: the table t has no key"));
  EXPECT_FALSE(has("\x1b"));
}

TEST(StatusScreen, events_are_json_objects_one_a_line) {
  Pipe pipe;
  StatusBoard board;
  {
    StatusScreen screen(board, "copy", ScreenStyle::events, pipe.in());
    go_through_a_job(board, screen);
  }
  std::set<std::string> kinds;
  const auto lines = lines_of(pipe.all());
  for (const auto& line : lines)
    kinds.insert(nlohmann::json::parse(line)["event"].get<std::string>());
  EXPECT_EQ(kinds, (std::set<std::string>{"note", "phase", "status", "warning"}));
  // However short the last phase was, what it came to is said.
  const auto last = nlohmann::json::parse(lines.back());
  EXPECT_EQ(last["event"], "status");
  EXPECT_EQ(last["rows_done"], 42);
}

TEST(StatusScreen, the_live_block_leaves_one_plain_line_behind) {
  Pipe pipe;
  StatusBoard board;
  {
    StatusScreen screen(board, "copy", ScreenStyle::live, pipe.in());
    go_through_a_job(board, screen);
  }
  const auto text = pipe.all();
  EXPECT_NE(text.find("a note\n"), std::string::npos);
  const auto last_erase = text.rfind("\x1b[J");
  ASSERT_NE(last_erase, std::string::npos);
  EXPECT_EQ(text.substr(last_erase + 3).rfind("[2/2] verifying: 42 rows", 0), 0U)
      << text.substr(last_erase);
}

TEST(StatusScreen, no_status_comes_behind_what_is_said_after_the_end) {
  Pipe pipe;
  StatusBoard board;
  {
    StatusScreen screen(board, "copy", ScreenStyle::events, pipe.in());
    go_through_a_job(board, screen);
    screen.finish();
    screen.event("{\"event\":\"end\"}");
  }
  EXPECT_EQ(lines_of(pipe.all()).back(), "{\"event\":\"end\"}");
}

TEST(StatusScreen, nothing_is_drawn_before_the_first_phase) {
  Pipe pipe;
  const StatusBoard board;
  {
    const StatusScreen screen(board, "copy", ScreenStyle::live, pipe.in());
  }
  EXPECT_EQ(pipe.all(), "");
}

TEST(StatusScreen, silence_is_silent) {
  Pipe pipe;
  StatusBoard board;
  {
    StatusScreen screen(board, "copy", ScreenStyle::silent, pipe.in());
    go_through_a_job(board, screen);
  }
  EXPECT_EQ(pipe.all(), "");
}

TEST(StatusScreen, a_pipe_is_no_terminal) {
  const Pipe pipe;
  EXPECT_EQ(usual_style(pipe.in()), ScreenStyle::plain);
  ::close(pipe.in());
}

}  // namespace
}  // namespace tideway
