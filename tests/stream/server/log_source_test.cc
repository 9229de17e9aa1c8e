#include "stream/log_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

#include "model/digest.h"
#include "mysql/server/servers.h"
#include "sql/create_table.h"
#include "stream/server/replica.h"

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::Replica;
using ::tideway::testing::value;

class Log : public ::testing::TestWithParam<std::string> {
 public:
  Log() : session_(open_session(GetParam())) {
    run("DROP DATABASE IF EXISTS st");
    run("CREATE DATABASE st");
    run("USE st");
  }
  ~Log() override {
    for (const char* xid : {"'a'", "'b'", "'c'"})
      (void)session_.execute(std::string("XA ROLLBACK ") + xid, {});
    (void)session_.execute("DROP DATABASE IF EXISTS st", {});
  }

  void run(const std::string& sql) { value(session_.execute(sql, {})); }

  // Where the log ends now.
  LogStart here() {
    const ResultTable status =
        value(session_.query(session_.server().binlog_status_statement(), {}));
    LogStart place;
    place.server_uuid = session_.server().uuid;
    place.position = {*status.rows[0][0], std::stoull(*status.rows[0][1])};
    if (session_.server().gtid_on) {
      const auto gtids = value(session_.query_value("SELECT @@GLOBAL.gtid_executed", {}));
      place.gtids = value(GtidSet::parse(gtids.value_or("")));
    }
    return place;
  }

  TablePtr definition(const std::string& table) {
    const ResultTable answer = value(session_.query("SHOW CREATE TABLE " + table, {}));
    return std::make_shared<const TableDef>(value(parse_create_table(*answer.rows[0][1], "st")));
  }
  Definitions definitions(std::initializer_list<const char*> tables) {
    Definitions definitions;
    const ResultTable database =
        value(session_.query("SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM "
                             "information_schema.SCHEMATA WHERE SCHEMA_NAME = 'st'",
                             {}));
    definitions.put(DatabaseDef{"st", *database.rows[0][0], *database.rows[0][1]});
    for (const char* table : tables) definitions.put(definition(table));
    return definitions;
  }

  // The rows as the server's own text has them: what Replica's must be.
  std::multiset<std::string> rows_of(const std::string& table) {
    const TablePtr def = definition(table);
    std::string columns;
    for (const std::uint32_t column : stored_columns(*def))
      columns += (columns.empty() ? "" : ",") + cell_expression(def->columns[column]);
    std::multiset<std::string> rows;
    for (const auto& row :
         value(session_.query(fmt::format("SELECT {} FROM {}", columns, table), {})).rows) {
      std::string text;
      for (const auto& cell : row)
        text += cell ? fmt::format("{}:{}|", cell->size(), *cell) : "NULL|";
      rows.insert(std::move(text));
    }
    return rows;
  }

  struct Reading {
    Reading(Log& test, const LogStart& start, Definitions definitions, LogSourceOptions options)
        : places(start, names) {
      if (!options.is_wanted)
        options.is_wanted = [](const TableId& table) { return table.database == "st"; };
      source = std::make_unique<LogSource>(endpoint_of(GetParam()), std::move(options),
                                           std::move(definitions), places, names, test.arbiter_);
    }
    // The first error, or none at the stream's end.
    std::optional<Error> into(Replica& replica, const std::stop_token& stop = {}) {
      if (!reader) reader = value(source->open_reader(stop));
      while (true) {
        auto block = reader->next(stop);
        if (!block) return block.error();
        if (!*block) return std::nullopt;
        replica.take(**block);
      }
    }
    OriginNames names;
    LogPlaces places;
    std::unique_ptr<LogSource> source;
    std::unique_ptr<Reader> reader;
  };

  // From a start to where the log ends now.
  std::optional<Error> read(const LogStart& start, Definitions definitions, Replica& replica,
                            LogSourceOptions options = {}) {
    Reading reading(*this, start, std::move(definitions), std::move(options));
    reading.source->read_until(here());
    return reading.into(replica);
  }

  void expect_same(const Replica& replica, const std::string& table) {
    EXPECT_EQ(replica.rows({"st", table}), rows_of(table)) << table;
    EXPECT_THAT(replica.complaints(), IsEmpty());
  }

