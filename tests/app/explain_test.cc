#include "app/explain.h"

#include <gtest/gtest.h>

#include <set>

#include "model/exit_code.h"

namespace tideway {
namespace {

TEST(Explain, finds_a_page_by_number_code_or_name) {
  for (const char* word : {"TW301", "tw301", "301", "missing_privilege", "MISSING_PRIVILEGE"}) {
    const auto* page = find_error_page(word);
    ASSERT_NE(page, nullptr) << word;
    EXPECT_EQ(page->code, ErrorCode::missing_privilege);
  }
  EXPECT_EQ(find_error_page("TW999"), nullptr);
  EXPECT_EQ(find_error_page(""), nullptr);
}

TEST(Explain, every_code_has_a_sentence_and_an_advice_and_stands_once) {
  std::set<ErrorCode> codes;
  unsigned last = 0;
  for (const auto& page : error_pages()) {
    EXPECT_TRUE(codes.insert(page.code).second) << page.name;
    EXPECT_GT(static_cast<unsigned>(page.code), last)
        << page.name << ": ascending, so that the page reads in order";
    last = static_cast<unsigned>(page.code);
    EXPECT_TRUE(page.sentence.ends_with('.')) << page.name;
    EXPECT_TRUE(page.advice.ends_with('.')) << page.name;
    EXPECT_NE(errors_markdown().find(std::string(page.name)), std::string::npos);
  }
}

TEST(Explain, exit_codes_follow_the_areas) {
  const auto code_of = [](ErrorCode code) {
    return exit_code_of(Error(code, Side::local, Retry::never, ""));
  };
  EXPECT_EQ(code_of(ErrorCode::usage), ExitCode::usage);
  EXPECT_EQ(code_of(ErrorCode::filter_matches_nothing), ExitCode::usage);
  EXPECT_EQ(code_of(ErrorCode::stopped), ExitCode::stopped);
  EXPECT_EQ(code_of(ErrorCode::connect_login), ExitCode::environment);
  EXPECT_EQ(code_of(ErrorCode::disk_full), ExitCode::environment);
  EXPECT_EQ(code_of(ErrorCode::row_rejected), ExitCode::failed);
  EXPECT_EQ(code_of(ErrorCode::internal), ExitCode::failed);
}

}  // namespace
}  // namespace tideway
