#include "operate/control_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "operate/control_client.h"
#include "operate/request.h"

namespace tideway {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

const std::stop_token never;

template <typename Holds>
bool comes_true(Holds holds) {
  const Instant give_up = real_clock().now() + std::chrono::seconds(10);
  while (!holds()) {
    if (real_clock().now() > give_up) return false;
    real_clock().wait(milliseconds(1), never);
  }
  return true;
}

// A job's side and an operator's, in a directory that both find.
class Asked : public ::testing::Test {
 protected:
  Asked() {
    std::string name = (fs::temp_directory_path() / "tideway-operate-XXXXXX").string();
    root = ::mkdtemp(name.data());
    ::setenv("TIDEWAY_RUN_DIR", root.c_str(), 1);
  }
  ~Asked() override {
    server.reset();
    ::unsetenv("TIDEWAY_RUN_DIR");
    fs::remove_all(root);
  }

  std::unique_ptr<ControlServer> make(const std::string& job = "job") {
    JobVoice voice;
    voice.status = [this] {
      while (is_stuck) real_clock().wait(milliseconds(1), never);
      return Told{"{\"event\":\"status\",\"number\":" + std::to_string(number) + "}",
                  std::to_string(news)};
    };
    voice.error = [](const Error& error) {
      return "{\"event\":\"error\",\"code\":\"" + to_text(error.code()) + "\",\"message\":\"no\"}";
    };
    return std::make_unique<ControlServer>(*RunDir::make(root), job, control, std::move(voice));
  }
  void start() {
    server = make();
    ASSERT_TRUE(server->start().has_value());
  }
  FileHandle connect() const { return *RunDir::make(root)->connect("job"); }

