#include "apply/copy_sink.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "apply/memory_copy.h"
#include "model/odd_value.h"
#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::tideway::testing::Cells;
using ::tideway::testing::copy_into;
using ::tideway::testing::CopyOutcome;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::MemoryCopy;
using ::tideway::testing::open_session;
using ::tideway::testing::table_of;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

class CopySinkTest : public ::testing::Test {
 protected:
  CopySinkTest() { value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {})); }

  static JobOptions job(bool takeover = false) {
    JobOptions options;
    options.job = "j";
    options.recipe = "copy";
    options.takeover = takeover;
    return options;
  }
  // The table as the target has it after the statement ran there.
  TablePtr make_table(const std::string& create_statement) {
    value(session_.execute("USE shop", {}));
    value(session_.execute(create_statement, {}));
    return table_of(create_statement);
  }
  Result<CopyOutcome> copy(const MemoryCopy& what, bool takeover = false) {
    return copy_into(endpoint_of("80"), job(takeover), what);
  }
  std::string ask(const std::string& sql) {
    return value(session_.query_value(sql, {})).value_or("NULL");
  }

  Session session_ = open_session("80");
  TestDatabase database_{"80", "shop"};
};

std::vector<Cells> numbered_rows(int count) {
  std::vector<Cells> rows;
  for (int i = 0; i < count; ++i) rows.push_back({std::to_string(i), fmt::format("row {}", i)});
  return rows;
}

TEST_F(CopySinkTest, every_row_arrives_once_and_the_target_proves_it) {
  const TablePtr keyed = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20), KEY (t))");
  const TablePtr keyless = make_table("CREATE TABLE b (id INT, t VARCHAR(20))");
  const TablePtr empty = make_table("CREATE TABLE c (id INT PRIMARY KEY)");
  std::vector<Cells> twice = numbered_rows(100);
  std::ranges::copy(numbered_rows(100), std::back_inserter(twice));
  for (const DigestStrength strength : {DigestStrength::fast, DigestStrength::strong}) {
    value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {}));
    for (const char* table : {"a", "b"})
      value(session_.execute(fmt::format("TRUNCATE shop.{}", table), {}));
    MemoryCopy what{.tables = {{keyed, numbered_rows(1000), true, 150, 40},
                               {keyless, twice, false},
                               {empty, {}}}};
    what.options.strength = strength;
    const auto outcome = value(copy(what));
    EXPECT_EQ(outcome.summary.rows, 1200U);
    EXPECT_THAT(outcome.proofs, Each(Field(&TableProof::is_equal, true)));
    EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', COUNT(DISTINCT id)) FROM shop.a"), "1000/1000");
    EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', COUNT(DISTINCT id)) FROM shop.b"), "200/100");
    EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.chunk WHERE state = 'done'"), "9");
  }
}

TEST_F(CopySinkTest, what_a_proof_is_asked_for_is_what_the_target_holds_and_not_what_was_sent) {
  const TablePtr table = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  const MemoryCopy what{.tables = {{table, numbered_rows(100)}}};
  value(copy(what));
  value(session_.execute("UPDATE shop.a SET t = 'other' WHERE id = 50", {}));
  const auto outcome = value(copy(what));  // nothing is left to copy
  EXPECT_EQ(outcome.summary.rows, 0U);
  EXPECT_FALSE(outcome.proofs.at(0).is_equal);
}

