#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "mysql/server/servers.h"
#include "mysql/session.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::tideway::testing::encrypted;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

constexpr std::string_view load =
    "LOAD DATA LOCAL INFILE 'rows' INTO TABLE tw_infile.t CHARACTER SET utf8mb4";

InfileProducer give(std::string_view text) {
  return [text](std::span<char> buffer) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(buffer.size(), text.size());
    text.copy(buffer.data(), count);
    text.remove_prefix(count);
    return count;
  };
}

class Infile : public ::testing::TestWithParam<std::string> {
 protected:
  Infile() : database_(GetParam(), "tw_infile") {
    value(session_.execute("CREATE TABLE tw_infile.t (id INT PRIMARY KEY, v VARCHAR(40))", {}));
  }
  std::optional<std::string> count() {
    return value(open_session(GetParam()).query_value("SELECT COUNT(*) FROM tw_infile.t", {}));
  }

  const TestDatabase database_;
  Session session_ = open_session(GetParam(), {.local_infile = true});
};
INSTANTIATE_TEST_SUITE_P(Version, Infile, ::testing::Values("80", "57"));

TEST_P(Infile, loads_rows_from_memory) {
  const Affected loaded =
      value(session_.load_infile(load, give("1\ta\\tb\n2\t\\N\n3\té\\\\\n"), {}));
  EXPECT_EQ(loaded.rows, 3U);
  EXPECT_EQ(loaded.warnings, 0U);
  EXPECT_EQ(loaded.info, "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0");
  const ResultTable table = value(session_.query("SELECT v FROM tw_infile.t ORDER BY id", {}));
  EXPECT_THAT(table.rows,
              ElementsAre(ElementsAre("a\tb"), ElementsAre(std::nullopt), ElementsAre("é\\")));
}

TEST_P(Infile, shows_in_its_warnings_what_local_ignored) {
  const Affected loaded =
      value(session_.load_infile(load, give("1\ta\n1\tb\n2\t" + std::string(41, 'x') + "\n"), {}));
  EXPECT_EQ(loaded.rows, 2U);
  EXPECT_EQ(loaded.warnings, 2U);
  EXPECT_EQ(value(session_.warnings({})).rows.size(), 2U);
}

TEST_P(Infile, keeps_no_row_when_the_producer_fails) {
  value(session_.execute("START TRANSACTION", {}));
  bool first = true;
  const auto loaded = session_.load_infile(
      load,
      [&first](std::span<char> buffer) -> Result<std::size_t> {
        if (!std::exchange(first, false))
          return fail(
              Error(ErrorCode::file_corrupt, Side::local, Retry::never, "the part ends too soon"));
        return std::string_view("1\ta\n2\tb\n").copy(buffer.data(), buffer.size());
      },
      {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::file_corrupt);
  EXPECT_TRUE(session_.is_broken());
  EXPECT_EQ(count(), "0");
}

TEST_P(Infile, reports_a_statement_that_fails_after_its_rows) {
  const auto loaded = session_.load_infile(
      "LOAD DATA LOCAL INFILE 'rows' INTO TABLE tw_infile.absent", give("1\ta\n"), {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::table_gone);
  EXPECT_EQ(value(session_.query_value("SELECT 1", {})), "1");
}

TEST_P(Infile, hands_no_file_of_this_machine_to_a_server_that_asks) {
  const auto loaded =
      session_.execute("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE tw_infile.t", {});
  EXPECT_FALSE(loaded);
  EXPECT_EQ(count(), "0");
  Session without = open_session(GetParam());
  EXPECT_FALSE(
      without.execute("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE tw_infile.t", {}));
  EXPECT_FALSE(without.load_infile(load, give("1\ta\n"), {}));
  EXPECT_EQ(count(), "0");
}

TEST(InfileOverTls, carries_more_than_any_buffer_holds) {
  const TestDatabase database("TLS80", "tw_infile");
  Session session = value(Session::open(encrypted("80"), {.local_infile = true}, {}));
  ASSERT_TRUE(session.is_encrypted());
  value(session.execute("CREATE TABLE tw_infile.t (id INT, v MEDIUMTEXT) ENGINE=BLACKHOLE", {}));
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += std::to_string(i) + "\t" + std::string(100'000, 'x') + "\n";
  EXPECT_EQ(value(session.load_infile(load, give(rows), {})).warnings, 0U);
}

TEST(InfileSwitchedOff, says_what_to_type) {
  const TestDatabase database("80", "tw_infile");
  Session root = open_session("80"), session = open_session("80", {.local_infile = true});
  value(root.execute("CREATE TABLE tw_infile.t (id INT)", {}));
  value(root.execute("SET GLOBAL local_infile = OFF", {}));
  const auto loaded = session.load_infile(load, give("1\n"), {});
  value(root.execute("SET GLOBAL local_infile = ON", {}));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().evidence().statement, "SET GLOBAL local_infile = ON");
  EXPECT_EQ(loaded.error().retry(), Retry::after_operator);
}

}  // namespace
}  // namespace tideway
