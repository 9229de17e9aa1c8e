#include "snapshot/consistent_point.h"

#include <fmt/format.h>

#include "base/crew.h"
#include "snapshot/log_window.h"
#include "snapshot/server/source_fixture.h"
#include "snapshot/standing.h"

namespace tideway {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::tideway::testing::open_session;
using ::tideway::testing::value;
using namespace std::chrono_literals;

// Sessions that repeat one statement until the object goes.
class Writers {
 public:
  Writers(const std::string& version, const std::string& sql, int count) : crew_({}) {
    for (int i = 0; i < count; ++i) {
      crew_.start("writer", [version, sql](const std::stop_token& stop) -> Result<void> {
        Session writer = open_session(version);
        while (!stop.stop_requested()) value(writer.execute(sql, {}));
        return {};
      });
    }
  }
  ~Writers() {
    crew_.stop();
    value(crew_.join());
  }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

 private:
  Crew crew_;
};

class Points : public ::tideway::testing::OnServer {
 public:
  LogPosition now() { return value(log_status(session_, {}))->position; }

  // A session of an account with these rights only.
  Endpoint limited(const std::string& grants) {
    (void)session_.execute("DROP USER 'limited'@'%'", {});
    run("CREATE USER 'limited'@'%' IDENTIFIED WITH mysql_native_password BY 'secret'");
    if (!grants.empty()) run("GRANT " + grants + " ON *.* TO 'limited'@'%'");
    Endpoint at = endpoint();
    at.user = "limited";
    at.password = Secret("secret");
    return at;
  }
  static std::string rows_seen(Snapshot::Lease& lease, const std::string& table) {
    return value(lease.session().query_value("SELECT COUNT(*) FROM sn." + table, {})).value_or("");
  }
};
INSTANTIATE_TEST_SUITE_P(Version, Points, ::testing::Values("80", "57", "80_WITHOUT_GTID"));

TEST_P(Points, a_quiet_source_gives_an_exact_point_to_all_readers) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  run("INSERT INTO a VALUES (1), (2)");
  const LogPosition before = now();
  auto snapshot = open(list(), {.readers = 4});
  const PointPtr point = snapshot->first_point();
  EXPECT_EQ(point->rung, Rung::exact) << point->reason;
  EXPECT_EQ(point->window->high, before);
  EXPECT_EQ(snapshot->readers(), 4U);
  run("INSERT INTO a VALUES (3)");
  std::vector<Snapshot::Lease> leases;
  for (int i = 0; i < 4; ++i) leases.push_back(value(snapshot->lease({})));
  for (auto& lease : leases) EXPECT_EQ(rows_seen(lease, "a"), "2");
  if (session_.server().gtid_on) {
    EXPECT_NE(point->gtid_text(), "");
    EXPECT_NE(point->gtid_text(), ask("SELECT REPLACE(@@global.gtid_executed, '\\n', '')"));
  }
  const auto none_left = snapshot->lease({});
  ASSERT_FALSE(none_left);
  EXPECT_EQ(none_left.error().code(), ErrorCode::snapshot_lost);
}

TEST_P(Points, a_point_survives_its_text) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const PointPtr point = open(list())->first_point();
  const SnapshotPoint read = value(SnapshotPoint::parse_json(point->to_json()));
  EXPECT_EQ(read.to_json(), point->to_json());
  EXPECT_EQ(read.rung, point->rung);
  EXPECT_EQ(read.window->begin, point->window->begin);
  EXPECT_EQ(read.window->low, point->window->low);
  EXPECT_EQ(read.listed_at, point->listed_at);
  EXPECT_FALSE(SnapshotPoint::parse_json("{}"));
  EXPECT_FALSE(SnapshotPoint::parse_json(""));
}

