#include "mysql/inquirer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::value;

using Text = std::optional<std::string>;

TEST(Inquirer, opens_a_session_at_the_first_question_and_uses_it_again) {
  Inquirer server(endpoint_of("80"), 1, std::chrono::seconds(10));
  const auto number = [](Session& open) -> Result<std::uint64_t> { return open.connection_id(); };
  EXPECT_EQ(value(server.ask("a number", {}, number)), value(server.ask("a number", {}, number)));
}

TEST(Inquirer, asks_again_what_was_cut_off) {
  Inquirer server(endpoint_of("80"), 1, std::chrono::seconds(60));
  Session killer = open_session("80");
  int asked = 0;
  const Text answer = value(server.ask("an answer", {}, [&](Session& open) -> Result<Text> {
    if (++asked <= 2) TRY(kill_session(killer, open.connection_id(), {}));
    return open.query_value("SELECT 'came'", {});
  }));
  EXPECT_EQ(answer, "came");
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(server.asked_again(), 2);
}

TEST(Inquirer, loses_no_answer_to_a_server_that_closed_the_idle_session) {
  Inquirer server(endpoint_of("80"), 1, std::chrono::seconds(10));
  Session watching = open_session("80");
  const auto number = [](Session& open) -> Result<std::uint64_t> {
    TRY(open.execute("SET SESSION wait_timeout = 1", {}));
    return open.connection_id();
  };
  const std::uint64_t first = value(server.ask("a number", {}, number));
  const std::string is_there =
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = " + std::to_string(first);
  while (value(watching.query_value(is_there, {})) != "0") std::this_thread::yield();
  EXPECT_NE(value(server.once({}, number)), first);
  EXPECT_EQ(server.asked_again(), 0);
}

TEST(Inquirer, uses_no_session_again_that_an_answer_called_lost) {
  Inquirer server(endpoint_of("80"), 1, std::chrono::seconds(10));
  std::vector<std::uint64_t> numbers;
  value(server.ask("an answer", {}, [&](Session& open) -> Result<void> {
    numbers.push_back(open.connection_id());
    if (numbers.size() > 1) return {};
    return fail(Error(ErrorCode::lost_connection, Side::source, Retry::new_session, "elsewhere"));
  }));
  ASSERT_EQ(numbers.size(), 2);
  EXPECT_NE(numbers[0], numbers[1]);
}

TEST(Inquirer, asks_for_as_many_threads_at_a_time_as_it_may) {
  Inquirer server(endpoint_of("80"), 2, std::chrono::seconds(10));
  std::atomic<int> asking = 0;
  std::mutex mutex;
  std::set<std::uint64_t> numbers;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 10; ++k) {
          value(server.ask("an answer", {}, [&](Session& open) -> Result<void> {
            EXPECT_LE(++asking, 2);
            TRY(open.query_value("SELECT 1", {}));
            --asking;
            const std::scoped_lock lock(mutex);
            numbers.insert(open.connection_id());
            return {};
          }));
        }
      });
    }
  }
  EXPECT_LE(numbers.size(), 2) << "a session for a question";
}

TEST(Inquirer, asks_once_what_the_server_refuses_and_says_what_was_asked) {
  Inquirer server(endpoint_of("80"), 1, std::chrono::seconds(60));
  int asked = 0;
  const auto answer = server.ask("counting sheep", {}, [&](Session& open) -> Result<Text> {
    ++asked;
    return open.query_value("SELECT COUNT(*) FROM mysql.sheep", {});
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::table_gone) << answer.error().to_line();
  EXPECT_NE(answer.error().to_line().find("counting sheep"), std::string::npos)
      << answer.error().to_line();
  EXPECT_EQ(asked, 1);
}

TEST(Inquirer, gives_up_when_its_patience_is_over) {
  Endpoint nowhere = endpoint_of("80");
  nowhere.port = 1;
  Inquirer server(nowhere, 1, std::chrono::milliseconds(300));
  const auto answer =
      server.ask("an answer", {}, [](Session& open) { return open.query_value("SELECT 1", {}); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry(), Retry::new_session) << answer.error().to_line();
}

}  // namespace
}  // namespace tideway