TEST_F(CopySinkTest,
       a_table_asked_by_ranges_of_its_key_proves_the_same_and_sees_every_foreign_row) {
  const TablePtr numbers = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  const TablePtr words = make_table(
      "CREATE TABLE b (id INT, t VARCHAR(20) NOT NULL, PRIMARY KEY (t, id)) DEFAULT "
      "CHARSET=utf8mb4 "
      "COLLATE=utf8mb4_0900_ai_ci");
  MemoryCopy what{.tables = {{numbers, numbered_rows(500)}, {words, numbered_rows(500)}}};
  value(copy(what));
  for (const std::uint64_t range_rows : {1U, 7U, 499U, 500U}) {
    what.proof_range_rows = range_rows;
    const auto outcome = value(copy(what));  // nothing is left to copy
    EXPECT_THAT(outcome.proofs, Each(Field(&TableProof::is_equal, true))) << range_rows;
    EXPECT_THAT(outcome.proofs, Each(Field(&TableProof::found, Field(&Digest::rows, 500))));
  }
  what.proof_range_rows = 7;
  for (const char* id : {"-5", "100000"}) {
    value(session_.execute(fmt::format("INSERT INTO shop.a VALUES ({}, 'foreign')", id), {}));
    EXPECT_FALSE(value(copy(what)).proofs.at(0).is_equal) << id;
    value(session_.execute("DELETE FROM shop.a WHERE t = 'foreign'", {}));
  }
}