TEST_P(Points, the_log_between_two_positions_names_what_was_touched_across_its_files) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  run("CREATE TABLE b (id INT PRIMARY KEY)");
  run("CREATE TABLE c (id INT PRIMARY KEY)");
  run("CREATE TABLE e (id INT) ENGINE=InnoDB");
  const LogPosition begin = now();
  for (int i = 0; i < 400; ++i) run(fmt::format("INSERT INTO a VALUES ({})", i));
  run("FLUSH BINARY LOGS");
  run("INSERT INTO b VALUES (1)");
  const LogPosition middle = now();
  run("FLUSH BINARY LOGS");
  run("ALTER TABLE e ADD COLUMN x INT");
  const LogPosition end = now();
  run("INSERT INTO c VALUES (1)");
  const std::vector<LogRange> ranges = {
      {begin, end, {}}, {begin, middle, {}}, {middle, end, {}}, {end, end, {}}};
  const auto touches = value(read_log(session_, ranges, {}));
  EXPECT_THAT(touches[0].touched.tables(), ElementsAre(t("a"), t("b"), t("e")));
  EXPECT_THAT(touches[0].redefined.tables(), ElementsAre(t("e")));
  EXPECT_THAT(touches[1].touched.tables(), ElementsAre(t("a"), t("b")));
  EXPECT_EQ(touches[1].transactions, 401U);
  EXPECT_THAT(touches[2].touched.tables(), ElementsAre(t("e")));
  EXPECT_TRUE(touches[3].touched.is_empty());
}

TEST_P(Points, a_log_that_is_not_there_is_told_from_other_errors) {
  const LogRange lost{{"nosuch.000001", 4}, now(), {}};
  const auto touches = read_log(session_, std::span(&lost, 1), {});
  ASSERT_FALSE(touches);
  EXPECT_EQ(touches.error().code(), ErrorCode::binlog_unavailable);
}

TEST_P(Points, without_the_right_to_read_the_log_nothing_is_promised_and_the_grant_is_named) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const ObjectList objects = list();
  run("CREATE TABLE other (id INT PRIMARY KEY AUTO_INCREMENT)");
  const Writers others(GetParam(), "INSERT INTO sn.other VALUES ()", 2);
  for (const auto& [grants, missing] :
       {std::pair("SELECT, PROCESS", "REPLICATION CLIENT"),
        std::pair("SELECT, PROCESS, REPLICATION CLIENT", "REPLICATION SLAVE")}) {
    // Without anything in the log between the marks there is nothing to read, and the point is
    // exact.
    PointPtr point;
    for (int i = 0; i < 100 && (point == nullptr || point->rung == Rung::exact); ++i) {
      const auto snapshot = value(open(objects, {.readers = 2, .wait = 10ms}, limited(grants)));
      point = snapshot->first_point();
      EXPECT_EQ(snapshot->readers(), 2U);
    }
    if (point->rung == Rung::timed) continue;
    EXPECT_EQ(point->rung, Rung::none);
    EXPECT_THAT(point->grant, HasSubstr(missing));
  }
}

TEST_P(Points, a_replica_that_does_not_log_what_it_applies_promises_nothing) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const bool logs_all = ask("SELECT @@global.log_slave_updates") == "1";
  EXPECT_EQ(open(list())->first_point()->rung, Rung::exact);
  run("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1");
  const PointPtr point = open(list())->first_point();
  run("RESET SLAVE ALL");
  EXPECT_EQ(point->rung, logs_all ? Rung::exact : Rung::none);
  EXPECT_EQ(point->reason.find("log_slave_updates") == std::string::npos, logs_all);
}

TEST_P(Points, prepared_branches_are_waited_for_and_then_a_blocker) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const ObjectList objects = list();
  Session other = open_session(GetParam());
  for (const char* sql :
       {"XA START 'a'", "INSERT INTO sn.a VALUES (1)", "XA END 'a'", "XA PREPARE 'a'"})
    value(other.execute(sql, {}));
  const auto blocked = open(objects, {.wait = 300ms}, endpoint());
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code(), ErrorCode::prepared_transactions);
  value(other.execute("XA COMMIT 'a'", {}));
  EXPECT_EQ(open(objects)->first_point()->rung, Rung::exact);
}

class Busy : public Points {};
INSTANTIATE_TEST_SUITE_P(Version, Busy, ::testing::Values("80", "57"));

