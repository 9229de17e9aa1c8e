#include "operate/request.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

TEST(Request, is_what_was_meant_whatever_is_in_it) {
  for (const std::string argument : {"", "2", "a\nb\"\\", "\xC3\xA9", "{}"}) {
    const std::string line = to_line({"tune", argument});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto request = parse_request(line);
    ASSERT_TRUE(request.has_value()) << line;
    EXPECT_EQ(request->verb, "tune");
    EXPECT_EQ(request->argument, argument);
  }
}

TEST(Request, text_that_is_none_is_refused) {
  const std::string deep(60'000, '[');
  for (const std::string& bad :
       {std::string(), std::string("status"), std::string("{"), std::string("[]"), std::string("7"),
        std::string(R"({"verb":7})"), std::string(R"({"argument":"x"})"),
        std::string(R"({"verb":"pause","argument":1})"), std::string("{\"verb\":\"\xFF\"}"),
        std::string("\0\0", 2), deep}) {
    const auto request = parse_request(bad);
    ASSERT_FALSE(request.has_value()) << bad.substr(0, 20);
    EXPECT_EQ(request.error().code(), ErrorCode::usage);
  }
}

TEST(Answer, is_the_text_or_the_error_that_it_tells_of) {
  EXPECT_EQ(*parse_answer(answer_line("pause", "paused: \"now\"")), "paused: \"now\"");
  const auto error =
      parse_answer(R"({"event":"error","code":"TW116","message":"cannot","next":"wait"})");
  ASSERT_FALSE(error.has_value());
  EXPECT_EQ(error.error().code(), ErrorCode::not_offered);
  EXPECT_EQ(error.error().message(), "cannot");
  EXPECT_EQ(error.error().evidence().statement, "wait");
  const auto later =
      parse_answer(R"({"event":"error","code":"TW9999","message":"of a later version"})");
  ASSERT_FALSE(later.has_value());
  EXPECT_EQ(later.error().message(), "of a later version");
  for (const char* other : {"", "nonsense", R"({"event":"status"})", "[1]"}) {
    const auto answer = parse_answer(other);
    ASSERT_FALSE(answer.has_value()) << other;
    EXPECT_EQ(answer.error().code(), ErrorCode::unexpected_answer) << other;
  }
}

TEST(Answer, only_an_end_has_an_exit_code) {
  EXPECT_EQ(parse_end(R"({"event":"end","exit":3})"), 3U);
  for (const char* other : {"", "x", R"({"event":"end"})", R"({"event":"end","exit":"3"})",
                            R"({"event":"status","exit":3})"})
    EXPECT_EQ(parse_end(other), std::nullopt) << other;
}

}  // namespace
}  // namespace tideway
