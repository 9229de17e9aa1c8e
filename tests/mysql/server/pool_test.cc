#include "mysql/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::value;

TEST(SessionPool, uses_a_clean_session_again) {
  Pool pool(endpoint_of("80"), {}, 2);
  const std::uint64_t first = value(pool.take({}))->connection_id();
  EXPECT_EQ(value(pool.take({}))->connection_id(), first);
  {
    const auto lease = value(pool.take({}));
    EXPECT_FALSE(lease->query("SELECT * FROM mysql.no_such_table", {}));
  }
  EXPECT_EQ(value(pool.take({}))->connection_id(), first) << "an error that leaves nothing behind";
}

TEST(SessionPool, closes_a_session_that_is_not_clean) {
  Pool pool(endpoint_of("80"), {}, 1);
  const std::uint64_t first = value(pool.take({}))->connection_id();
  value(value(pool.take({}))->execute("START TRANSACTION", {}));
  EXPECT_NE(value(pool.take({}))->connection_id(), first);
}

TEST(SessionPool, gives_no_session_that_the_server_closed_meanwhile) {
  Pool pool(endpoint_of("80"), {}, 1);
  const std::uint64_t first = value(pool.take({}))->connection_id();
  Session other = open_session("80");
  value(kill_session(other, first, {}));
  const auto lease = value(pool.take({}));
  EXPECT_NE(lease->connection_id(), first);
  EXPECT_EQ(value(lease->query_value("SELECT 1", {})), "1");
}

TEST(SessionPool, is_bounded_and_waits) {
  Pool pool(endpoint_of("80"), {}, 3);
  std::atomic<int> out = 0, most = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          const auto lease = value(pool.take({}));
          const int now = ++out;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          value(lease->query_value("SELECT 1", {}));
          --out;
        }
      });
    }
  }
  EXPECT_EQ(most, 3);
}

TEST(SessionPool, ends_the_waiting_when_stopped) {
  Pool pool(endpoint_of("80"), {}, 1);
  const auto lease = value(pool.take({}));
  std::stop_source source;
  std::jthread stopper([&source] { source.request_stop(); });
  const auto second = pool.take(source.get_token());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::stopped);
}

TEST(SessionPool, frees_the_turn_of_a_session_that_could_not_be_opened) {
  Endpoint endpoint = endpoint_of("80");
  endpoint.port = 1;
  Pool pool(endpoint, {}, 1);
  EXPECT_FALSE(pool.take({}));
  const auto again = pool.take({});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::connect_tcp);
}

}  // namespace
}  // namespace tideway