TEST_P(Busy, a_table_written_to_all_the_time_is_touched_and_the_others_are_exact) {
  run("CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, v INT)");
  run("CREATE TABLE still (id INT PRIMARY KEY)");
  const ObjectList objects = list();
  const Writers writers(GetParam(), "INSERT INTO sn.a (v) VALUES (1)", 4);
  int windows = 0;
  for (int i = 0; i < 200 && windows < 3; ++i) {
    const auto snapshot = open(objects, {.readers = 8, .wait = 10ms});
    const PointPtr point = snapshot->first_point();
    EXPECT_THAT(point->rung, AnyOf(Rung::exact, Rung::window));
    EXPECT_TRUE(point->is_exact_for(t("still")));
    EXPECT_EQ(point->is_exact_for(t("a")), point->rung == Rung::exact);
    if (point->rung == Rung::window) ++windows;
  }
  EXPECT_GT(windows, 0);
}

// Every row is a transaction of its own, in the order of the log: a snapshot that is exact holds
// exactly the rows that the log has before its position.
TEST_P(Busy, an_exact_point_holds_what_the_log_has_before_it) {
  run("CREATE TABLE a (id BIGINT PRIMARY KEY AUTO_INCREMENT)");
  const ObjectList objects = list();
  const LogPosition begin = now();
  const Writers writers(GetParam(), "INSERT INTO sn.a VALUES ()", 3);
  int exact = 0, tries = 0;
  for (; tries < 12; ++tries) {
    const auto snapshot = open(objects, {.readers = 1, .wait = 150ms});
    const PointPtr point = snapshot->first_point();
    if (point->rung != Rung::exact) continue;
    ++exact;
    auto lease = value(snapshot->lease({}));
    const LogRange range{begin, point->window->high, {}};
    const auto touches = value(read_log(session_, std::span(&range, 1), {}));
    EXPECT_EQ(rows_seen(lease, "a"), std::to_string(touches[0].transactions));
    if (point->window->high_gtids) {
      EXPECT_EQ(touches[0].gtids.minus(*point->window->high_gtids).size(), 0U);
      const LogRange behind{point->window->high, now(), {}};
      const auto later = value(read_log(session_, std::span(&behind, 1), {}));
      EXPECT_EQ(later[0].gtids.minus(*point->window->high_gtids), later[0].gtids);
    }
  }
  std::cout << exact << " of " << tries << " were exact\n";
  EXPECT_GT(exact, 0);
}

TEST_P(Points, locks_are_taken_when_asked_for_and_given_up_at_once) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  run("INSERT INTO a VALUES (1)");
  for (const Consistency consistency : {Consistency::flush, Consistency::lock}) {
    auto snapshot = open(list(), {.readers = 2, .consistency = consistency});
    EXPECT_EQ(snapshot->first_point()->rung, Rung::locked);
    EXPECT_EQ(snapshot->first_point()->window->high, now());
    run("INSERT INTO a VALUES (2)");
    auto lease = value(snapshot->lease({}));
    EXPECT_EQ(rows_seen(lease, "a"), "1");
    run("DELETE FROM a WHERE id = 2");
  }
}

TEST_P(Points, a_kept_lock_holds_until_it_is_released) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  auto snapshot =
      open(list(), {.readers = 1, .consistency = Consistency::lock, .keeps_lock = true});
  run("SET SESSION lock_wait_timeout = 1");
  EXPECT_FALSE(session_.execute("INSERT INTO a VALUES (1)", {}));
  value(snapshot->release_lock({}));
  run("INSERT INTO a VALUES (1)");
}

TEST_P(Points, a_lock_that_is_not_had_in_time_is_given_up) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const ObjectList objects = list();
  Session other = open_session(GetParam());
  value(other.execute("BEGIN", {}));
  value(other.execute("INSERT INTO sn.a VALUES (1)", {}));
  const auto late = open(objects, {.consistency = Consistency::lock, .lock_wait = 1s}, endpoint());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::deadline);
  value(other.execute("ROLLBACK", {}));
}

TEST_P(Points, a_lock_that_the_account_may_not_take_is_an_error_with_its_grant) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const auto refused = open(list(), {.consistency = Consistency::flush}, limited("SELECT"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::missing_privilege);
  EXPECT_THAT(refused.error().evidence().statement, HasSubstr("GRANT RELOAD"));
}

