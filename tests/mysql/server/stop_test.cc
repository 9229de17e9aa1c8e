#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "mysql/server/servers.h"
#include "mysql/session.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::tideway::testing::encrypted;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::environment_endpoint;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

using Clock = std::chrono::steady_clock;
constexpr auto soon = std::chrono::seconds(3);  // far below what the calls would wait for

// Asks for a stop from another thread once `condition` holds on the server: no call is stopped
// before it is under way.
class Stopper {
 public:
  Stopper(std::string_view version, std::string condition) {
    thread_ =
        std::jthread([this, version = std::string(version), condition = std::move(condition)] {
          Session watcher = open_session(version);
          while (value(watcher.query_value(condition, {})) == "0") {
          }
          requested_at_ = Clock::now();
          source_.request_stop();
        });
  }
  std::stop_token token() const { return source_.get_token(); }
  Clock::duration since() {
    thread_.join();
    return Clock::now() - requested_at_;
  }

 private:
  std::stop_source source_;
  Clock::time_point requested_at_;
  std::jthread thread_;
};

std::string is_running(std::string_view mark) {
  return "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%" +
         std::string(mark) + "%' AND id <> CONNECTION_ID()";
}

void expect_gone(std::string_view version, std::uint64_t connection_id) {
  Session watcher = open_session(version);
  const std::string question = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = " +
                               std::to_string(connection_id);
  const auto limit = Clock::now() + soon;
  while (value(watcher.query_value(question, {})) != "0")
    ASSERT_LT(Clock::now(), limit) << "the abandoned query goes on running";
}

// Each promise with and without TLS: OpenSSL waits by other rules than a socket.
struct Way {
  std::string version;
  bool is_encrypted;
};
class Stopping : public ::testing::TestWithParam<Way> {
 protected:
  Session open(const SessionOptions& options = {}) {
    const Way& way = GetParam();
    Session session = value(Session::open(
        way.is_encrypted ? encrypted(way.version) : endpoint_of(way.version), options, {}));
    EXPECT_EQ(session.is_encrypted(), way.is_encrypted);
    return session;
  }
  // The server of the way, for endpoint_of() and those who watch.
  static std::string server() {
    return (GetParam().is_encrypted ? "TLS" : "") + GetParam().version;
  }
};
INSTANTIATE_TEST_SUITE_P(Ways, Stopping,
                         ::testing::Values(Way{"80", false}, Way{"80", true}, Way{"57", false}),
                         [](const auto& each) {
                           return each.param.version + (each.param.is_encrypted ? "tls" : "plain");
                         });

TEST_P(Stopping, interrupts_a_query_at_once_and_ends_it_on_the_server) {
  Session session = open();
  const std::uint64_t id = session.connection_id();
  Stopper stopper(server(), is_running("SLEEP(101)"));
  const auto answer = session.query("SELECT SLEEP(101)", stopper.token());
  EXPECT_LT(stopper.since(), soon);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::stopped);
  EXPECT_TRUE(session.is_broken());
  expect_gone(server(), id);
}

TEST_P(Stopping, interrupts_a_stream_between_rows) {
  Session session = open();
  const std::uint64_t id = session.connection_id();
  MemoryArbiter arbiter(64 << 20);
  Block block(nullptr, std::move(*arbiter.borrow(1 << 20, {})));
  block.begin_rows(nullptr, ChangeKind::insert, {}, ColumnSet({0}));
  {
    // The first row is too large to be held back by the server; then it keeps silent.
    const auto rows =
        value(session.stream("SELECT IF(n = 1, REPEAT('x', 100000), SLEEP(102)) FROM (SELECT 1 AS "
                             "n UNION ALL SELECT 2) t",
                             {}));
    bool fits = false;
    ASSERT_TRUE(value(rows->next_row(block, fits, {})));
    Stopper stopper(server(), is_running("SLEEP(102)"));
    const auto row = rows->next_row(block, fits, stopper.token());
    EXPECT_LT(stopper.since(), soon);
    ASSERT_FALSE(row);
    EXPECT_EQ(row.error().code(), ErrorCode::stopped);
  }
  expect_gone(server(), id);
}

TEST_P(Stopping, holds_a_silent_server_to_the_deadline) {
  Session session = open({.read_deadline = std::chrono::milliseconds(200)});
  const std::uint64_t id = session.connection_id();
  const auto begun = Clock::now();
  const auto answer = session.execute("DO SLEEP(103)", {});
  EXPECT_LT(Clock::now() - begun, soon);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::deadline);
  EXPECT_EQ(answer.error().retry(), Retry::new_session);
  expect_gone(server(), id);
}