  // Rows of two tables changed in every way, in transactions of several sizes.
  void change_at_random(unsigned seed, int transactions) {
    std::mt19937 random(seed);
    for (int i = 0; i < transactions; ++i) {
      run("BEGIN");
      for (auto k = random() % 5; k-- > 0;) {
        const auto id = random() % 40;
        switch (random() % 4) {
          case 0:
          case 1:
            run(
                fmt::format("INSERT INTO t VALUES ({0}, 'v{1}', {1}) ON DUPLICATE KEY UPDATE n = "
                            "n + 1, v = CONCAT('é', n)",
                            id, random() % 1000));
            break;
          case 2:
            run(fmt::format("DELETE FROM t WHERE id = {}", id));
            break;
          default:
            run(fmt::format("INSERT INTO k VALUES ({0}, NULL), ({0}, 'x')", id % 7));
            run(fmt::format("DELETE FROM k WHERE a = {} LIMIT 1", random() % 7));
        }
      }
      run(random() % 5 == 0 ? "ROLLBACK" : "COMMIT");
    }
  }
  void make_tables() {
    run("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50) CHARACTER SET latin1, n BIGINT "
        "UNSIGNED)");
    run("CREATE TABLE k (a INT, b CHAR(10))");
  }

  MemoryArbiter arbiter_{64ULL << 20U};
  Session session_;
};
INSTANTIATE_TEST_SUITE_P(Version, Log, ::testing::Values("80", "57", "80_WITHOUT_GTID"));

TEST_P(Log, holds_what_its_tables_hold) {
  make_tables();
  const LogStart start = here();
  change_at_random(1, 120);
  Replica replica;
  EXPECT_FALSE(read(start, definitions({"t", "k"}), replica));
  expect_same(replica, "t");
  expect_same(replica, "k");
  EXPECT_TRUE(replica.has_ended());
}

TEST_P(Log, is_the_same_in_blocks_of_any_size) {
  make_tables();
  const LogStart start = here();
  change_at_random(2, 40);
  run("INSERT INTO t SELECT a.id * 100 + b.id, REPEAT('z', 40), 7 FROM t a, t b WHERE a.id > 0 ON "
      "DUPLICATE KEY UPDATE n = 8");
  Replica replica;
  LogSourceOptions options;
  options.block_bytes = 1024;
  EXPECT_FALSE(read(start, definitions({"t", "k"}), replica, options));
  expect_same(replica, "t");
  expect_same(replica, "k");
  EXPECT_GT(replica.parts(), 3U);
}

TEST_P(Log, brings_rows_larger_than_a_block) {
  run("CREATE TABLE big (id INT PRIMARY KEY, b LONGBLOB)");
  const LogStart start = here();
  run("INSERT INTO big VALUES (1, REPEAT('a', 5000000)), (2, 'small'), (3, REPEAT('c', 3000000))");
  Replica replica;
  LogSourceOptions options;
  options.block_bytes = 64U << 10U;
  EXPECT_FALSE(read(start, definitions({"big"}), replica, options));
  expect_same(replica, "big");
}

// Each unit and each row once, however often the connection is lost.
TEST_P(Log, is_taken_up_behind_the_last_row_whenever_the_connection_breaks) {
  make_tables();
  run("CREATE TABLE wide (id INT AUTO_INCREMENT PRIMARY KEY, b LONGTEXT)");
  const LogStart start = here();
  change_at_random(3, 60);
  // More than sockets hold.
  run("INSERT INTO wide (b) SELECT REPEAT('z', 60000) FROM information_schema.columns LIMIT 300");
  run("UPDATE wide SET b = CONCAT('a', b)");
  change_at_random(4, 20);
  LogSourceOptions options;
  options.block_bytes = 128U << 10U;
  Reading reading(*this, start, definitions({"t", "k", "wide"}), options);
  reading.source->read_until(here());
  Replica replica;
  auto reader = value(reading.source->open_reader({}));
  Session killer = open_session(GetParam());
  for (int blocks = 0;; ++blocks) {
    auto block = value(reader->next({}));
    if (!block) break;
    replica.take(*block);
    if (blocks % 20 != 3) continue;
    for (const auto& row : value(killer.query("SELECT id FROM information_schema.processlist WHERE "
                                              "command LIKE 'Binlog Dump%'",
                                              {}))
                               .rows)
      static_cast<void>(killer.execute("KILL " + *row[0], {}));
  }
  expect_same(replica, "t");
  expect_same(replica, "k");
  expect_same(replica, "wide");
  EXPECT_GT(reading.source->meter().reconnects, 1U);
}

