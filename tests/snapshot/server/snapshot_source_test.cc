#include "snapshot/snapshot_source.h"

#include <fmt/format.h>

#include <map>

#include "base/crew.h"
#include "flow/run.h"
#include "mysql/table_digest.h"
#include "snapshot/server/memory_sink.h"
#include "snapshot/server/source_fixture.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::tideway::testing::MemorySink;
using ::tideway::testing::value;

class Sources : public ::tideway::testing::OnServer {
 public:
  // Rows by the dozen in each kind of table, with small chunks so that there are many of them.
  void make_tables() {
    run("CREATE TABLE whole (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(200))");
    fill("whole", 20000, "i * 7 - 1000, REPEAT('x', i % 190)");
    run("CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, v INT, PRIMARY KEY (a, b))");
    fill("pairs", 9000, "IF(i < 6000, 3, i DIV 100), i, i % 3");
    run("CREATE TABLE texts (k VARCHAR(40) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, v "
        "INT)");
    fill("texts", 5000, "CONCAT(CHAR(97 + i % 26), 'é', i), i");
    run("CREATE TABLE binaries (k VARBINARY(20) NOT NULL PRIMARY KEY, v INT)");
    fill("binaries", 3000, "UNHEX(MD5(i)), i");
    run("CREATE TABLE moments (k DATETIME(6) NOT NULL PRIMARY KEY, v INT)");
    fill("moments", 3000, "'2020-01-01' + INTERVAL i * 1001 MICROSECOND, i");
    run("CREATE TABLE decimals (k DECIMAL(30,10) NOT NULL PRIMARY KEY, d DOUBLE, f FLOAT)");
    fill("decimals", 3000, "i / 7, i / 7, i / 7");
    run("CREATE TABLE keyless (a INT, b VARCHAR(20))");
    fill("keyless", 4000, "i % 10, IF(i % 3 = 0, NULL, i)");
    run("CREATE TABLE enums (k ENUM('z', 'a', 'm') NOT NULL, n INT NOT NULL, PRIMARY KEY (k, n))");
    fill("enums", 3000, "i % 3 + 1, i");
    run("CREATE TABLE nothing (id INT NOT NULL PRIMARY KEY)");
    run("CREATE TABLE computed (a INT AS (1) STORED, b INT AS (2) VIRTUAL)");
    run("INSERT INTO computed () VALUES (), (), ()");
    run("CREATE TABLE unsigned_ends (k BIGINT UNSIGNED NOT NULL PRIMARY KEY, v INT)");
    run("INSERT INTO unsigned_ends VALUES (18446744073709551615, 1), (9223372036854775808, 2)");
    fill("unsigned_ends", 3000, "i, i");
    run("CREATE TABLE bits (k BIT(64) NOT NULL PRIMARY KEY, v INT)");
    fill("bits", 2500, "18446744073709551615 - i * 3, i");
    run("CREATE TABLE floats (k DOUBLE NOT NULL PRIMARY KEY, v INT)");
    fill("floats", 2500, "EXP(i / 100) / 3, i");
    run("CREATE TABLE single (k FLOAT NOT NULL PRIMARY KEY, v INT)");
    fill("single", 2500, "i / 7, i");
    run("CREATE TABLE years (k YEAR NOT NULL, d DATE NOT NULL, t TIME(3) NOT NULL, s TIMESTAMP NOT "
        "NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (k, d, t))");
    fill("years (k, d, t)", 2500,
         "IF(i < 100, 0, 1901 + i % 200), IF(i % 10 = 0, '0000-00-00', '2020-01-01' + "
         "INTERVAL i DAY), SEC_TO_TIME(i * 1000 - 1200000)");
    run("CREATE TABLE latin (k VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL "
        "PRIMARY KEY, v INT)");
    fill("latin", 2500, "CONCAT(_utf8mb4'ÄÖ', i, _utf8mb4'ß'), i");
  }

