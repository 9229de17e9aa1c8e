#include "base/error.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/result.h"

namespace tideway {
namespace {

Error sample() {
  Evidence evidence;
  evidence.server_errno = 1142;
  evidence.server_text = "SELECT command denied";
  return {ErrorCode::missing_privilege, Side::source, Retry::after_operator, evidence,
          "the table cannot be read"};
}

TEST(Error, one_line_has_code_side_context_from_outside_in_and_the_servers_words) {
  EXPECT_EQ(sample().during("reading chunk 3").during("copying shop.orders").to_line(),
            "TW301 missing_privilege (source): copying shop.orders: reading chunk 3: the table "
            "cannot be read "
            "[server 1142: SELECT command denied]");
}

TEST(Error, the_report_ends_with_what_to_type) {
  EXPECT_NE(sample().to_report().find("  next: Type the GRANT the message shows.\n"),
            std::string::npos);
  Evidence more;
  more.table = "`shop`.`orders`";
  more.statement = "GRANT SELECT ON shop.* TO app";
  const auto report = sample().with_evidence(more).to_report();
  EXPECT_NE(report.find("  next: GRANT SELECT ON shop.* TO app\n"), std::string::npos) << report;
  EXPECT_NE(report.find("  table: `shop`.`orders`\n"), std::string::npos) << report;
  EXPECT_NE(report.find("  more: tideway explain TW301\n"), std::string::npos) << report;
}

TEST(Error, evidence_that_is_there_is_not_replaced) {
  Evidence more;
  more.server_errno = 7;
  more.server_text = "other";
  more.key = "1";
  const auto error = sample().with_evidence(more);
  EXPECT_EQ(error.evidence().server_errno, 1142U);
  EXPECT_EQ(error.evidence().server_text, "SELECT command denied");
  EXPECT_EQ(error.evidence().key, "1");
}

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail(Error(ErrorCode::bad_value, Side::local, Retry::never, "odd"));
  return number / 2;
}

Result<int> quarter_of(int number) {
  const int half = TRY_DURING("halving once", half_of(number));
  return TRY_DURING("halving twice", half_of(half));
}

TEST(Result, try_gives_the_value_or_returns_the_error_with_what_was_done) {
  EXPECT_EQ(quarter_of(8), 2);
  EXPECT_EQ(quarter_of(6).error().to_line(), "TW103 bad_value (local): halving twice: odd");
}

TEST(ReadSmallFile, tells_missing_from_unreadable_and_bounds_what_it_takes) {
  const std::string path = ::testing::TempDir() + "/tideway_file_test.txt";
  std::ofstream(path, std::ios::binary) << std::string("a\0b\r\n", 5);
  EXPECT_EQ(read_small_file(path), std::string("a\0b\r\n", 5));
  EXPECT_EQ(read_small_file(path, 4).error().code(), ErrorCode::storage_read);
  EXPECT_EQ(read_small_file(path + ".not").error().code(), ErrorCode::storage_missing);
  EXPECT_EQ(read_small_file(path + "/below").error().code(), ErrorCode::storage_missing);
  EXPECT_EQ(read_small_file(::testing::TempDir()).error().code(), ErrorCode::storage_read);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tideway