// Every type with its extremes, the NULL and the bytes that statements and files have to escape.
struct TypeCase {
  const char* name;
  const char* type;
  std::vector<std::string> values;
};
std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}
const std::vector<TypeCase>& type_cases() {
  static const std::vector<TypeCase> cases = {
      {"tiny_int", "TINYINT", {"-128", "127", "0"}},
      {"big_int_unsigned", "BIGINT UNSIGNED", {"18446744073709551615", "0"}},
      {"zerofill", "INT(8) UNSIGNED ZEROFILL", {"00000042"}},
      {"decimal",
       "DECIMAL(65,30)",
       {"-99999999999999999999999999999999999.999999999999999999999999999999",
        "0.000000000000000000000000000001"}},
      {"float_number",
       "FLOAT",
       {"3.4028234663852886e38", "-1.1754943508222875e-38", "16777216", "0.10000000149011612"}},
      {"double_number", "DOUBLE", {"1.7976931348623157e308", "-0", "0.1", "5e-324"}},
      {"bit1", "BIT(1)", {std::string(1, '\0'), "\1"}},
      {"bit64", "BIT(64)", {std::string(8, '\xff'), std::string(8, '\0'), "12345678"}},
      {"year", "YEAR", {"0000", "1901", "2155"}},
      {"date", "DATE", {"0000-00-00", "1000-01-01", "9999-12-31", "2023-02-31"}},
      {"time", "TIME(6)", {"-838:59:59.000000", "838:59:59.000000", "00:00:00.000001"}},
      {"datetime", "DATETIME(6)", {"0000-00-00 00:00:00.000000", "9999-12-31 23:59:59.999999"}},
      {"timestamp",
       "TIMESTAMP(6)",
       {"0000-00-00 00:00:00.000000", "1970-01-01 00:00:01.000000", "2038-01-19 03:14:07.999999"}},
      {"fixed_char", "CHAR(10)", {"", "a'b\\c", "😀"}},
      {"utf8mb4",
       "VARCHAR(40) CHARACTER SET utf8mb4",
       {"", "\\N", "a\tb\nc\rd", std::string("\0\x1a\"'\\", 5), "😀é", "NULL", " x "}},
      {"latin1", "VARCHAR(40) CHARACTER SET latin1", {"é ü ÿ", "€", "\\"}},
      {"gbk", "VARCHAR(40) CHARACTER SET gbk", {"中文", "縗", "誠'\\"}},
      {"utf16", "VARCHAR(40) CHARACTER SET utf16", {"é😀", "\\"}},
      {"ucs2", "TEXT CHARACTER SET ucs2", {"é中"}},
      {"binary_text", "VARBINARY(300)", {"", all_bytes(), "\\N"}},
      {"fixed_binary", "BINARY(4)", {std::string("\0\1\0\0", 4), "\xff\xfe\xfd\xfc"}},
      {"blob", "LONGBLOB", {all_bytes(), std::string(70'000, '\n')}},
      {"text", "LONGTEXT", {std::string(70'000, '\\')}},
      {"enumeration",
       "ENUM('a','it''s','é','1','0') CHARACTER SET latin1",
       {"a", "it's", "é", "1", "0"}},
      {"set", "SET('x','y','é') CHARACTER SET gbk", {"", "x", "x,é"}},
      {"json",
       "JSON",
       {R"({"a": [1, 2.5, null, "\\\"é😀\n"], "b": 18446744073709551615})", "null", "\"\\\\N\""}},
      {"geometry",
       "GEOMETRY",
       {std::string("\0\0\0\0\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x24\x40", 25)}},
      {"point_srid",
       "POINT",
       {std::string("\xe6\x10\0\0\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x24\x40", 25)}},
  };
  return cases;
}

class EachType : public CopySinkTest, public ::testing::WithParamInterface<TypeCase> {};
INSTANTIATE_TEST_SUITE_P(Type, EachType, ::testing::ValuesIn(type_cases()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_P(EachType, arrives_by_statement_and_by_file_as_it_was_read) {
  const TablePtr table = make_table(fmt::format(
      "CREATE TABLE a (id INT PRIMARY KEY, v {}) DEFAULT CHARSET=utf8mb4", GetParam().type));
  // Enough rows for batches that are measured, so that both ways are taken.
  std::vector<Cells> rows;
  for (int i = 0; i < 5000; ++i) {
    const auto choice = static_cast<std::size_t>(i) % (GetParam().values.size() + 1);
    const bool is_large =
        !GetParam().values.empty() && GetParam().values.back().size() > 1000 && i % 250 != 0;
    std::optional<std::string> cell;
    if (choice < GetParam().values.size() && !is_large) cell = GetParam().values[choice];
    rows.push_back({std::to_string(i), cell});
  }
  for (std::size_t i = 0; i < GetParam().values.size(); ++i)
    rows[i * 250 % 5000][1] = GetParam().values[i];
  const MemoryCopy what{.tables = {{table, rows, true, 5000, 250}}};
  const auto outcome = value(copy(what));
  ASSERT_TRUE(outcome.proofs.at(0).is_equal) << to_text(outcome.proofs[0].expected) << "\n"
                                             << to_text(outcome.proofs[0].found);
  EXPECT_GT(outcome.rows_by_insert, 0U);
  if (may_bend(table->columns[1].type)) {
    EXPECT_EQ(outcome.rows_by_infile, 0U) << "a file cannot say which bytes are meant";
  } else {
    EXPECT_GT(outcome.rows_by_infile, 0U);
  }
  // The digest is ours; the text is the server's.
  const std::string as_text = cell_expression(table->columns[1]);
  const ResultTable found =
      value(session_.query("SELECT " + as_text + " FROM shop.a ORDER BY id", {}));
  ASSERT_EQ(found.rows.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    ASSERT_EQ(found.rows[i][0], rows[i][1]) << "row " << i;
}

TEST_F(CopySinkTest,
       rows_that_a_file_would_bend_are_refused_by_name_and_none_of_their_block_stays) {
  const TablePtr wide = table_of("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(7))");
  std::vector<Cells> rows = numbered_rows(4000);  // "row 999" fits, "row 1000" does not
  const auto outcome = copy({.tables = {{wide, rows, true, 4000, 250}}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::row_rejected);
  EXPECT_EQ(outcome.error().evidence().table, "`shop`.`a`");
  EXPECT_EQ(outcome.error().evidence().column, "t");
  EXPECT_EQ(outcome.error().evidence().key, "`id` = 1000");
  EXPECT_EQ(outcome.error().evidence().server_errno, 1406U);
  EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', MAX(id)) FROM shop.a"), "1000/999");
}

TEST_F(CopySinkTest, a_duplicate_is_named_wherever_it_is_in_its_batch) {
  const TablePtr table = make_table("CREATE TABLE a (id INT, t VARCHAR(20), UNIQUE (id))");
  for (const int place : {0, 1, 500, 777, 999}) {
    value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {}));
    value(session_.execute("TRUNCATE shop.a", {}));
    value(session_.execute(fmt::format("INSERT INTO shop.a VALUES ({}, 'was there')", place), {}));
    MemoryCopy what{.tables = {{table, numbered_rows(1000), true, 1000, 1000}}};
    what.options.use_infile = false;
    const auto outcome = copy(what);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), ErrorCode::duplicate_key);
    EXPECT_EQ(outcome.error().evidence().key, fmt::format("`id` = {}", place));
    EXPECT_THAT(outcome.error().evidence().server_text,
                HasSubstr(fmt::format("Duplicate entry '{}'", place)));
    EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.a"), "1");
  }
}

TEST_F(CopySinkTest, rows_at_odds_with_each_other_are_named_too) {
  const TablePtr table = make_table(
      "CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20) COLLATE utf8mb4_general_ci UNIQUE)");
  std::vector<Cells> rows = numbered_rows(1000);
  rows[900][1] = "ROW 100";  // the source's collation told them apart
  MemoryCopy what{.tables = {{table, rows, true, 1000, 1000}}};
  for (const std::uint32_t batch_rows : {10U, 1000U}) {
    what.options.batch_rows = batch_rows;
    const auto outcome = copy(what);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), ErrorCode::duplicate_key);
    EXPECT_EQ(outcome.error().evidence().key, "`id` = 900");
  }
}

TEST_F(CopySinkTest, ignore_keeps_and_replace_takes_and_both_count) {
  const TablePtr table = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  for (const auto& [on_duplicate, kept] :
       {std::pair(OnDuplicate::ignore, "old"), std::pair(OnDuplicate::replace, "row 7")}) {
    for (const std::size_t rows_per_block : {1U, 2U, 50U}) {
      value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {}));
      value(session_.execute("TRUNCATE shop.a", {}));
      value(session_.execute(
          "INSERT INTO shop.a VALUES (7, 'old'), (8, 'old'), (99, 'old'), (1000, 'stays')", {}));
      MemoryCopy what{.tables = {{table, numbered_rows(100), true, 100, rows_per_block}}};
      what.options.on_duplicate = on_duplicate;
      const auto outcome = value(copy(what));
      const bool is_ignore = on_duplicate == OnDuplicate::ignore;
      EXPECT_EQ(outcome.rows_ignored, is_ignore ? 3U : 0U) << rows_per_block;
      EXPECT_EQ(outcome.rows_replaced, is_ignore ? 0U : 3U) << rows_per_block;
      EXPECT_EQ(outcome.rows_by_insert, is_ignore ? 97U : 100U);
      EXPECT_EQ(outcome.rows_by_infile, 0U);
      EXPECT_EQ(ask("SELECT t FROM shop.a WHERE id = 7"), kept);
      EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.a"), "101");
      EXPECT_FALSE(outcome.proofs.at(0).is_equal) << "somebody else's row is in the table";
    }
  }
}