TEST_P(Log, goes_on_from_any_unit_it_passed) {
  make_tables();
  const LogStart start = here();
  change_at_random(5, 30);
  const LogStart end = here();
  Reading whole(*this, start, definitions({"t", "k"}), {});
  whole.source->read_until(end);
  Replica all;
  ASSERT_FALSE(whole.into(all));
  UnitSet units;
  for (std::size_t i = 0; i < all.ends().size(); ++i) {
    units.add(all.ends()[i].unit);
    if (i % 7 != 0) continue;
    const LogStart place = whole.places.behind(all.ends()[i], units);
    Replica rest;
    Reading again(*this, value(LogStart::parse_json(place.to_json())), definitions({"t", "k"}), {});
    again.source->read_until(end);
    ASSERT_FALSE(again.into(rest));
    EXPECT_EQ(rest.ends().size(), all.ends().size() - i - 1) << place.to_text();
  }
}

TEST_P(Log, leaves_out_units_that_are_applied_and_the_first_rows_of_one_that_is_split) {
  make_tables();
  const LogStart start = here();
  for (int i = 0; i < 6; ++i) run(fmt::format("INSERT INTO k VALUES ({}, 'one')", i));
  run("INSERT INTO k VALUES (100, 'a'), (101, 'b'), (102, 'c'), (103, 'd')");
  const LogStart end = here();
  Reading whole(*this, start, definitions({"t", "k"}), {});
  whole.source->read_until(end);
  Replica all;
  ASSERT_FALSE(whole.into(all));
  ASSERT_EQ(all.ends().size(), 7U);

  // In other words of the same names.
  OriginNames& names = whole.names;
  UnitSet done;
  for (const std::size_t i : {1U, 3U}) done.add(all.ends()[i].unit);
  const std::string text = done.to_text(names);
  LogSourceOptions options;
  Reading again(*this, start, definitions({"t", "k"}), {});
  options.done = value(UnitSet::parse(text, again.names));
  const UnitId split = all.ends()[6].unit;
  options.split = UnitId{again.names.ordinal(names.name(split.origin)), split.first, 0};
  options.split_rows = 3;
  LogSource source(endpoint_of(GetParam()), std::move(options), definitions({"t", "k"}),
                   again.places, again.names, arbiter_);
  source.read_until(end);
  auto reader = value(source.open_reader({}));
  Replica rest;
  while (auto block = value(reader->next({}))) rest.take(*block);
  EXPECT_EQ(rest.ends().size(), 5U);
  EXPECT_THAT(rest.rows({"st", "k"}),
              ElementsAre("1:0|3:one|", "1:2|3:one|", "1:4|3:one|", "1:5|3:one|", "3:103|1:d|"));
}

TEST_P(Log, brings_what_an_xa_transaction_changed_when_it_is_committed) {
  make_tables();
  const LogStart start = here();
  const auto branch = [&](const std::string& xid, const std::string& change) {
    Session other = open_session(GetParam());
    value(other.execute("USE st", {}));
    value(other.execute("XA START " + xid, {}));
    value(other.execute(change, {}));
    value(other.execute("XA END " + xid, {}));
    value(other.execute("XA PREPARE " + xid, {}));
  };
  branch("'a'", "INSERT INTO k VALUES (1, 'a')");
  branch("'b'", "INSERT INTO k VALUES (2, 'b')");
  branch("'c'", "INSERT INTO k VALUES (3, 'c')");
  run("INSERT INTO t VALUES (1, 'between', 1)");
  const LogStart before_commit = here();
  // What is prepared has not happened.
  Replica early;
  Reading reading(*this, start, definitions({"t", "k"}), {});
  reading.source->read_until(before_commit);
  const auto failed = reading.into(early);
  ASSERT_FALSE(failed) << failed->to_line();
  EXPECT_THAT(early.rows({"st", "k"}), IsEmpty());

  run("XA COMMIT 'b'");
  run("XA ROLLBACK 'a'");
  run("INSERT INTO t VALUES (2, 'more', 2)");
  Replica replica;
  EXPECT_FALSE(read(start, definitions({"t", "k"}), replica));
  EXPECT_THAT(replica.rows({"st", "k"}), ElementsAre("1:2|1:b|"));
  expect_same(replica, "t");

  // From a place where they were open, their changes are found before it.
  const LogStart open = reading.places.behind(early.ends().back(), early.units());
  EXPECT_EQ(open.branches.size(), 3U);
  run("XA COMMIT 'c'");
  Replica late;
  EXPECT_FALSE(read(value(LogStart::parse_json(open.to_json())), definitions({"t", "k"}), late));
  EXPECT_THAT(late.rows({"st", "k"}), ElementsAre("1:2|1:b|", "1:3|1:c|"));
}

