#include "progress/job_progress.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "mysql/server/servers.h"
#include "progress/meta_session.h"
#include "progress/owner.h"
#include "progress/target_ledger.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

const TableId orders{"shop", "orders"}, log_table{"shop", "log"};

class JobProgressTest : public ::testing::Test {
 protected:
  JobProgressTest() { value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {})); }

  static JobOptions options() {
    JobOptions options;
    options.job = "nightly";
    options.recipe = "copy";
    options.config_hash = "h1";
    options.settings = "filter=shop.*\n";
    options.heartbeat = std::chrono::milliseconds(50);
    options.patience = std::chrono::seconds(20);
    return options;
  }
  static Result<std::unique_ptr<JobProgress>> try_open(
      JobOptions options = JobProgressTest::options()) {
    return JobProgress::open(endpoint_of("80"), std::move(options), {});
  }
  static std::unique_ptr<JobProgress> open(JobOptions options = JobProgressTest::options()) {
    return value(try_open(std::move(options)));
  }
  static JobOptions taking_over() {
    JobOptions options = JobProgressTest::options();
    options.takeover = true;
    return options;
  }
  std::string ask(const std::string& sql) {
    return value(session_.query_value(sql, {})).value_or("NULL");
  }
  void plan_and_fill(JobProgress& progress, const std::string& chunk_changes) {
    const std::vector<FilledTable> tables = {{orders, orders, true}, {log_table, log_table, true}};
    value(progress.fill_tables(tables, {}));
    const auto ledger = value(TargetLedger::open(progress, {}));
    const std::vector<Stream> streams = {
        {orders, 0, "a", false}, {orders, 1, "b", true}, {log_table, 0, "all", true}};
    value(ledger->plan(streams));
    value(session_.execute("UPDATE tideway_meta.chunk SET " + chunk_changes, {}));
  }

  Session session_ = open_session("80");
};

TEST_F(JobProgressTest, a_new_job_begins_at_epoch_one_and_was_never_begun) {
  const auto progress = open();
  EXPECT_EQ(progress->epoch(), 1U);
  EXPECT_FALSE(progress->was_begun());
  EXPECT_EQ(progress->position(), "");
  EXPECT_FALSE(progress->lost());
}

TEST_F(JobProgressTest, a_job_that_was_left_is_taken_up_with_its_position) {
  const std::string position("mysql-bin.000003:\0\xff'", 20);
  value(open()->set_position_and_reset(position, {}, {}));
  const auto progress = open();
  EXPECT_EQ(progress->epoch(), 2U);
  EXPECT_TRUE(progress->was_begun());
  EXPECT_FALSE(progress->was_finished());
  EXPECT_EQ(progress->position(), position);
}

TEST_F(JobProgressTest, the_certificate_stays_with_the_job) {
  value(open()->finish("{\"proven\": true}", {}));
  const auto progress = open();
  EXPECT_TRUE(progress->was_finished());
  EXPECT_EQ(progress->certificate(), "{\"proven\": true}");
}

TEST_F(JobProgressTest, jobs_do_not_see_each_other) {
  const auto first = open();
  value(first->set_position_and_reset("here", {}, {}));
  JobOptions other = options();
  other.job = "n'ightly\\";
  const auto second = open(other);
  EXPECT_EQ(second->epoch(), 1U);
  EXPECT_EQ(second->position(), "");
  value(second->forget({}));
  EXPECT_EQ(ask("SELECT position FROM tideway_meta.base WHERE job = 'nightly'"), "here");
}

TEST_F(JobProgressTest, refuses_a_job_whose_owner_lives) {
  const auto owner = open();
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::job_owned);
  EXPECT_THAT(refused.error().message(), HasSubstr(std::to_string(getpid())));
  EXPECT_EQ(owner->epoch(), 1U);
  EXPECT_EQ(ask("SELECT epoch FROM tideway_meta.base"), "1");
}