TEST_F(CopySinkTest, ignore_does_not_bend_what_does_not_fit) {
  const TablePtr wide = table_of("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(5))");
  MemoryCopy what{.tables = {{wide, numbered_rows(100)}}};
  what.options.on_duplicate = OnDuplicate::ignore;
  const auto outcome = copy(what);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::row_rejected);
}

TEST_F(CopySinkTest, a_target_that_takes_no_files_gets_statements) {
  const TablePtr table = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  value(session_.execute("SET GLOBAL local_infile = 0", {}));
  const auto outcome = copy({.tables = {{table, numbered_rows(3000), true, 3000, 250}}});
  value(session_.execute("SET GLOBAL local_infile = 1", {}));
  EXPECT_EQ(value(outcome).rows_by_insert, 3000U);
}

TEST_F(CopySinkTest, a_read_only_target_is_said_to_be_one) {
  const TablePtr table = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  {
    value(JobProgress::open(endpoint_of("80"), job(), {}));
  }
  value(session_.execute("SET GLOBAL super_read_only = 1", {}));
  const auto outcome = copy({.tables = {{table, numbered_rows(10)}}});
  value(session_.execute("SET GLOBAL read_only = 0", {}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::read_only);
}

TEST_F(CopySinkTest, a_stopped_copy_goes_on_where_it_was_and_doubles_nothing) {
  const TablePtr keyed = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  const TablePtr keyless = make_table("CREATE TABLE b (id INT, t VARCHAR(20))");
  MemoryCopy what{.tables = {{keyed, numbered_rows(2000), true, 500, 10},
                             {keyless, numbered_rows(500), false, 500, 10}}};
  for (int starts = 0; starts < 100; ++starts) {
    std::stop_source stop;
    std::atomic<std::uint64_t> limit = 200 + 37 * static_cast<std::uint64_t>(starts);
    what.stop = stop.get_token();
    what.during = [&](const Meter& meter) {
      if (meter.rows_written >= limit) stop.request_stop();
    };
    const auto outcome = copy(what);
    if (!outcome) {
      ASSERT_EQ(outcome.error().code(), ErrorCode::stopped) << outcome.error().to_line();
      continue;
    }
    if (outcome->summary.is_stopped) continue;
    EXPECT_GT(starts, 0);
    EXPECT_THAT(outcome->proofs, Each(Field(&TableProof::is_equal, true)));
    EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', COUNT(DISTINCT id)) FROM shop.a"), "2000/2000");
    EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', COUNT(DISTINCT id)) FROM shop.b"), "500/500");
    return;
  }
  FAIL() << "the copy never came to its end";
}

TEST_F(CopySinkTest, a_copy_that_was_taken_over_stops_and_the_new_one_has_every_row_once) {
  const TablePtr table = make_table("CREATE TABLE a (id INT, t VARCHAR(20))");
  const TablePtr keyless = make_table("CREATE TABLE b (id INT, t VARCHAR(20))");
  MemoryCopy what{.tables = {{table, numbered_rows(5000), true, 500, 5},
                             {keyless, numbered_rows(500), false, 500, 5}}};
  std::atomic<bool> is_under_way = false;
  what.during = [&](const Meter& meter) {
    is_under_way = is_under_way || meter.rows_written > 300;
  };
  Result<CopyOutcome> old_outcome;
  std::jthread old_copy([&] { old_outcome = copy(what); });
  while (!is_under_way) std::this_thread::yield();
  MemoryCopy same = what;
  same.during = nullptr;
  const auto outcome = value(copy(same, true));
  old_copy.join();
  ASSERT_FALSE(old_outcome);
  EXPECT_EQ(old_outcome.error().code(), ErrorCode::fenced) << old_outcome.error().to_line();
  EXPECT_THAT(outcome.proofs, Each(Field(&TableProof::is_equal, true)));
  EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', COUNT(DISTINCT id)) FROM shop.a"), "5000/5000");
  EXPECT_EQ(ask("SELECT CONCAT(COUNT(*), '/', COUNT(DISTINCT id)) FROM shop.b"), "500/500");
}

TEST_F(CopySinkTest, bytes_that_changed_on_the_way_fail_the_copy_and_the_table_starts_over) {
  const TablePtr table = make_table("CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20))");
  MemoryCopy what{.tables = {{table, numbered_rows(100)}}, .is_lying = true};
  const auto outcome = copy(what);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::digest_differs);
  EXPECT_THAT(outcome.error().message(), HasSubstr("of `shop`.`a`"));
  what.is_lying = false;
  const auto again = value(copy(what));
  EXPECT_EQ(again.summary.rows, 100U) << "all rows were copied again";
  EXPECT_TRUE(again.proofs.at(0).is_equal);
}