TEST_P(Log, finds_the_changes_of_an_xa_transaction_that_was_prepared_before_the_start) {
  make_tables();
  {
    Session other = open_session(GetParam());
    value(other.execute("USE st", {}));
    value(other.execute("XA START 'a'", {}));
    value(other.execute("INSERT INTO k VALUES (1, 'a')", {}));
    value(other.execute("XA END 'a'", {}));
    value(other.execute("XA PREPARE 'a'", {}));
  }
  run("FLUSH BINARY LOGS");
  const LogStart start = here();
  run("INSERT INTO k VALUES (2, 'b')");
  run("XA COMMIT 'a'");
  Replica replica;
  EXPECT_FALSE(read(start, definitions({"t", "k"}), replica));
  expect_same(replica, "k");
  LogSourceOptions options;
  options.sees_older_branches = true;
  Replica with_copy;
  EXPECT_FALSE(read(start, definitions({"t", "k"}), with_copy, options));
  EXPECT_THAT(with_copy.rows({"st", "k"}), ElementsAre("1:2|1:b|"));
}

TEST_P(Log, reads_an_xa_transaction_once_more_that_was_too_large_to_be_kept) {
  run("CREATE TABLE k (a INT, b LONGTEXT)");
  const LogStart start = here();
  {
    Session other = open_session(GetParam());
    value(other.execute("USE st", {}));
    value(other.execute("XA START 'a'", {}));
    for (int i = 0; i < 10; ++i)
      value(other.execute(fmt::format("INSERT INTO k VALUES ({}, REPEAT('x', 100000))", i), {}));
    value(other.execute("XA END 'a'", {}));
    value(other.execute("XA PREPARE 'a'", {}));
  }
  run("INSERT INTO k VALUES (11, 'b')");
  run("XA COMMIT 'a'");
  run("DELETE FROM k WHERE a < 5");
  Replica replica;
  EXPECT_FALSE(read(start, definitions({"k"}), replica));
  expect_same(replica, "k");
}

TEST_P(Log, refuses_to_pass_over_an_xa_transaction_whose_changes_are_purged) {
  make_tables();
  {
    Session other = open_session(GetParam());
    value(other.execute("USE st", {}));
    value(other.execute("XA START 'a'", {}));
    value(other.execute("INSERT INTO k VALUES (1, 'a')", {}));
    value(other.execute("XA END 'a'", {}));
    value(other.execute("XA PREPARE 'a'", {}));
  }
  run("FLUSH BINARY LOGS");
  const LogStart start = here();
  run("PURGE BINARY LOGS TO '" + start.position.file + "'");
  run("XA COMMIT 'a'");
  Replica replica;
  const auto error = read(start, definitions({"t", "k"}), replica);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::prepared_transactions) << error->to_line();
}

TEST_P(Log, tells_that_it_came_to_the_end_of_files_without_a_transaction) {
  make_tables();
  const LogStart start = here();
  for (int i = 0; i < 3; ++i) run("FLUSH BINARY LOGS");
  Replica replica;
  Reading reading(*this, start, definitions({"t", "k"}), {});
  reading.source->read_until(here());
  EXPECT_FALSE(reading.into(replica));
  ASSERT_TRUE(replica.place());
  const LogStart reached = reading.places.behind(*replica.place(), replica.units());
  EXPECT_EQ(reached.position, here().position);
  EXPECT_THAT(replica.ends(), IsEmpty());
  EXPECT_THAT(replica.complaints(), IsEmpty());
  // From there on it goes on as from any other place.
  run("INSERT INTO k VALUES (1, 'a')");
  Replica later;
  EXPECT_FALSE(read(reached, definitions({"t", "k"}), later));
  expect_same(later, "k");
}

