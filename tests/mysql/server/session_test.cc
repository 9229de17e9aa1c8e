#include "mysql/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

class EachServer : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Version, EachServer, ::testing::Values("80", "57"));

TEST_P(EachServer, is_known_for_what_it_is) {
  Session session = open_session(GetParam());
  EXPECT_EQ(session.server().kind, ServerKind::mysql);
  EXPECT_EQ(session.server().version / 100, GetParam() == "80" ? 800U : 507U);
  EXPECT_EQ(session.server().uuid.size(), 36U);
  EXPECT_TRUE(session.server().gtid_on);
  EXPECT_TRUE(session.server().binlog_on);
  EXPECT_FALSE(session.server().is_read_only);
  EXPECT_EQ(value(session.query_value("SELECT CONNECTION_ID()", {})),
            std::to_string(session.connection_id()));
  EXPECT_THAT(session.account(), HasSubstr("root@"));
}

TEST_P(EachServer, gives_every_session_utc_utf8_and_a_strict_mode) {
  Session session = open_session(GetParam());
  EXPECT_EQ(value(session.query_value("SELECT @@time_zone", {})), "+00:00");
  EXPECT_EQ(value(session.query_value("SELECT @@collation_connection", {})), "utf8mb4_general_ci");
  EXPECT_EQ(value(session.query_value("SELECT @@foreign_key_checks", {})), "1");
  EXPECT_EQ(value(session.query_value("SELECT @@max_execution_time", {})), "0");
  const std::string mode = *value(session.query_value("SELECT @@sql_mode", {}));
  EXPECT_THAT(mode, HasSubstr("STRICT_ALL_TABLES"));
  EXPECT_THAT(mode, ::testing::Not(HasSubstr("ZERO_DATE")));
}

TEST_P(EachServer, switches_foreign_keys_and_unique_checks_off_only_where_asked) {
  Session session = open_session(GetParam(), {.foreign_key_checks = false, .unique_checks = false});
  EXPECT_EQ(value(session.query_value("SELECT @@foreign_key_checks", {})), "0");
  EXPECT_EQ(value(session.query_value("SELECT @@unique_checks", {})), "0");
}

TEST_P(EachServer, answers_with_names_nulls_and_bytes_as_they_are) {
  Session session = open_session(GetParam());
  const ResultTable table =
      value(session.query("SELECT 1 AS one, NULL AS Nothing, '' AS none, X'00FF00' AS raw, 'a\\'b' "
                          "AS words UNION ALL SELECT 2, 'x', 'y', '', '😀'",
                          {}));
  EXPECT_THAT(table.names, ElementsAre("one", "Nothing", "none", "raw", "words"));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(table.rows[0], ElementsAre("1", std::nullopt, "", std::string("\0\xFF\0", 3), "a'b"));
  EXPECT_EQ(table.rows[1][4], "😀");
  EXPECT_EQ(table.find_column("nothing"), 1U);
  EXPECT_EQ(table.find_column("absent"), std::nullopt);
}

TEST_P(EachServer, counts_rows_matched_and_shows_its_info_and_warnings) {
  const TestDatabase database(GetParam(), "tw_count");
  Session session = open_session(GetParam());
  value(session.execute("CREATE TABLE tw_count.t (id INT PRIMARY KEY, v INT)", {}));
  const Affected inserted =
      value(session.execute("INSERT INTO tw_count.t VALUES (0, 1), (2, 1)", {}));
  EXPECT_EQ(inserted.rows, 2U);
  EXPECT_EQ(inserted.info, "Records: 2  Duplicates: 0  Warnings: 0");
  EXPECT_EQ(value(session.execute("UPDATE tw_count.t SET v = 1", {})).rows, 2U);
  EXPECT_EQ(value(session.execute("INSERT IGNORE INTO tw_count.t VALUES (0, 5)", {})).warnings, 1U);
  EXPECT_EQ(value(session.warnings({})).rows.size(), 1U);
}