TEST_F(JobProgressTest, takes_the_job_of_a_process_that_is_gone_at_once) {
  value(open()->set_position_and_reset("p", {}, {}));
  Owner dead = this_process();
  dead.started -= 1;
  value(session_.execute(
      "UPDATE tideway_meta.base SET heartbeat = UTC_TIMESTAMP(6), owner = '" + to_text(dead) + "'",
      {}));
  EXPECT_EQ(open()->epoch(), 2U);
}

TEST_F(JobProgressTest, an_owner_elsewhere_counts_as_gone_once_its_heartbeat_is_old) {
  value(open()->set_position_and_reset("p", {}, {}));
  Owner elsewhere = this_process();
  elsewhere.place = "elsewhere";
  const auto beat = [&](const std::string& age) {
    value(session_.execute(fmt::format("UPDATE tideway_meta.base SET heartbeat = UTC_TIMESTAMP(6) "
                                       "- INTERVAL {} SECOND, owner = '{}'",
                                       age, to_text(elsewhere)),
                           {}));
  };
  beat("14");
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::job_owned);
  beat("16");
  EXPECT_TRUE(try_open());
}

TEST_F(JobProgressTest, the_heartbeat_goes_on_by_itself) {
  const auto progress = open();
  const std::string before = ask("SELECT heartbeat FROM tideway_meta.base");
  std::string after = before;
  for (int i = 0; i < 1000 && after == before; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    after = ask("SELECT heartbeat FROM tideway_meta.base");
  }
  EXPECT_GT(after, before);
}

TEST_F(JobProgressTest, an_owner_that_was_relieved_learns_it_and_changes_nothing_more) {
  const auto old_owner = open();
  value(old_owner->set_position_and_reset("old", {}, {}));
  const auto new_owner = open(taking_over());
  EXPECT_EQ(new_owner->epoch(), 2U);
  for (int i = 0; i < 1000 && !old_owner->lost(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(old_owner->lost());
  EXPECT_EQ(old_owner->lost()->code(), ErrorCode::fenced);
  const auto changed = old_owner->set_position_and_reset("stale", {}, {});
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code(), ErrorCode::fenced);
  SessionName name;
  const auto session = old_owner->open_session({}, std::nullopt, name, {});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), ErrorCode::fenced);
  EXPECT_EQ(new_owner->position(), "old");
  EXPECT_EQ(ask("SELECT position FROM tideway_meta.base"), "old");
}

TEST_F(JobProgressTest, a_relieved_owner_that_did_not_notice_yet_changes_nothing) {
  JobOptions slow = options();
  slow.heartbeat = std::chrono::hours(1);
  const auto old_owner = open(slow);
  const auto new_owner = open(taking_over());
  ASSERT_FALSE(old_owner->lost());
  EXPECT_EQ(old_owner->finish("stale", {}).error().code(), ErrorCode::fenced);
  EXPECT_EQ(old_owner->forget({}).error().code(), ErrorCode::fenced);
  EXPECT_EQ(old_owner->clear_tables({}).error().code(), ErrorCode::fenced);
  EXPECT_EQ(ask("SELECT CONCAT(epoch, state, certificate) FROM tideway_meta.base"), "2new");
}