TEST_P(Log, says_where_it_is_for_as_long_as_nothing_comes) {
  make_tables();
  LogSourceOptions options;
  options.heartbeat = std::chrono::milliseconds(200);
  Reading reading(*this, here(), definitions({"t", "k"}), options);
  const auto reader = value(reading.source->open_reader({}));
  Replica replica;
  run("FLUSH BINARY LOGS");
  const LogPosition end = here().position;
  for (int told = 0; told < 3;) {
    const auto block = value(reader->next({}));
    ASSERT_TRUE(block);
    replica.take(*block);
    ASSERT_TRUE(replica.place());
    if (reading.places.behind(*replica.place(), {}).position == end) ++told;
  }
}

TEST_P(Log, ends_before_what_was_committed_at_a_time) {
  make_tables();
  const LogStart start = here();
  run("INSERT INTO k VALUES (1, 'a')");
  const auto now = [this] {
    return std::stoll(*value(session_.query_value("SELECT UNIX_TIMESTAMP()", {})));
  };
  const std::int64_t time = now() + 1;
  while (now() < time) {
  }
  run("INSERT INTO k VALUES (2, 'b')");
  Replica replica;
  Reading reading(*this, start, definitions({"t", "k"}), {});
  reading.source->read_until_time(time);
  EXPECT_FALSE(reading.into(replica));
  EXPECT_THAT(replica.rows({"st", "k"}), ElementsAre("1:1|1:a|"));
  // What comes behind it is read from the place that was told last.
  Replica rest;
  EXPECT_FALSE(read(reading.places.behind(*replica.place(), replica.units()),
                    definitions({"t", "k"}), rest));
  EXPECT_THAT(rest.rows({"st", "k"}), ElementsAre("1:2|1:b|"));
}

TEST_P(Log, follows_definitions_through_statements_that_change_them) {
  make_tables();
  const Definitions before = definitions({"t", "k"});
  const LogStart start = here();
  run("INSERT INTO t VALUES (1, 'old', 1)");
  run("DELETE FROM t");
  run("ALTER TABLE t ADD COLUMN e ENUM('x','y') FIRST, DROP COLUMN n");
  run("INSERT INTO t VALUES ('y', 2, 'new')");
  run("CREATE TABLE made LIKE t");
  run("INSERT INTO made SELECT * FROM t");
  run("RENAME TABLE made TO m2, k TO k2");
  run("INSERT INTO m2 VALUES ('x', 3, 'renamed')");
  run("INSERT INTO k2 VALUES (1, 'k2')");
  run("CREATE TABLE gone (a INT)");
  run("INSERT INTO gone VALUES (1)");
  run("DROP TABLE gone");
  run("CREATE TABLE gone (b VARCHAR(10))");
  run("INSERT INTO gone VALUES ('again')");
  Replica replica;
  const auto error = read(start, before, replica);
  ASSERT_FALSE(error) << error->to_line();
  EXPECT_EQ(replica.statements().size(), 6U);
  expect_same(replica, "t");
  EXPECT_THAT(replica.rows({"st", "m2"}), ElementsAre("1:x|1:3|7:renamed|"));
  EXPECT_EQ(replica.rows({"st", "k2"}), rows_of("k2"));
}

TEST_P(Log, stops_at_a_change_that_is_logged_as_a_statement_and_names_it) {
  make_tables();
  const LogStart start = here();
  Session other = open_session(GetParam());
  value(other.execute("USE st", {}));
  value(other.execute("SET SESSION binlog_format = 'STATEMENT'", {}));
  value(other.execute("INSERT INTO t VALUES (1, 'x', 1)", {}));
  Replica replica;
  const auto error = read(start, definitions({"t", "k"}), replica);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::statement_in_log);
  EXPECT_THAT(error->to_line(), HasSubstr("INSERT"));
  EXPECT_THAT(error->to_line(), HasSubstr("binlog_format"));
}

