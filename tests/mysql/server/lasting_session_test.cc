#include "mysql/lasting_session.h"

#include <gtest/gtest.h>

#include <string>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::value;

using Text = std::optional<std::string>;

TEST(LastingSession, opens_a_session_at_the_first_question_and_keeps_it) {
  LastingSession session(endpoint_of("80"), std::chrono::seconds(10));
  const auto number = [](Session& open) -> Result<std::uint64_t> { return open.connection_id(); };
  EXPECT_EQ(value(session.ask("a number", {}, number)), value(session.ask("a number", {}, number)));
}

TEST(LastingSession, asks_again_what_was_cut_off) {
  LastingSession session(endpoint_of("80"), std::chrono::seconds(60));
  Session killer = open_session("80");
  int asked = 0;
  const Text answer = value(session.ask("an answer", {}, [&](Session& open) -> Result<Text> {
    if (++asked <= 2) TRY(kill_session(killer, open.connection_id(), {}));
    return open.query_value("SELECT 'came'", {});
  }));
  EXPECT_EQ(answer, "came");
  EXPECT_EQ(asked, 3);
}

TEST(LastingSession, asks_once_what_the_server_refuses_and_says_what_was_asked) {
  LastingSession session(endpoint_of("80"), std::chrono::seconds(60));
  int asked = 0;
  const auto answer = session.ask("counting sheep", {}, [&](Session& open) -> Result<Text> {
    ++asked;
    return open.query_value("SELECT COUNT(*) FROM mysql.sheep", {});
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::table_gone) << answer.error().to_line();
  EXPECT_NE(answer.error().to_line().find("counting sheep"), std::string::npos)
      << answer.error().to_line();
  EXPECT_EQ(asked, 1);
}

TEST(LastingSession, gives_up_when_its_patience_is_over) {
  Endpoint nowhere = endpoint_of("80");
  nowhere.port = 1;
  LastingSession session(nowhere, std::chrono::milliseconds(300));
  const auto answer =
      session.ask("an answer", {}, [](Session& open) { return open.query_value("SELECT 1", {}); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry(), Retry::new_session) << answer.error().to_line();
}

}  // namespace
}  // namespace tideway