TEST_P(Stopping, starts_the_deadline_anew_with_each_byte) {
  Session session = open({.read_deadline = std::chrono::milliseconds(500)});
  MemoryArbiter arbiter(64 << 20);
  // 0.3 s of silence four times over: more than the deadline in all, never at once.
  const auto rows =
      value(session.stream("SELECT REPEAT('x', 100000), SLEEP(0.3) FROM (SELECT 1 UNION ALL SELECT "
                           "2 UNION ALL SELECT 3 UNION ALL SELECT 4) t",
                           {}));
  Block block(nullptr, std::move(*arbiter.borrow(1 << 20, {})));
  block.begin_rows(nullptr, ChangeKind::insert, {}, ColumnSet({0, 1}));
  bool fits = true;
  while (value(rows->next_row(block, fits, {}))) ASSERT_TRUE(fits);
  EXPECT_EQ(block.row_count(), 4U);
}

TEST_P(Stopping, begins_nothing_after_a_stop) {
  const TestDatabase database(server(), "tw_stop");
  Session session = open();
  value(session.execute("CREATE TABLE tw_stop.t (id INT)", {}));
  std::stop_source source;
  source.request_stop();
  const auto answer = session.execute("INSERT INTO tw_stop.t VALUES (1)", source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::stopped);
  EXPECT_EQ(value(session.query_value("SELECT COUNT(*) FROM tw_stop.t", {})), "0");
}

TEST_P(Stopping, interrupts_many_sessions_by_one_request) {
  std::stop_source source;
  std::vector<std::jthread> threads;
  std::atomic<int> stopped = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Session session = open();
      const auto answer = session.query("SELECT SLEEP(104)", source.get_token());
      if (!answer && answer.error().code() == ErrorCode::stopped) ++stopped;
    });
  }
  {
    Session watcher = open_session(server());
    while (value(watcher.query_value(is_running("SLEEP(104)"), {})) != "8") {
    }
    source.request_stop();
  }
  threads.clear();
  EXPECT_EQ(stopped, 8);
}

TEST_P(Stopping, interrupts_a_statement_that_the_server_does_not_read) {
  // A proxy that carries a few kilobytes a second: 64 MiB would take hours.
  Endpoint endpoint = environment_endpoint("TIDEWAY_TEST_THROTTLED" + server());
  if (GetParam().is_encrypted) endpoint.tls = TlsMode::require;
  Session session = value(Session::open(endpoint, {}, {}));
  std::stop_source source;
  std::jthread stopper([&source] {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(300));  // long enough to fill every buffer on the way
    source.request_stop();
  });
  const auto begun = Clock::now();
  const auto answer =
      session.execute("SELECT '" + std::string(64 << 20, 'x') + "'", source.get_token());
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(10));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::stopped);
}

// Takes connections (the system does, up to the backlog) and never says a word.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { ::close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  Endpoint endpoint() const {
    Endpoint endpoint;
    endpoint.port = port_;
    endpoint.user = "root";
    return endpoint;
  }

 private:
  const int socket_;
  std::uint16_t port_ = 0;
};

TEST(Connecting, gives_up_on_a_server_that_does_not_greet) {
  const SilentPort port;
  Endpoint endpoint = port.endpoint();
  endpoint.connect_timeout = std::chrono::milliseconds(200);
  const auto begun = Clock::now();
  const auto session = Session::open(endpoint, {}, {});
  EXPECT_LT(Clock::now() - begun, soon);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), ErrorCode::connect_round_trip);
  EXPECT_THAT(session.error().to_line(), HasSubstr("nothing was said"));
}

TEST(Connecting, is_interrupted_by_a_stop) {
  const SilentPort port;
  Endpoint endpoint = port.endpoint();
  endpoint.connect_timeout = std::chrono::minutes(5);
  std::stop_source source;
  std::jthread stopper([&source] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    source.request_stop();
  });
  const auto begun = Clock::now();
  const auto session = Session::open(endpoint, {}, source.get_token());
  EXPECT_LT(Clock::now() - begun, soon);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), ErrorCode::stopped);
}

TEST(Killing, returns_when_what_the_session_held_is_free) {
  const TestDatabase database("80", "tw_kill");
  Session holder = open_session("80"), other = open_session("80");
  value(holder.execute("CREATE TABLE tw_kill.t (id INT PRIMARY KEY)", {}));
  value(holder.execute("INSERT INTO tw_kill.t VALUES (1)", {}));
  value(holder.execute("START TRANSACTION", {}));
  value(holder.execute("UPDATE tw_kill.t SET id = 2", {}));
  value(kill_session(other, holder.connection_id(), {}));
  value(other.execute("SET innodb_lock_wait_timeout = 1", {}));
  EXPECT_EQ(value(other.query_value("SELECT id FROM tw_kill.t FOR UPDATE", {})), "1");
  const auto answer = holder.query("SELECT 1", {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::lost_connection);
  EXPECT_TRUE(holder.is_broken());
  value(kill_session(other, holder.connection_id(), {}));  // gone already: as wanted
}

}  // namespace
}  // namespace tideway
