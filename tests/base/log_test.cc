#include "base/log.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <regex>
#include <string>

namespace tideway {
namespace {

// What is logged while the process writes to a file; stderr again afterwards.
template <typename Write>
std::vector<std::string> logged(bool json, LogLevel level, Write write) {
  const std::string path = ::testing::TempDir() + "/tideway_log_test.log";
  std::remove(path.c_str());
  EXPECT_TRUE(open_log({path, level, json}).has_value());
  write();
  LOG(error, "the end");  // flushes what is below info
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::remove(path.c_str());
  EXPECT_TRUE(open_log({"", LogLevel::warn, false}).has_value());
  EXPECT_FALSE(lines.empty());
  lines.pop_back();
  return lines;
}

TEST(Log, a_line_has_time_level_sentence_and_fields) {
  const auto lines = logged(false, LogLevel::info, [] {
    LOG(info, "chunk done",
        {{"table", "shop.orders"},
         {"rows", 17},
         {"key with blank", "a \"b\" [c] = d\n\x01"},
         {"empty", ""}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const std::regex layout(
      R"(\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d\] \[INFO\] \["chunk done"\] (.*))");
  std::smatch match;
  ASSERT_TRUE(std::regex_match(lines[0], match, layout)) << lines[0];
  EXPECT_EQ(
      match[1],
      R"([table=shop.orders] [rows=17] ["key with blank"="a \"b\" [c] = d\n\u0001"] [empty=""])");
}

TEST(Log, levels_below_the_least_are_not_even_formatted) {
  int formatted = 0;
  const auto count = [&formatted] { return ++formatted; };
  const auto lines = logged(false, LogLevel::warn, [&] {
    LOG(debug, "x", {{"n", count()}});
    LOG(info, "x", {{"n", count()}});
    LOG(warn, "x", {{"n", count()}});
  });
  EXPECT_EQ(lines.size(), 1U);
  EXPECT_EQ(formatted, 1);
}

TEST(Log, json_lines_have_the_same_facts) {
  const auto lines =
      logged(true, LogLevel::info, [] { LOG(warn, "odd \"thing\"", {{"table", "a\tb"}}); });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(std::regex_match(
      lines[0],
      std::regex(
          R"json(\{"level":"WARN","time":"[^"]+","message":"odd \\"thing\\"","table":"a\\u0009b"\})json")))
      << lines[0];
}

TEST(Log, a_file_that_cannot_be_opened_is_an_error_that_names_it) {
  const auto opened = open_log({"/dev/null/all.log", LogLevel::info, false});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message().find("/dev/null/all.log"), std::string::npos);
}

TEST(Log, lines_for_stderr_can_be_taken) {
  std::vector<std::string> taken;
  redirect_stderr_log([&taken](const std::string& line) { taken.push_back(line); });
  LOG(warn, "one");
  redirect_stderr_log({});
  ::testing::internal::CaptureStderr();
  LOG(warn, "two");
  const std::string rest = ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_NE(taken[0].find("[\"one\"]"), std::string::npos);
  EXPECT_NE(rest.find("[\"two\"]"), std::string::npos);
}

}  // namespace
}  // namespace tideway