TEST_P(EachServer, writes_every_value_a_lenient_source_could_hold) {
  const TestDatabase database(GetParam(), "tw_values");
  Session session = open_session(GetParam());
  value(
      session.execute("CREATE TABLE tw_values.t (id INT AUTO_INCREMENT PRIMARY KEY, d DATE, t "
                      "DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', y YEAR) ENGINE=MyISAM",
                      {}));
  value(
      session.execute("INSERT INTO tw_values.t VALUES (0, '0000-00-00', '2023-02-31 01:02:03', 0), "
                      "(7, '2023-00-10', '0000-00-00', 2155)",
                      {}));
  const ResultTable table = value(session.query("SELECT * FROM tw_values.t ORDER BY id", {}));
  EXPECT_THAT(table.rows[0], ElementsAre("0", "0000-00-00", "2023-02-31 01:02:03", "0000"));
  // The second row of a statement is as strict as the first, even where nothing can be rolled back.
  const auto refused = session.execute(
      "INSERT INTO tw_values.t VALUES (8, '2023-01-01', '2023-01-01', 1999), (9, 'soon', "
      "'2023-01-01', 1999)",
      {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::row_rejected);
}

TEST_P(EachServer, keeps_a_session_after_an_error_of_a_statement) {
  Session session = open_session(GetParam());
  const auto refused = session.query("SELECT * FROM mysql.no_such_table", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::table_gone);
  EXPECT_EQ(refused.error().evidence().table, "`mysql`.`no_such_table`");
  EXPECT_TRUE(session.is_clean());
  EXPECT_EQ(value(session.query_value("SELECT 5", {})), "5");
}

TEST_P(EachServer, knows_whether_a_transaction_is_open) {
  Session session = open_session(GetParam());
  EXPECT_FALSE(session.in_transaction());
  value(session.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT", {}));
  EXPECT_TRUE(session.in_transaction());
  EXPECT_FALSE(session.is_clean());
  value(session.execute("ROLLBACK", {}));
  EXPECT_TRUE(session.is_clean());
}

TEST_P(EachServer, sets_the_variables_of_the_url_and_passes_over_unknown_ones) {
  Endpoint endpoint = endpoint_of(GetParam());
  endpoint.variables = {{"group_concat_max_len", "4321"}, {"tidb_no_such_thing", "x"}};
  Session session = value(Session::open(endpoint, {}, {}));
  EXPECT_EQ(value(session.query_value("SELECT @@group_concat_max_len", {})), "4321");
}

TEST_P(EachServer, answers_a_pipeline_in_order_and_reports_its_first_error) {
  const TestDatabase database(GetParam(), "tw_pipe");
  Session session = open_session(GetParam());
  value(session.execute("CREATE TABLE tw_pipe.t (id INT PRIMARY KEY, v MEDIUMTEXT)", {}));
  std::vector<std::string> statements;
  for (int i = 0; i < 1000; ++i)
    statements.push_back("INSERT INTO tw_pipe.t VALUES (" + std::to_string(i) + ", REPEAT('x', " +
                         std::to_string(i) + "))");
  const std::vector<Affected> answers = value(session.pipeline(statements, {}));
  EXPECT_EQ(answers.size(), 1000U);

  statements = {"INSERT INTO tw_pipe.t VALUES (2000, '')", "INSERT INTO tw_pipe.t VALUES (5, '')",
                "INSERT INTO tw_pipe.t VALUES (2001, '')"};
  const auto refused = session.pipeline(statements, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::duplicate_key);
  EXPECT_EQ(refused.error().evidence().key, "5");
  EXPECT_EQ(value(session.query_value("SELECT COUNT(*) FROM tw_pipe.t", {})), "1002");
}

TEST_P(EachServer, answers_many_questions_each_by_itself) {
  Session session = open_session(GetParam());
  std::vector<std::string> questions;
  for (int i = 0; i < 300; ++i)
    questions.push_back(i % 10 == 3 ? "SELECT * FROM mysql.no_such_table"
                                    : "SELECT REPEAT('x', " + std::to_string(i * 100) + "), " +
                                          std::to_string(i));
  const auto answers = value(session.query_all(questions, {}));
  ASSERT_EQ(answers.size(), 300U);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_EQ(answers[i].has_value(), i % 10 != 3) << i;
    if (answers[i]) {
      EXPECT_EQ(answers[i]->rows[0][1], std::to_string(i));
    }
  }
  EXPECT_TRUE(session.is_clean());
}

TEST_P(EachServer, condemns_a_session_whose_answers_were_not_all_read) {
  Session session = open_session(GetParam());
  std::stop_source source;
  // The stop comes while the first answers are waited for: the others are on their way and would be
  // taken for later ones.
  const std::vector<std::string> statements = {"DO SLEEP(105)", "SELECT 1", "SELECT 2"};
  std::jthread stopper([&] {
    Session watcher = open_session(GetParam());
    while (
        value(watcher.query_value(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP(105)'",
            {})) == "0") {
    }
    source.request_stop();
  });
  const auto answers = session.pipeline(statements, source.get_token());
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code(), ErrorCode::stopped);
  EXPECT_FALSE(session.query_value("SELECT 3", {}));
}

}  // namespace
}  // namespace tideway