TEST_F(CopySinkTest, a_value_larger_than_max_allowed_packet_is_named_before_the_server_hangs_up) {
  const TablePtr table = make_table("CREATE TABLE a (id INT PRIMARY KEY, t LONGTEXT)");
  const std::string before = ask("SELECT @@GLOBAL.max_allowed_packet");
  value(session_.execute("SET GLOBAL max_allowed_packet = 1048576", {}));
  const auto fits = copy({.tables = {{table, {{"1", std::string(1 << 20, '\'')}}}}});
  value(session_.execute("DROP DATABASE tideway_meta", {}));
  value(session_.execute("TRUNCATE shop.a", {}));
  const auto outcome = copy({.tables = {{table, {{"1", "x"}, {"2", std::string(2 << 20, 'x')}}}}});
  value(session_.execute("SET GLOBAL max_allowed_packet = " + before, {}));
  EXPECT_TRUE(value(fits).proofs.at(0).is_equal) << "its statement would have been larger";
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::packet_too_large);
  EXPECT_EQ(outcome.error().evidence().key, "`id` = 2");
}

TEST_F(CopySinkTest, large_values_of_each_kind_arrive_as_they_are_among_small_ones) {
  const TablePtr table = make_table(
      "CREATE TABLE a (id INT PRIMARY KEY, t LONGTEXT CHARACTER SET utf8mb4, g LONGTEXT CHARACTER "
      "SET gbk, b LONGBLOB, j JSON, p GEOMETRY, n DECIMAL(5,2))"
      " DEFAULT CHARSET=utf8mb4");
  std::string bytes, text, line("\0\0\0\0\1\2\0\0\0", 9);
  for (int i = 0; i < 8000; ++i) bytes += all_bytes();
  for (int i = 0; i < 200'000; ++i) text += "中'é\\\n";
  const std::uint32_t points = 100'000;
  line.append(reinterpret_cast<const char*>(&points), sizeof points);
  line.append(std::size_t{points} * 16, '\0');
  const std::string json = "\"" + std::string(2'000'000, 'j') + "\"";
  const std::vector<Cells> rows = {
      {"1", "a", std::nullopt, "b", "1", std::nullopt, "1.00"},
      {"2", text, text, bytes, json, line, "-2.50"},
      {"3", std::nullopt, "c", bytes, std::nullopt, std::nullopt, std::nullopt},
      {"4", "", "", "", "null", std::nullopt, "0.00"}};
  for (const OnDuplicate on_duplicate :
       {OnDuplicate::error, OnDuplicate::ignore, OnDuplicate::replace}) {
    value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {}));
    value(session_.execute("TRUNCATE shop.a", {}));
    MemoryCopy what{.tables = {{table, rows}}};
    what.options.on_duplicate = on_duplicate;
    const auto outcome = value(copy(what));
    EXPECT_TRUE(outcome.proofs.at(0).is_equal);
    EXPECT_EQ(outcome.rows_by_insert, 4U);
    const ResultTable found = value(session_.query("SELECT * FROM shop.a ORDER BY id", {}));
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_TRUE(found.rows[i] == rows[i]) << i;
  }
}

TEST_F(CopySinkTest, a_table_of_a_thousand_columns_and_one_of_none_that_is_stored) {
  std::string columns = "c0 INT PRIMARY KEY";
  Cells row = {"0"};
  for (int i = 1; i < 1000; ++i) {
    columns += fmt::format(", c{} INT", i);
    row.push_back(std::to_string(i));
  }
  const TablePtr wide = make_table("CREATE TABLE a (" + columns + ")");
  const TablePtr nothing = make_table("CREATE TABLE b (x INT AS (1))");
  const auto outcome = value(copy({.tables = {{wide, {row}}, {nothing, {{}, {}, {}}, false}}}));
  EXPECT_THAT(outcome.proofs, Each(Field(&TableProof::is_equal, true)));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.b"), "3");
}

}  // namespace
}  // namespace tideway
