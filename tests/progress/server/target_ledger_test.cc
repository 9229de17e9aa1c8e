#include "progress/target_ledger.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::value;

const TableId orders{"shop", "orders"};

class TargetLedgerTest : public ::testing::Test {
 protected:
  TargetLedgerTest() {
    value(session_.execute("DROP DATABASE IF EXISTS tideway_meta", {}));
    open();
  }
  void open(bool takeover = false) {
    JobOptions options;
    options.job = "j";
    options.recipe = "copy";
    options.takeover = takeover;
    options.heartbeat = std::chrono::hours(1);
    progress_ = value(JobProgress::open(endpoint_of("80"), options, {}));
    ledger_ = value(TargetLedger::open(*progress_, {}));
  }
  Session writer() {
    SessionName name;
    return value(progress_->open_session({}, std::nullopt, name, {}));
  }
  std::string ask(const std::string& sql) {
    return value(session_.query_value(sql, {})).value_or("NULL");
  }

  Session session_ = open_session("80");
  std::unique_ptr<JobProgress> progress_;
  std::unique_ptr<TargetLedger> ledger_;
};

StreamState after_rows(const ChunkState& now, std::string mark, std::uint64_t rows,
                       bool is_done = false) {
  StreamState next = now.stream;
  next.mark = std::move(mark);
  next.digest.rows += rows;
  next.digest.crc_sum += 7 * rows;
  next.is_done = is_done;
  return next;
}

TEST_F(TargetLedgerTest, what_was_planned_is_there_after_a_restart_in_order) {
  const std::vector<Stream> streams = {{orders, 2, "c", true},
                                       {orders, 0, std::string("\0\xff", 2), false},
                                       {orders, 1, "b", false}};
  value(ledger_->plan(streams));
  value(ledger_->plan(streams));  // known and alike
  open(true);
  const auto states = value(ledger_->streams(orders));
  ASSERT_EQ(states.size(), 3U);
  EXPECT_EQ(states[0].stream, streams[1]);
  EXPECT_EQ(states[2].stream, streams[0]);
  EXPECT_FALSE(states[0].is_done);
  EXPECT_EQ(states[0].digest, Digest{});
  EXPECT_THAT(ledger_->tables(), ElementsAre(orders));
}

TEST_F(TargetLedgerTest, a_stream_cannot_be_planned_otherwise_than_it_was) {
  const std::vector<Stream> first = {{orders, 0, "a", false}}, second = {{orders, 0, "b", false}};
  value(ledger_->plan(first));
  EXPECT_FALSE(ledger_->plan(second));
}

TEST_F(TargetLedgerTest, thousands_of_streams_of_many_tables_are_read_back) {
  std::vector<Stream> streams;
  for (std::uint64_t i = 0; i < 5000; ++i)
    streams.push_back(
        {{"db" + std::to_string(i % 3), "t" + std::to_string(i % 7)}, i, "range", false});
  value(ledger_->plan(streams));
  open(true);
  std::size_t count = 0;
  for (const TableId& table : ledger_->tables()) count += value(ledger_->streams(table)).size();
  EXPECT_EQ(count, streams.size());
  EXPECT_EQ(ledger_->tables().size(), 21U);
}

TEST_F(TargetLedgerTest, a_stream_moves_with_its_transaction_and_not_without) {
  const std::vector<Stream> streams = {{orders, 0, "a", false}};
  value(ledger_->plan(streams));
  Session session = writer();
  const ChunkState now = value(ledger_->chunk(streams[0]));
  const StreamState next = after_rows(now, "m'1", 10);
  EXPECT_EQ(value(session.execute(ledger_->advance_statement(now, next), {})).rows, 1U);
  value(session.execute("ROLLBACK", {}));
  EXPECT_EQ(ask("SELECT commit_no FROM tideway_meta.chunk"), "0");
  value(session.execute(ledger_->advance_statement(now, next), {}));
  value(session.execute("COMMIT", {}));
  ledger_->advanced(now, next);
  EXPECT_EQ(value(ledger_->chunk(streams[0])).commit_no, 1U);
  open(true);
  const ChunkState found = value(ledger_->chunk(streams[0]));
  EXPECT_EQ(found.commit_no, 1U);
  EXPECT_EQ(found.stream.mark, "m'1");
  EXPECT_EQ(found.stream.digest, next.digest);
}

TEST_F(TargetLedgerTest, a_stale_writer_is_stopped_inside_its_transaction_by_error_1048) {
  const std::vector<Stream> streams = {{orders, 0, "a", false}};
  value(ledger_->plan(streams));
  const ChunkState now = value(ledger_->chunk(streams[0]));
  const std::string stale = ledger_->advance_statement(now, after_rows(now, "m", 1));
  open(true);
  const auto refused = session_.execute(stale, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().evidence().server_errno, 1048U);
}

TEST_F(TargetLedgerTest, one_transaction_of_a_stream_cannot_happen_twice) {
  const std::vector<Stream> streams = {{orders, 0, "a", false}};
  value(ledger_->plan(streams));
  const ChunkState now = value(ledger_->chunk(streams[0]));
  const std::string advance = ledger_->advance_statement(now, after_rows(now, "m", 1));
  value(session_.execute(advance, {}));
  const auto again = session_.execute(advance, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().evidence().server_errno, 1048U);
}

TEST_F(TargetLedgerTest, says_whether_a_commit_without_an_answer_happened) {
  const std::vector<Stream> streams = {{orders, 0, "a", false}};
  value(ledger_->plan(streams));
  const ChunkState now = value(ledger_->chunk(streams[0]));
  Session session = writer();
  EXPECT_FALSE(value(ledger_->was_committed(session, now, {})));
  value(session.execute(ledger_->advance_statement(now, after_rows(now, "m", 1)), {}));
  value(session.execute("COMMIT", {}));
  EXPECT_TRUE(value(ledger_->was_committed(session, now, {})));
}

TEST_F(TargetLedgerTest, a_takeover_waits_for_a_commit_under_way_and_sees_it) {
  const std::vector<Stream> streams = {{orders, 0, "a", false}};
  value(ledger_->plan(streams));
  const ChunkState now = value(ledger_->chunk(streams[0]));
  // A session that nobody recorded, so that nothing kills it: only the row's lock is between it and
  // the new owner.
  value(session_.execute("START TRANSACTION", {}));
  value(session_.execute(ledger_->advance_statement(now, after_rows(now, "late", 1)), {}));
  std::jthread committer([this] {
    Session watcher = open_session("80");
    // The takeover is seen waiting before COMMIT is sent.
    for (int i = 0; i < 2000; ++i) {
      const auto waiting = watcher.query_value(
          "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'", {});
      if (waiting && *waiting != "0") break;
    }
    EXPECT_TRUE(session_.execute("COMMIT", {}));
  });
  open(true);
  EXPECT_EQ(value(ledger_->chunk(streams[0])).stream.mark, "late");
}

TEST_F(TargetLedgerTest, planning_after_a_takeover_is_refused) {
  JobOptions options;
  options.job = "j";
  options.recipe = "copy";
  options.takeover = true;
  const auto other = value(JobProgress::open(endpoint_of("80"), options, {}));
  const std::vector<Stream> streams = {{orders, 0, "a", false}};
  const auto planned = ledger_->plan(streams);
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().code(), ErrorCode::fenced);
  EXPECT_EQ(ask("SELECT COUNT(*) FROM tideway_meta.chunk"), "0");
}

}  // namespace
}  // namespace tideway
