#include "mysql/nth_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

TEST(NthRow, is_counted_from_one_and_absent_behind_the_last) {
  const TestDatabase database("80", "nth");
  Session session = open_session("80");
  value(session.execute("CREATE TABLE nth.t (a INT, b VARCHAR(9))", {}));
  value(session.execute("INSERT INTO nth.t VALUES (1, 'x'), (2, 'y'), (3, NULL)", {}));
  const char* select = "SELECT a, b FROM nth.t ORDER BY a";
  EXPECT_THAT(*value(nth_row(session, select, 1, {})), ElementsAre("1", "x"));
  EXPECT_THAT(*value(nth_row(session, select, 2, {})), ElementsAre("2", "y"));
  EXPECT_FALSE(value(nth_row(session, select, 4, {})).has_value());
  const auto null = nth_row(session, select, 3, {});
  ASSERT_FALSE(null);
  EXPECT_EQ(null.error().code(), ErrorCode::unexpected_answer);
}

}  // namespace
}  // namespace tideway
