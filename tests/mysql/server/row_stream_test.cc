#include "mysql/row_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/memory.h"
#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

// Every promise holds for both ways of reading, both versions, and with the smallest blocks as with
// usual ones.
class RowStreams : public ::testing::TestWithParam<std::tuple<std::string, RowReading>> {
 protected:
  static constexpr std::uint64_t memory_bytes = 256ULL << 20U;

  Session open() { return open_session(std::get<0>(GetParam()), {.arbiter = &arbiter_}); }
  static std::unique_ptr<RowStream> stream(Session& session, std::string_view sql,
                                           const std::stop_token& stop = {}) {
    return value(open_rows(SessionAccess::of(session), sql, std::get<1>(GetParam()), stop));
  }

  Block new_block(std::size_t columns, std::uint64_t bytes = 1U << 20U) {
    Block block(nullptr, std::move(*arbiter_.borrow(bytes, {})));
    block.begin_rows(nullptr, ChangeKind::insert, {},
                     ColumnSet(std::vector<std::uint32_t>(columns)));
    return block;
  }

  using Row = std::vector<std::optional<std::string>>;
  static void append_rows(const Block& block, std::vector<Row>& all) {
    const Rows& rows = std::get<Rows>(block.items()[0]);
    const auto cells = block.cells(rows);
    for (std::uint32_t i = 0; i < rows.row_count; ++i) {
      Row& row = all.emplace_back();
      for (const Cell& cell :
           cells.subspan(std::size_t{i} * rows.cells_per_row(), rows.cells_per_row())) {
        row.push_back(cell.is_null() ? std::nullopt : std::optional<std::string>(block.text(cell)));
      }
    }
  }

  std::vector<Row> read_all(RowStream& rows, std::uint64_t block_bytes = 1U << 20U) {
    std::vector<Row> all;
    bool more = true;
    while (more) {
      Block block = new_block(rows.column_count(), block_bytes);
      bool fits = true;
      while (fits && more) more = value(rows.next_row(block, fits, {}));
      append_rows(block, all);
    }
    return all;
  }

  MemoryArbiter arbiter_{memory_bytes};
};

INSTANTIATE_TEST_SUITE_P(Both, RowStreams,
                         ::testing::Combine(::testing::Values("80", "57"),
                                            ::testing::Values(RowReading::packets,
                                                              RowReading::library)),
                         [](const auto& each) {
                           return std::get<0>(each.param) +
                                  (std::get<1>(each.param) == RowReading::packets ? "packets"
                                                                                  : "library");
                         });

TEST_P(RowStreams, give_what_a_query_gives) {
  const TestDatabase database(std::get<0>(GetParam()), "tw_rows");
  Session session = open();
  value(session.execute("CREATE TABLE tw_rows.t (id INT PRIMARY KEY, a VARCHAR(20), b MEDIUMBLOB)",
                        {}));
  for (int i = 0; i < 300; ++i) {
    value(session.execute("INSERT INTO tw_rows.t VALUES (" + std::to_string(i) + ", " +
                              (i % 7 == 0 ? "NULL" : "'a" + std::to_string(i) + "'") +
                              ", REPEAT(X'00FF', " + std::to_string(i * i) + "))",
                          {}));
  }
  const std::string sql = "SELECT id, a, b FROM tw_rows.t ORDER BY id";
  const ResultTable expected = value(session.query(sql, {}));
  for (const std::uint64_t block_bytes : {1ULL, 300ULL, 1ULL << 20U}) {
    const auto rows = stream(session, sql);
    EXPECT_EQ(rows->column_count(), 3U);
    EXPECT_EQ(read_all(*rows, block_bytes), expected.rows) << "blocks of " << block_bytes;
  }
  EXPECT_TRUE(session.is_clean());
}

TEST_P(RowStreams, leave_the_session_free_after_the_last_row) {
  Session session = open();
  value(session.execute("START TRANSACTION", {}));
  const auto rows = stream(session, "SELECT 1 UNION ALL SELECT 2");
  EXPECT_EQ(read_all(*rows).size(), 2U);
  EXPECT_TRUE(session.in_transaction());
  EXPECT_EQ(value(session.query_value("SELECT 7", {})), "7");
  const auto none = stream(session, "SELECT 1 FROM DUAL WHERE FALSE");
  EXPECT_TRUE(read_all(*none).empty());
  EXPECT_EQ(value(session.query_value("SELECT 8", {})), "8");
}

TEST_P(RowStreams, hand_a_row_that_does_not_fit_to_the_next_block) {
  Session session = open();
  const auto rows = stream(session, "SELECT REPEAT('a', 60) UNION ALL SELECT REPEAT('b', 60)");
  Block first = new_block(1, 100);
  bool fits = false;
  EXPECT_TRUE(value(rows->next_row(first, fits, {})));
  EXPECT_TRUE(fits);
  EXPECT_TRUE(value(rows->next_row(first, fits, {})));
  EXPECT_FALSE(fits);
  EXPECT_EQ(first.row_count(), 1U);
  Block second = new_block(1, 100);
  EXPECT_TRUE(value(rows->next_row(second, fits, {})));
  EXPECT_TRUE(fits);
  EXPECT_FALSE(value(rows->next_row(second, fits, {})));
  std::vector<Row> all;
  append_rows(second, all);
  EXPECT_THAT(all, ElementsAre(ElementsAre(std::string(60, 'b'))));
}