TEST_F(JobProgressTest, a_takeover_kills_the_sessions_of_the_owner_and_its_open_transactions) {
  TestDatabase database("80", "shop");
  value(session_.execute("CREATE TABLE shop.orders (id INT PRIMARY KEY)", {}));
  const auto old_owner = open();
  SessionName name;
  Session writer = value(old_owner->open_session({}, std::nullopt, name, {}));
  value(writer.execute("INSERT INTO shop.orders VALUES (1)", {}));
  const auto new_owner = open(taking_over());
  EXPECT_EQ(ask(fmt::format("SELECT COUNT(*) FROM information_schema.processlist WHERE id = {}",
                            name.id)),
            "0");
  EXPECT_FALSE(writer.execute("COMMIT", {}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "0");
}

TEST_F(JobProgressTest, a_stranger_that_got_the_number_of_a_recorded_session_is_left_alone) {
  Session stranger = open_session("80");
  {
    const auto progress = open();
  }
  value(session_.execute(
      fmt::format("UPDATE tideway_meta.base SET sessions = ',{}@203.0.113.9:4711,'",
                  stranger.connection_id()),
      {}));
  const auto progress = open();
  EXPECT_TRUE(stranger.query("SELECT 1", {}));
}

TEST_F(JobProgressTest, a_session_that_replaces_a_broken_one_takes_its_place_in_the_record) {
  const auto progress = open();
  SessionName first, second;
  Session old_session = value(progress->open_session({}, std::nullopt, first, {}));
  Session new_session = value(progress->open_session({}, first, second, {}));
  const std::string sessions = ask("SELECT sessions FROM tideway_meta.base");
  EXPECT_THAT(parse_sessions(sessions), ::testing::Contains(second));
  EXPECT_THAT(parse_sessions(sessions), ::testing::Not(::testing::Contains(first)));
  EXPECT_FALSE(old_session.query("SELECT 1", {}));
}

TEST_F(JobProgressTest, other_settings_or_another_recipe_are_refused_by_name) {
  {
    const auto progress = open();
  }
  JobOptions other = options();
  other.config_hash = "h2";
  other.settings = "filter=*.*\n";
  auto refused = try_open(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::job_differs);
  EXPECT_THAT(refused.error().message(), HasSubstr("filter was 'shop.*', is '*.*'"));
  other = options();
  other.recipe = "load";
  refused = try_open(other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("'tideway copy'"));
}

TEST_F(JobProgressTest, a_newer_format_is_refused_and_left_as_it_is) {
  {
    const auto progress = open();
  }
  value(session_.execute("UPDATE tideway_meta.base SET format = 2", {}));
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::progress_unreadable);
  EXPECT_EQ(ask("SELECT CONCAT(format, '/', epoch) FROM tideway_meta.base"), "2/1");
}

TEST_F(JobProgressTest, restart_begins_anew_with_other_settings_and_empties_what_the_job_filled) {
  TestDatabase database("80", "shop");
  value(session_.execute("CREATE TABLE shop.orders (id INT PRIMARY KEY)", {}));
  value(session_.execute("CREATE TABLE shop.log (id INT)", {}));
  value(session_.execute("INSERT INTO shop.orders VALUES (1), (2)", {}));
  {
    const auto progress = open();
    plan_and_fill(*progress, "state = 'done', commit_no = 1");
    value(progress->set_position_and_reset("p", {}, {}));
    value(progress->finish("{}", {}));
  }
  JobOptions again = options();
  again.restart = true;
  again.config_hash = "h2";
  const auto progress = open(again);
  EXPECT_FALSE(progress->was_begun());
  EXPECT_EQ(progress->position(), "");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "2")
      << "nothing is emptied before the recipe says so";
  value(progress->clear_tables({}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "0");
  EXPECT_TRUE(value(TargetLedger::open(*progress, {}))->tables().empty());
}

