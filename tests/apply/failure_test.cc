#include "apply/failure.h"

#include <gtest/gtest.h>

#include "mysql/errors.h"

namespace tideway {
namespace {

Failure failure(std::uint32_t number, const char* text = "", ServerKind kind = ServerKind::mysql) {
  return failure_of(to_error(
      number, text, {.side = Side::target, .kind = kind, .statement = "INSERT", .account = ""}));
}

TEST(FailureTest, rows_that_are_refused_are_looked_for) {
  EXPECT_EQ(failure(1062), Failure::duplicate);
  for (const std::uint32_t number : {1264U, 1366U, 1406U, 1048U, 3819U, 1153U})
    EXPECT_EQ(failure(number), Failure::row) << number;
}

TEST(FailureTest, what_the_server_asks_to_try_again_is_tried_again) {
  EXPECT_EQ(failure(1213), Failure::again);
  EXPECT_EQ(failure(1205), Failure::again);
  EXPECT_EQ(failure(9007, "", ServerKind::tidb), Failure::again);
}

TEST(FailureTest, a_small_or_full_target_is_waited_for) {
  EXPECT_EQ(failure(1041), Failure::busy);
  EXPECT_EQ(failure(1040), Failure::busy);
  EXPECT_EQ(failure(8175, "", ServerKind::tidb), Failure::busy);
  EXPECT_EQ(failure(1114, "The table 't' is full"), Failure::space);
  EXPECT_EQ(failure(1021), Failure::space);
  EXPECT_EQ(failure(1030, "Got error 28 - 'No space left on device' from storage engine"),
            Failure::space);
  EXPECT_EQ(failure(1026, "Error writing file 'x' (errno: 28 - No space left on device)"),
            Failure::space);
  EXPECT_EQ(failure(3, "Error writing file '/tmp/x' (Errcode: 28 - No space left on device)"),
            Failure::space);
}

TEST(FailureTest, a_lost_connection_is_opened_again_and_the_rest_ends_the_job) {
  EXPECT_EQ(failure(2013), Failure::lost);
  EXPECT_EQ(failure(1053), Failure::lost);
  EXPECT_EQ(failure(1290, "running with the --read-only option"), Failure::fatal);
  EXPECT_EQ(failure(1142), Failure::fatal);
  EXPECT_EQ(failure(1146), Failure::fatal);
}

}  // namespace
}  // namespace tideway