TEST_P(RowStreams, borrow_for_a_large_row_and_give_it_back_with_the_block) {
  Session session = open();
  constexpr std::size_t size = 40 << 20;
  // Packets of 16 MiB - 1: a row of more than two, and one that fills two exactly (9 and 1 + 3
  // bytes are the lengths and "end").
  const std::string sql =
      "SELECT REPEAT('x', " + std::to_string(size) + "), 'end' UNION ALL SELECT REPEAT('y', " +
      std::to_string(2 * 0xFFFFFF - 9 - 4) + "), 'end' UNION ALL SELECT 'small', 'end'";
  const auto rows = stream(session, sql);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 2; ++i) {
    Block block = new_block(2);
    bool fits = false;
    ASSERT_TRUE(value(rows->next_row(block, fits, {})));
    ASSERT_TRUE(fits);
    const auto cells = block.cells(std::get<Rows>(block.items()[0]));
    sizes.push_back(cells[0].length);
    EXPECT_EQ(block.text(cells[0]).find_first_not_of(i == 0 ? 'x' : 'y'), std::string_view::npos);
    EXPECT_EQ(block.text(cells[1]), "end");
    EXPECT_GE(block.loan_bytes(), sizes.back());
    EXPECT_LE(block.loan_bytes(), sizes.back() + 2U * (1U << 20U));
    ASSERT_TRUE(value(rows->next_row(block, fits, {})));
    EXPECT_FALSE(fits);
  }
  EXPECT_THAT(sizes, ElementsAre(size, 2 * 0xFFFFFF - 9 - 4));
  EXPECT_EQ(arbiter_.used_bytes(), 0U);
  const auto rest = read_all(*rows);
  EXPECT_THAT(rest, ElementsAre(ElementsAre("small", "end")));
  EXPECT_TRUE(session.is_clean());
}

TEST_P(RowStreams, fail_when_a_row_is_larger_than_all_memory) {
  Session session = open_session(std::get<0>(GetParam()), {.arbiter = nullptr});
  MemoryArbiter little(8 << 20);
  SessionAccess::of(session).options.arbiter = &little;
  {
    const auto rows = stream(session, "SELECT REPEAT('x', 20000000)");
    Block block(nullptr, std::move(*little.borrow(1 << 20, {})));
    block.begin_rows(nullptr, ChangeKind::insert, {}, ColumnSet({0}));
    bool fits = false;
    const auto row = rows->next_row(block, fits, {});
    ASSERT_FALSE(row);
    EXPECT_EQ(row.error().code(), ErrorCode::memory_too_small);
    EXPECT_EQ(row.error().side(), Side::local);
  }
  EXPECT_TRUE(session.is_broken());
  EXPECT_EQ(little.used_bytes(), 0U);
}

TEST_P(RowStreams, condemn_the_session_and_end_the_query_when_rows_are_left) {
  Session session = open(), other = open();
  const std::string id = std::to_string(session.connection_id());
  {
    const auto rows = stream(
        session,
        "SELECT a.table_name FROM information_schema.columns a, information_schema.columns b");
    Block block = new_block(1);
    bool fits = false;
    EXPECT_TRUE(value(rows->next_row(block, fits, {})));
  }
  EXPECT_TRUE(session.is_broken());
  const auto again = session.query("SELECT 1", {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().retry(), Retry::new_session);
  while (value(other.query_value(
             "SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + id, {})) != "0") {
  }
}

TEST_P(RowStreams, report_an_error_in_the_middle_and_keep_the_session) {
  const TestDatabase database(std::get<0>(GetParam()), "tw_middle");
  Session session = open();
  value(session.execute("CREATE TABLE tw_middle.t (id INT PRIMARY KEY, v VARCHAR(20))", {}));
  value(session.execute("INSERT INTO tw_middle.t VALUES (1, '1'), (2, '2')", {}));
  // The second row fails when it is computed, after the first was sent.
  const auto rows = stream(session,
                           "SELECT id, IF(id = 2, (SELECT v FROM tw_middle.t x WHERE x.id <= "
                           "t.id), 'fine') FROM tw_middle.t t ORDER BY id");
  Block block = new_block(2);
  bool fits = false;
  ASSERT_TRUE(value(rows->next_row(block, fits, {})));
  const auto failed = rows->next_row(block, fits, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().evidence().server_errno, 1242U);
  EXPECT_THAT(failed.error().evidence().server_text, HasSubstr("more than 1 row"));
  EXPECT_FALSE(session.is_broken());
  EXPECT_EQ(value(session.query_value("SELECT 9", {})), "9");
}

TEST_P(RowStreams, read_the_first_result_of_a_call_and_drop_the_others) {
  const TestDatabase database(std::get<0>(GetParam()), "tw_call");
  Session session = open();
  value(
      session.execute("CREATE PROCEDURE tw_call.p() BEGIN SELECT 1, 2; SELECT 'second'; END", {}));
  const auto rows = stream(session, "CALL tw_call.p()");
  EXPECT_THAT(read_all(*rows), ElementsAre(ElementsAre("1", "2")));
  EXPECT_EQ(value(session.query_value("SELECT 5", {})), "5");
}

TEST_P(RowStreams, refuse_a_statement_as_query_does) {
  Session session = open();
  const auto refused = open_rows(SessionAccess::of(session), "SELECT * FROM mysql.no_such_table",
                                 std::get<1>(GetParam()), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::table_gone);
  EXPECT_TRUE(session.is_clean());
}

TEST(RowStreamChoice, is_the_packet_reader_with_the_library_of_this_system) {
  Session session = open_session("80");
  EXPECT_EQ(best_reading(SessionAccess::of(session).mysql()), RowReading::packets);
}

}  // namespace
}  // namespace tideway