TEST_F(JobProgressTest,
       touched_tables_and_half_written_ones_without_a_mark_are_emptied_and_the_others_stay) {
  TestDatabase database("80", "shop");
  for (const char* table : {"orders", "log"}) {
    value(session_.execute(fmt::format("CREATE TABLE shop.{} (id INT)", table), {}));
    value(session_.execute(fmt::format("INSERT INTO shop.{} VALUES (1), (2)", table), {}));
  }
  const auto progress = open();
  plan_and_fill(*progress, "state = IF(table_name = 'log', 'writing', 'done'), commit_no = 1");
  value(progress->set_position_and_reset("p2", {}, {}));
  value(progress->clear_tables({}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.log"), "0");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "2");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.chunk"), "2");
  const std::vector<TableId> touched = {orders};
  value(progress->set_position_and_reset("p3", touched, {}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.chunk"), "0");
  value(progress->clear_tables({}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "0");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.filled WHERE state = 'filling'"), "2");
}

TEST_F(JobProgressTest, a_half_written_stream_with_a_mark_goes_on_where_it_was) {
  const auto progress = open();
  plan_and_fill(*progress, "state = 'writing', mark = 'm', commit_no = 1");
  value(progress->set_position_and_reset("p2", {}, {}));
  value(progress->clear_tables({}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.chunk"), "3");
}

TEST_F(JobProgressTest, emptying_goes_on_after_it_was_interrupted_anywhere) {
  TestDatabase database("80", "shop");
  value(session_.execute("CREATE TABLE shop.orders (id INT)", {}));
  value(session_.execute("CREATE TABLE shop.child (id INT PRIMARY KEY)", {}));
  value(session_.execute("INSERT INTO shop.orders VALUES (1)", {}));
  {
    const auto progress = open();
    plan_and_fill(*progress, "state = 'done'");
    const std::vector<TableId> touched = {orders, log_table};
    value(progress->set_position_and_reset("p", touched, {}));
  }
  const auto progress = open();
  value(progress->clear_tables({}));  // shop.log was never made: nothing to empty
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "0");
  value(session_.execute("INSERT INTO shop.orders VALUES (1)", {}));
  value(progress->clear_tables({}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "1") << "emptied once only";
}

TEST_F(JobProgressTest, rows_of_somebody_else_are_never_emptied) {
  TestDatabase database("80", "shop");
  value(session_.execute("CREATE TABLE shop.orders (id INT)", {}));
  value(session_.execute("INSERT INTO shop.orders VALUES (1)", {}));
  const auto progress = open();
  const std::vector<FilledTable> tables = {{orders, orders, false}};
  value(progress->fill_tables(tables, {}));
  const std::vector<FilledTable> as_if_empty = {{orders, orders, true}};
  value(progress->fill_tables(as_if_empty, {}));  // what was first said stays
  EXPECT_FALSE(progress->filled(orders)->was_empty);
  EXPECT_FALSE(progress->filled(log_table));
  const std::vector<TableId> touched = {orders};
  value(progress->set_position_and_reset("p", touched, {}));
  value(progress->clear_tables({}));
  EXPECT_EQ(ask("SELECT COUNT(*) FROM shop.orders"), "1");
}

TEST_F(JobProgressTest, a_keyless_table_left_half_written_among_rows_of_somebody_else_is_an_error) {
  const auto progress = open();
  const std::vector<FilledTable> tables = {{log_table, log_table, false}};
  value(progress->fill_tables(tables, {}));
  const auto ledger = value(TargetLedger::open(*progress, {}));
  const std::vector<Stream> streams = {{log_table, 0, "all", true}};
  value(ledger->plan(streams));
  value(session_.execute("UPDATE tideway_meta.chunk SET state = 'writing'", {}));
  const auto reset = progress->set_position_and_reset("p2", {}, {});
  ASSERT_FALSE(reset);
  EXPECT_EQ(reset.error().code(), ErrorCode::target_table_not_empty);
  EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.chunk"), "1");
}

TEST_F(JobProgressTest, names_of_64_four_byte_characters_are_kept) {
  const auto progress = open();
  std::string name;
  for (int i = 0; i < 64; ++i) name += "😀";
  const TableId table{name, name};
  const std::vector<FilledTable> tables = {{table, table, true}};
  value(progress->fill_tables(tables, {}));
  const std::vector<Stream> streams = {{table, 0, std::string("\0'\\x", 4), true}};
  value(value(TargetLedger::open(*progress, {}))->plan(streams));
  EXPECT_EQ(value(value(TargetLedger::open(*progress, {}))->streams(table)).at(0).stream,
            streams[0]);
}

TEST_F(JobProgressTest, goes_on_when_its_session_is_killed) {
  const auto progress = open();
  const auto own_sessions = parse_sessions(ask("SELECT sessions FROM tideway_meta.base"));
  ASSERT_FALSE(own_sessions.empty());
  for (const SessionName& name : own_sessions) value(kill_session(session_, name.id, {}));
  value(progress->set_position_and_reset("still here", {}, {}));
  EXPECT_EQ(ask("SELECT position FROM tideway_meta.base"), "still here");
}

}  // namespace
}  // namespace tideway