  SnapshotSource source(Snapshot& snapshot, const ObjectList& objects, MemorySink& sink,
                        ReadOptions options) {
    return {snapshot, objects.tables, sink, arbiter_, std::move(options)};
  }
  static ReadOptions small() {
    return {.chunk_rows = 700, .block_bytes = 64 << 10, .digest = DigestStrength::strong};
  }

  Result<Summary> pull(SnapshotSource& from, MemorySink& sink, const std::stop_token& stop = {}) {
    Meter meter;
    return tideway::run(from, {}, sink, {.readers = 4, .writers = 2}, meter, stop);
  }

  void expect_equal(const ObjectList& objects, const MemorySink& sink,
                    const std::string& where = {}) {
    for (const ListedTable& table : objects.tables) {
      const ColumnSet columns(stored_columns(*table.def));
      EXPECT_EQ(sink.digest(table.id()),
                value(digest_rows(session_, quoted(table.id()), *table.def, columns, where,
                                  DigestStrength::strong, {})))
          << table.id().name;
      EXPECT_EQ(sink.rows(table.id()).size(), sink.digest(table.id()).rows) << table.id().name;
      EXPECT_TRUE(sink.is_whole(table.id())) << table.id().name;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Version, Sources, ::testing::Values("80", "57"));

TEST_P(Sources, hands_on_every_row_of_every_kind_of_table_once) {
  make_tables();
  const ObjectList objects = list();
  const auto snapshot = open(objects);
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  const ReadEstimate before = from.estimate();
  EXPECT_NEAR(static_cast<double>(before.rows), 67000, 20000);
  value(pull(from, sink));
  expect_equal(objects, sink);
  EXPECT_LE(sink.most_rows_in_a_stream(), 4000U) << "the keyless one";
  EXPECT_GE(sink.stream_count(t("whole")), 20000U / 1400);
  EXPECT_GE(sink.stream_count(t("pairs")), 6U);
  EXPECT_GE(sink.stream_count(t("unsigned_ends")), 3U);
  EXPECT_EQ(sink.stream_count(t("keyless")), 1U);
  EXPECT_EQ(sink.stream_count(t("nothing")), 1U);
  const ReadEstimate after = from.estimate();
  EXPECT_EQ(after.tables_read, objects.tables.size());
  EXPECT_EQ(after.chunks_read, after.chunks_planned);
  EXPECT_EQ(from.failed().size(), 0U);
  EXPECT_EQ(from.readings().size(), objects.tables.size());
  EXPECT_LT(arbiter_.peak_bytes(), 8ULL << 20U);
  EXPECT_EQ(arbiter_.used_bytes(), 0U);
}

TEST_P(Sources, chunks_of_integer_keys_hold_about_what_was_wanted) {
  run("CREATE TABLE gaps (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100))");
  fill("gaps", 10000, "i, 'x'");
  fill("gaps", 10000, "1000000000000 + i * 1000, 'x'");
  run("INSERT INTO gaps VALUES (9223372036854775807, 'last'), (-9223372036854775808, 'first')");
  const ObjectList objects = list();
  const auto snapshot = open(objects);
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  value(pull(from, sink));
  expect_equal(objects, sink);
  EXPECT_LE(sink.most_rows_in_a_stream(), 2100U);
  EXPECT_LE(sink.stream_count(t("gaps")), 120U);
}

TEST_P(Sources, goes_on_after_any_stop_without_repeating_or_losing_a_row) {
  make_tables();
  const ObjectList objects = list("sn.*");
  for (const std::uint64_t blocks : {1U, 5U, 23U, 60U}) {
    MemorySink sink;
    int starts = 0;
    for (bool is_over = false; !is_over; ++starts) {
      ASSERT_LT(starts, 200);
      std::stop_source stop;
      sink.stop_after(blocks, stop);
      const auto snapshot = open(objects);
      SnapshotSource from = source(*snapshot, objects, sink, small());
      is_over = !value(pull(from, sink, stop.get_token())).is_stopped;
    }
    EXPECT_GT(starts, 1);
    expect_equal(objects, sink);
  }
}

TEST_P(Sources, a_condition_narrows_every_chunk) {
  run("CREATE TABLE whole (id BIGINT NOT NULL PRIMARY KEY, v INT)");
  run("CREATE TABLE texts (k VARCHAR(40) NOT NULL PRIMARY KEY, v INT)");
  run("CREATE TABLE keyless (v INT)");
  fill("whole", 20000, "i, i % 10");
  fill("texts", 5000, "i, i % 10");
  fill("keyless", 50, "i % 10");
  const ObjectList objects = list();
  const auto snapshot = open(objects);
  MemorySink sink;
  ReadOptions options = small();
  options.where = "v = 3 or v = 5";
  SnapshotSource from = source(*snapshot, objects, sink, options);
  value(pull(from, sink));
  expect_equal(objects, sink, options.where);
  EXPECT_EQ(sink.rows(t("whole")).size(), 4000U);
}

TEST_P(Sources, no_metadata_lock_stays_behind_a_chunk) {
  run("CREATE TABLE whole (id BIGINT NOT NULL PRIMARY KEY, v INT)");
  fill("whole", 5000, "i, i");
  const ObjectList objects = list();
  const auto snapshot = open(objects, {.readers = 2});
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  value(pull(from, sink));
  run("SET SESSION lock_wait_timeout = 2");
  run("ALTER TABLE whole ADD COLUMN more INT");
}

TEST_P(Sources, rows_of_later_commits_are_not_seen) {
  run("CREATE TABLE whole (id BIGINT NOT NULL PRIMARY KEY, v INT)");
  fill("whole", 5000, "i, i");
  const ObjectList objects = list();
  const auto snapshot = open(objects);
  fill("whole", 5000, "i + 100000, i");
  run("DELETE FROM whole WHERE id < 100");
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  value(pull(from, sink));
  EXPECT_EQ(sink.rows(t("whole")).size(), 5000U);
}

TEST_P(Sources, tables_that_fail_alone_are_named_and_the_others_are_read) {
  run("CREATE TABLE dropped (id BIGINT NOT NULL PRIMARY KEY, v INT)");
  run("CREATE TABLE altered (id BIGINT NOT NULL PRIMARY KEY, v INT)");
  run("CREATE TABLE fine (id BIGINT NOT NULL PRIMARY KEY, v INT)");
  for (const char* name : {"dropped", "altered", "fine"}) fill(name, 3000, "i, i");
  const ObjectList objects = list();
  const auto snapshot = open(objects);
  run("DROP TABLE dropped");
  run("ALTER TABLE altered ADD COLUMN w INT, ALGORITHM=COPY");
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  value(pull(from, sink));
  std::map<TableId, ErrorCode> failed;
  for (const FailedTable& each : from.failed()) failed.emplace(each.table, each.error.code());
  EXPECT_EQ(failed[t("dropped")], ErrorCode::table_gone);
  EXPECT_EQ(failed[t("altered")], ErrorCode::definition_changed);
  EXPECT_EQ(failed.size(), 2U);
  EXPECT_EQ(sink.rows(t("fine")).size(), 3000U);
  ASSERT_EQ(from.readings().size(), 1U);
  EXPECT_EQ(from.readings()[0].table, t("fine"));
}

TEST_P(Sources, a_lost_session_ends_the_run_under_a_snapshot) {
  run("CREATE TABLE whole (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(500))");
  fill("whole", 20000, "i, REPEAT('x', 400)");
  const ObjectList objects = list();
  const auto snapshot = open(objects, {.readers = 1});
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  auto reader = value(from.open_reader({}));
  ASSERT_TRUE(value(reader->next({})));
  run("SET @id = (SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%FROM "
      "`sn`.`whole`%' "
      "AND ID <> CONNECTION_ID() LIMIT 1)");
  const std::string id = ask("SELECT @id");
  if (id != "NULL") run("KILL " + id);
  Result<std::optional<Block>> block = std::optional<Block>();
  do {
    block = reader->next({});
  } while (block && *block);
  if (id != "NULL") {
    ASSERT_FALSE(block);
    EXPECT_EQ(block.error().code(), ErrorCode::snapshot_lost);
  }
}

TEST_P(Sources, where_nothing_was_promised_a_lost_session_is_replaced_and_no_row_is_lost) {
  (void)session_.execute("DROP USER 'limited'@'%'", {});
  run("CREATE USER 'limited'@'%' IDENTIFIED WITH mysql_native_password BY ''");
  run("GRANT SELECT ON *.* TO 'limited'@'%'");
  run("CREATE TABLE whole (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(500))");
  fill("whole", 50000, "i, REPEAT('x', i % 400)");
  const ObjectList objects = list();
  Endpoint at = endpoint();
  at.user = "limited";
  const auto snapshot = value(open(objects, {.readers = 3, .consistency = Consistency::none}, at));
  ASSERT_EQ(snapshot->first_point()->rung, Rung::none);
  Crew crew({});
  int killed = 0;
  crew.start("killer", [&](const std::stop_token& stop) -> Result<void> {
    Session killer = ::tideway::testing::open_session(GetParam());
    while (!stop.stop_requested() && killed < 5) {
      const auto id = TRY(killer.query_value(
          "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'limited' AND INFO LIKE "
          "'SELECT /*!40001%' LIMIT 1",
          {}));
      if (id && killer.execute("KILL " + *id, {})) ++killed;
    }
    return {};
  });
  MemorySink sink;
  ReadOptions options = small();
  options.chunk_rows = 5000;
  SnapshotSource from = source(*snapshot, objects, sink, options);
  const auto summary = pull(from, sink);
  crew.stop();
  value(crew.join());
  if (!summary) {  // a session that was lost while it planned is not replaced
    EXPECT_EQ(summary.error().code(), ErrorCode::snapshot_lost) << summary.error().to_line();
    return;
  }
  expect_equal(objects, sink);
  std::cout << killed << " sessions were killed\n";
}

TEST_P(Sources, a_snapshot_that_is_too_old_is_changed_for_a_new_one_between_chunks) {
  for (const char* name : {"whole1", "whole2", "busy"}) {
    run(fmt::format("CREATE TABLE {} (id BIGINT NOT NULL PRIMARY KEY, v INT)", name));
    fill(name, 20000, "i, i");
  }
  const ObjectList objects = list("sn.whole*");
  const auto snapshot = open(objects, {.readers = 4, .history_cap = 1});
  for (int i = 0; i < 50; ++i) run(fmt::format("UPDATE busy SET v = v + 1 WHERE id = {}", i));
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, small());
  value(pull(from, sink));
  EXPECT_EQ(snapshot->point_count(), 2U);
  expect_equal(objects, sink);
  for (const TableReading& reading : from.readings()) EXPECT_EQ(reading.last, snapshot->point(1));
}

TEST_P(Sources, rows_larger_than_a_block_travel_alone) {
  run("CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, v LONGBLOB)");
  fill("wide", 12, "i, REPEAT(CHAR(65 + i), 3000000)");
  fill("wide", 300, "i + 100, REPEAT('s', 100)");
  const ObjectList objects = list();
  const auto snapshot = open(objects);
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, {.digest = DigestStrength::strong});
  value(pull(from, sink));
  expect_equal(objects, sink);
}

TEST_P(Sources, many_empty_tables_cost_one_select_each_and_few_acts_of_the_ledger) {
  for (int i = 0; i < 300; ++i) run(fmt::format("CREATE TABLE e{} (id INT PRIMARY KEY)", i));
  const ObjectList objects = list();
  EXPECT_EQ(objects.tables.size(), 300U);
  const auto snapshot = open(objects);
  MemorySink sink;
  SnapshotSource from = source(*snapshot, objects, sink, {});
  value(pull(from, sink));
  for (const ListedTable& table : objects.tables) EXPECT_TRUE(sink.is_whole(table.id()));
  EXPECT_LE(sink.plans(), 6U);
}

}  // namespace
}  // namespace tideway