TEST_P(Points, nothing_asked_for_still_finds_an_exact_point_where_it_costs_nothing) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const auto quiet = open(list(), {.consistency = Consistency::none});
  EXPECT_THAT(quiet->first_point()->rung, AnyOf(Rung::exact, Rung::none));
  const auto blind = value(open(list(), {.consistency = Consistency::none}, limited("SELECT")));
  EXPECT_EQ(blind->first_point()->rung, Rung::none);
}

TEST_P(Points, a_broken_session_is_lost_to_the_snapshot_unless_nothing_was_promised) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  for (const bool promises : {true, false}) {
    const auto snapshot = promises
                              ? open(list(), {.readers = 1})
                              : value(open(list(), {.readers = 1, .consistency = Consistency::none},
                                           limited("SELECT")));
    {
      auto lease = value(snapshot->lease({}));
      run(fmt::format("KILL {}", lease.session().connection_id()));
      EXPECT_FALSE(lease.session().query("SELECT 1", {}));
    }
    EXPECT_EQ(snapshot->lease({}).has_value(), !promises);
  }
}

TEST_P(Points, a_new_point_replaces_the_sessions) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  auto snapshot = open(list(), {.readers = 2});
  run("INSERT INTO a VALUES (1)");
  value(snapshot->reopen({}));
  EXPECT_EQ(snapshot->point_count(), 2U);
  EXPECT_GT(snapshot->point(1)->window->high, snapshot->point(0)->window->high);
  auto lease = value(snapshot->lease({}));
  EXPECT_EQ(lease.point(), 1U);
  EXPECT_EQ(rows_seen(lease, "a"), "1");
}

class WithoutGtid : public Points {};
INSTANTIATE_TEST_SUITE_P(Version, WithoutGtid, ::testing::Values("80_WITHOUT_GTID"));

TEST_P(WithoutGtid, a_transaction_under_way_is_waited_for) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const ObjectList objects = list();
  Session idle = open_session(GetParam());
  value(idle.execute("BEGIN", {}));
  value(idle.execute("INSERT INTO sn.a VALUES (1)", {}));
  EXPECT_EQ(open(objects)->first_point()->rung, Rung::exact);  // it sleeps: it is not committing

  Crew crew({});
  crew.start("busy", [&](const std::stop_token&) -> Result<void> {
    value(idle.execute("DO SLEEP(1.5)", {}));
    return {};
  });
  EXPECT_EQ(open(objects, {.wait = 5s})->first_point()->rung, Rung::exact);
  value(crew.join());
}

TEST_P(WithoutGtid, an_exact_point_holds_what_the_log_has_before_it) {
  run("CREATE TABLE a (id BIGINT PRIMARY KEY AUTO_INCREMENT)");
  const ObjectList objects = list();
  const LogPosition begin = now();
  const Writers writers(GetParam(), "INSERT INTO sn.a SELECT NULL FROM (SELECT SLEEP(0.2)) pause",
                        2);
  int exact = 0;
  for (int i = 0; i < 5; ++i) {
    const auto snapshot = open(objects, {.readers = 2, .wait = 3s});
    const PointPtr point = snapshot->first_point();
    if (point->rung != Rung::exact) continue;
    ++exact;
    auto lease = value(snapshot->lease({}));
    const LogRange range{begin, point->window->high, {}};
    const auto touches = value(read_log(session_, std::span(&range, 1), {}));
    EXPECT_EQ(rows_seen(lease, "a"), std::to_string(touches[0].transactions));
  }
  EXPECT_GT(exact, 0);
}

TEST_P(WithoutGtid, without_process_the_position_is_ten_seconds_old_and_proves_nothing) {
  run("CREATE TABLE a (id INT PRIMARY KEY)");
  const ObjectList objects = list();
  const auto began = std::chrono::steady_clock::now();
  const auto snapshot = value(
      open(objects, {.readers = 2}, limited("SELECT, REPLICATION CLIENT, REPLICATION SLAVE")));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 10s);
  const PointPtr point = snapshot->first_point();
  EXPECT_EQ(point->rung, Rung::timed);
  EXPECT_THAT(point->grant, HasSubstr("PROCESS"));
  EXPECT_FALSE(point->is_exact_for(t("a")));
}

}  // namespace
}  // namespace tideway
