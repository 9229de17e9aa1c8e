#include "mysql/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
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

TEST(SessionPool, gives_as_many_at_a_time_as_it_may) {
  Pool pool(endpoint_of("80"), {}, 3);
  const auto first = value(pool.take({})), second = value(pool.take({})),
             third = value(pool.take({}));
  const std::set numbers = {first->connection_id(), second->connection_id(),
                            third->connection_id()};
  EXPECT_EQ(numbers.size(), 3);
}

TEST(SessionPool, gives_no_more_than_it_may_and_each_to_one_at_a_time) {
  Pool pool(endpoint_of("80"), {}, 3);
  std::atomic<int> out = 0;
  std::mutex mutex;
  std::set<std::uint64_t> numbers;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          const auto lease = value(pool.take({}));
          EXPECT_LE(++out, 3);
          value(lease->query_value("SELECT 1", {}));
          {
            const std::scoped_lock lock(mutex);
            numbers.insert(lease->connection_id());
          }
          --out;
        }
      });
    }
  }
  EXPECT_LE(numbers.size(), 3) << "clean ones are used again";
}

TEST(SessionPool, waits_for_a_session_that_is_out) {
  Pool pool(endpoint_of("80"), {}, 1);
  std::optional<Pool::Lease> lease(value(pool.take({})));
  const std::uint64_t first = (*lease)->connection_id();
  std::atomic<bool> was_given_back = false;
  std::jthread other([&] {
    const auto second = value(pool.take({}));
    EXPECT_TRUE(was_given_back);
    EXPECT_EQ(second->connection_id(), first);
  });
  was_given_back = true;
  lease.reset();
}

TEST(SessionPool, closes_a_session_that_was_condemned) {
  Pool pool(endpoint_of("80"), {}, 1);
  std::uint64_t first = 0;
  {
    auto lease = value(pool.take({}));
    first = lease->connection_id();
    lease.condemn();
  }
  EXPECT_NE(value(pool.take({}))->connection_id(), first);
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