  static std::string read_all(const FileHandle& socket) {
    std::string text;
    char bytes[65536];
    while (true) {
      pollfd watched{socket.fd(), POLLIN, 0};
      if (::poll(&watched, 1, 5000) <= 0) return text + " (and no end)";
      const ssize_t count = ::recv(socket.fd(), bytes, sizeof bytes, 0);
      if (count <= 0) return text;
      text.append(bytes, static_cast<std::size_t>(count));
    }
  }
  static bool say(const FileHandle& socket, const std::string& text) {
    return ::send(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  static Duration time_of_status(ControlClient& client) {
    const Instant began = real_clock().now();
    EXPECT_TRUE(client.status(never).has_value());
    return real_clock().now() - began;
  }

  // Of many answers: a machine that is busy with something else may hold up one of them.
  static Duration usual(std::vector<Duration> times) {
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    return times[times.size() / 2];
  }

  fs::path root;
  JobControl control;
  std::atomic<bool> is_stuck = false;
  std::atomic<int> number = 1, news = 0;
  std::unique_ptr<ControlServer> server;
};

TEST_F(Asked, a_status_is_of_now_and_a_verb_does_what_it_says) {
  start();
  std::string heard;
  const auto offer = control.offer("tune", [&](const std::string& text) -> Result<std::string> {
    heard = text;
    return "tuned to " + text;
  });
  auto client = ControlClient::connect("job");
  ASSERT_TRUE(client.has_value()) << client.error().to_line();
  number = 7;
  EXPECT_NE(client->status(never)->find("\"number\":7"), std::string::npos);
  EXPECT_EQ(*client->ask("tune", "x \"y\"\n", never), "tuned to x \"y\"\n");
  EXPECT_EQ(heard, "x \"y\"\n");
  const auto refused = client->ask("fly", "", never);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::not_offered);
}

TEST_F(Asked, an_answer_comes_within_50_ms_when_the_job_does_not_say_how_it_is) {
  start();
  auto client = ControlClient::connect("job");
  ASSERT_TRUE(client->status(never).has_value());  // it has said something once
  is_stuck = true;
  std::vector<Duration> times;
  for (int i = 0; i < 20; ++i) times.push_back(time_of_status(*client));
  is_stuck = false;
  EXPECT_LT(usual(times), milliseconds(50));
}

TEST_F(Asked, answers_come_in_the_order_of_the_questions) {
  start();
  const auto offer =
      control.offer("a", [](const std::string& text) -> Result<std::string> { return text; });
  const FileHandle socket = connect();
  ASSERT_TRUE(say(socket, R"({"verb":"a","argument":"1"})"
                          "\n"
                          R"({"verb":"status"})"
                          "\n"
                          "nonsense\n"
                          R"({"verb":"a","argument":"2"})"
                          "\n"));
  ::shutdown(socket.fd(), SHUT_WR);
  const std::string text = read_all(socket);
  const std::size_t places[] = {text.find("\"text\":\"1\""), text.find("\"status\""),
                                text.find("TW100"), text.find("\"text\":\"2\"")};
  EXPECT_TRUE(std::ranges::is_sorted(places) && places[3] != std::string::npos) << text;
}

TEST_F(Asked, who_watches_hears_news_at_once_and_the_end_last) {
  start();
  auto client = ControlClient::connect("job");
  ASSERT_TRUE(client->watch(never).has_value());
  ASSERT_TRUE((**client->next(never)).find("status") != std::string::npos);
  number = 2;
  news = 1;
  const Instant changed = real_clock().now();
  while ((**client->next(never)).find("\"number\":2") == std::string::npos) {
  }
  EXPECT_LT(real_clock().now() - changed, milliseconds(900)) << "news does not wait for its second";
  server->end({R"({"event":"end","exit":3})"});
  std::string last;
  for (auto line = client->next(never); line && *line; line = client->next(never)) last = **line;
  EXPECT_EQ(parse_end(last), 3U);
  EXPECT_TRUE(fs::is_empty(root)) << "the socket is removed at the end";
}

TEST_F(Asked, no_client_can_make_another_wait) {
  start();
  // One that never reads what it asks for, and one that says half a line.
  const FileHandle greedy = connect(), half = connect();
  ASSERT_TRUE(say(half, R"({"verb":)"));
  std::string flood;
  for (int i = 0; i < 2000; ++i) flood += "nonsense\n";
  bool is_dropped = false;
  auto client = ControlClient::connect("job");
  std::vector<Duration> times;
  for (int i = 0; i < 2000 && !is_dropped; ++i) {
    const ssize_t sent = ::send(greedy.fd(), flood.data(), flood.size(), MSG_NOSIGNAL);
    is_dropped = sent < 0 && errno == EPIPE;
    times.push_back(time_of_status(*client));
  }
  EXPECT_TRUE(is_dropped) << "it may hold a megabyte and no more";
  EXPECT_LT(usual(times), milliseconds(50));
}

TEST_F(Asked, a_line_without_an_end_is_refused) {
  start();
  const FileHandle socket = connect();
  const std::string much(8192, 'x');
  for (int i = 0; i < 20; ++i) say(socket, much);
  EXPECT_NE(read_all(socket).find("TW100"), std::string::npos);
}

TEST_F(Asked, many_clients_make_room_for_one_more) {
  start();
  std::vector<FileHandle> idle;
  for (std::size_t i = 0; i < ControlServer::clients_max * 2; ++i) idle.push_back(connect());
  auto client = ControlClient::connect("job");
  ASSERT_TRUE(client.has_value());
  std::vector<Duration> times;
  for (int i = 0; i < 9; ++i) times.push_back(time_of_status(*client));
  EXPECT_LT(usual(times), milliseconds(50));
}

TEST_F(Asked, a_second_process_of_the_job_waits_for_the_name_and_never_takes_it) {
  start();
  auto second = make();
  const auto started = second->start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code(), ErrorCode::job_owned);
  number = 5;
  EXPECT_TRUE(ControlClient::connect("job")->status(never).has_value());
  server.reset();
  EXPECT_TRUE(comes_true([] { return ControlClient::connect("job").has_value(); }));
}

TEST_F(Asked, one_that_does_not_run_is_told_so) {
  EXPECT_EQ(ControlClient::connect("job").error().code(), ErrorCode::job_not_running);
  EXPECT_TRUE(find_jobs()->empty());
  start();
  ASSERT_EQ(find_jobs()->size(), 1U);
  EXPECT_EQ(find_jobs()->front().job, "job");
  EXPECT_TRUE(find_jobs()->front().is_running);
}

TEST_F(Asked, asking_can_be_stopped) {
  start();
  auto client = ControlClient::connect("job");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client->next(stop.get_token()).error().code(), ErrorCode::stopped);
}

}  // namespace
}  // namespace tideway
