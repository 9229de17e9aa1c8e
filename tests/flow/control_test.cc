#include "flow/control.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "flow/status.h"

namespace tideway {
namespace {

JobControl::Handler says(std::string answer) {
  return [answer = std::move(answer)](const std::string& argument) -> Result<std::string> {
    return answer + argument;
  };
}

TEST(JobControl, a_verb_is_answered_while_it_is_offered_and_then_says_what_is) {
  JobControl control;
  const auto stays = control.offer("pause", says("pausing"));
  {
    const auto offered = control.offer("cutover", says("cutting over "));
    EXPECT_EQ(control.verbs(), (std::vector<std::string>{"cutover", "pause"}));
    EXPECT_EQ(*control.ask("cutover", "now"), "cutting over now");
  }
  const auto answer = control.ask("cutover", "");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::not_offered);
  EXPECT_NE(answer.error().message().find(": pause"), std::string::npos);
}

TEST(JobControl, the_latest_offer_is_asked_until_it_goes) {
  JobControl control;
  const auto earlier = control.offer("until", says("earlier"));
  {
    const auto later = control.offer("until", says("later"));
    EXPECT_EQ(*control.ask("until", ""), "later");
    EXPECT_EQ(control.verbs().size(), 1U);
  }
  EXPECT_EQ(*control.ask("until", ""), "earlier");
}

TEST(JobControl, an_offer_taken_down_is_never_asked_again) {
  JobControl control;
  std::atomic<bool> over = false;
  std::jthread operator_of([&] {
    while (!over) static_cast<void>(control.ask("tune", ""));
  });
  for (int i = 0; i < 1000; ++i) {
    auto text = std::make_unique<std::string>("x");
    {
      // A fault, or a sanitizer's report, if asked after the reset below.
      const auto offered = control.offer(
          "tune", [&text](const std::string&) -> Result<std::string> { return *text; });
    }
    text.reset();
  }
  over = true;
  operator_of.join();
  EXPECT_TRUE(control.verbs().empty());
}

TEST(JobControl, the_gate_is_operated_by_verbs_and_shown_by_the_board) {
  StatusBoard board;
  JobControl& control = board.control();
  const auto offers = offer_gate(control);
  ASSERT_TRUE(control.ask("pause", "").has_value());
  EXPECT_TRUE(control.gate().is_paused());
  EXPECT_FALSE(board.status().is_paused) << "nothing is being read that could stand still";
  {
    const Gate::Place reader(&control.gate());
    EXPECT_TRUE(board.status().is_paused);
  }
  EXPECT_FALSE(board.status().is_paused);
  ASSERT_TRUE(control.ask("resume", "").has_value());
  EXPECT_FALSE(control.gate().is_paused());

  ASSERT_TRUE(control.ask("readers", "2").has_value());
  EXPECT_EQ(control.gate().allowed(), 2U);
  for (const char* bad : {"0", "-1", "", "two", "3x", "99999999999"}) {
    const auto answer = control.ask("readers", bad);
    ASSERT_FALSE(answer.has_value()) << bad;
    EXPECT_EQ(answer.error().code(), ErrorCode::bad_value) << bad;
  }
  EXPECT_EQ(control.gate().allowed(), 2U);
  ASSERT_TRUE(control.ask("readers", "all").has_value());
  EXPECT_EQ(control.gate().allowed(), Gate::all);
}

TEST(JobControl, a_source_that_bears_fewer_readers_is_what_limits) {
  StatusBoard board;
  Gate& gate = board.control().gate();
  gate.throttle(1);
  EXPECT_EQ(board.status().limit, "") << "nobody reads";
  const Gate::Place first(&gate), second(&gate);
  EXPECT_EQ(board.status().limit, "source busy: 1 of 2 readers");
  gate.throttle(Gate::all);
  EXPECT_EQ(board.status().limit, "");
}

}  // namespace
}  // namespace tideway