TEST_P(Log, goes_on_without_a_table_whose_rows_do_not_fit_its_definition) {
  make_tables();
  const Definitions before = definitions({"t", "k"});
  run("ALTER TABLE t ADD COLUMN extra INT");
  const LogStart start = here();
  run("INSERT INTO t VALUES (1, 'x', 1, 2)");
  run("BEGIN");
  run("INSERT INTO k VALUES (1, 'a')");
  run("UPDATE t SET extra = 3");
  run("INSERT INTO k VALUES (2, 'b')");
  run("COMMIT");
  Replica replica;
  EXPECT_FALSE(read(start, before, replica));
  expect_same(replica, "k");
  EXPECT_THAT(replica.rows({"st", "t"}), IsEmpty());
  EXPECT_EQ(replica.unread(), (std::map<TableId, std::uint64_t>{{{"st", "t"}, 2}}));
  EXPECT_THAT(replica.fault(), HasSubstr("TW405"));
  EXPECT_THAT(replica.fault(), HasSubstr("`st`.`t`"));
  EXPECT_EQ(replica.ends().size(), 2U);
}

TEST_P(Log, goes_on_without_a_table_that_a_statement_does_not_fit_until_it_is_made_anew) {
  make_tables();
  const Definitions before = definitions({"t", "k"});
  run("ALTER TABLE t ADD COLUMN extra INT");
  const LogStart start = here();
  run("ALTER TABLE t DROP COLUMN extra");
  run("INSERT INTO t VALUES (1, 'x', 1)");
  run("INSERT INTO k VALUES (1, 'a')");
  run("DROP TABLE t");
  run("CREATE TABLE t (id INT PRIMARY KEY)");
  run("INSERT INTO t VALUES (7)");
  Replica replica;
  EXPECT_FALSE(read(start, before, replica));
  expect_same(replica, "k");
  EXPECT_THAT(replica.rows({"st", "t"}), ElementsAre("1:7|"));
  EXPECT_EQ(replica.unread(), (std::map<TableId, std::uint64_t>{{{"st", "t"}, 1}}));
  EXPECT_THAT(replica.fault(), HasSubstr("DROP COLUMN"));
}

TEST_P(Log, leaves_out_what_a_copy_has_and_says_which_rows_it_may_have) {
  make_tables();
  const LogStart start = here();
  run("INSERT INTO t VALUES (1, 'a', 1)");
  run("INSERT INTO k VALUES (1, 'a')");
  const LogStart low = here();
  run("INSERT INTO t VALUES (2, 'b', 1)");
  run("INSERT INTO k VALUES (2, 'b')");
  const LogStart high = here();
  run("INSERT INTO t VALUES (3, 'c', 1)");
  run("INSERT INTO k VALUES (3, 'c')");
  LogSourceOptions options;
  options.copied[{"st", "t"}] = {low, high, false};
  options.copied[{"st", "k"}] = {low, high, true};
  Replica replica;
  ASSERT_FALSE(read(start, definitions({"t", "k"}), replica, options));
  EXPECT_THAT(replica.rows({"st", "t"}), ElementsAre("1:2|1:b|1:1|", "1:3|1:c|1:1|"));
  EXPECT_EQ(replica.replayed(), 1U);
  EXPECT_THAT(replica.rows({"st", "k"}), ElementsAre("1:3|1:c|"));
}

TEST_P(Log, waits_for_more_and_brings_it_at_once) {
  make_tables();
  LogSourceOptions options;
  options.heartbeat = std::chrono::milliseconds(200);
  Reading reading(*this, here(), definitions({"t", "k"}), options);
  std::stop_source stop;
  Replica replica;
  auto reader = value(reading.source->open_reader({}));
  for (int i = 0; i < 20; ++i) {
    run(fmt::format("INSERT INTO k VALUES ({}, 'x')", i));
    while (replica.ends().size() < static_cast<std::size_t>(i) + 1)
      replica.take(*value(reader->next({})));
  }
  expect_same(replica, "k");
  std::jthread stopper([&] { stop.request_stop(); });
  const auto stopped = reader->next(stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), ErrorCode::stopped);
}

TEST_P(Log, is_not_believed_when_another_server_answers_or_the_log_was_reset) {
  make_tables();
  LogStart start = here();
  run("INSERT INTO k VALUES (1, 'x')");
  Replica replica;
  if (!start.gtids) {
    LogStart other = start;
    other.server_uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const auto error = read(other, definitions({"t", "k"}), replica);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::log_differs) << error->to_line();
    start.file_created = 1'000'000'000;
  } else {
    start.gtids->add("3e11fa47-71ca-11e1-9e33-c80aa9429562", 7);
  }
  const auto error = read(start, definitions({"t", "k"}), replica);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::log_differs) << error->to_line();
}

}  // namespace
}  // namespace tideway
