#include "snapshot/standing.h"

#include "snapshot/server/source_fixture.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using ::tideway::testing::open_session;
using ::tideway::testing::value;

class Standing : public ::tideway::testing::OnServer {
 public:
  Standing() {
    run("CREATE TABLE a (id INT PRIMARY KEY)");
    run("CREATE TABLE b (id INT PRIMARY KEY)");
    run("CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES b (id) ON "
        "DELETE "
        "CASCADE)");
    run("CREATE TABLE plain (id INT) ENGINE=MyISAM");
    run("INSERT INTO b VALUES (1)");
    run("INSERT INTO child VALUES (1, 1)");
    objects = list();
  }

  TableStanding standing(const std::string& table, const PointPtr& first, const PointPtr& last,
                         const PointPtr& common) {
    const TableReading reading{t(table), first, last};
    return value(tables_standing(session_, objects, std::span(&reading, 1), *common, {}))[0];
  }
  std::set<TableId> touched(const PointPtr& old, const PointPtr& now) {
    const SnapshotPoint stored = value(SnapshotPoint::parse_json(old->to_json()));
    return value(tables_touched_between(session_, stored, *now, objects, LogTouch::any, {})).tables;
  }
  PointPtr point(SnapshotOptions options = {}) { return open(objects, options)->first_point(); }

  ObjectList objects;
};
INSTANTIATE_TEST_SUITE_P(Version, Standing, ::testing::Values("80", "57", "80_WITHOUT_GTID"));

TEST_P(Standing, a_table_is_proven_until_it_is_written_to_between_its_points) {
  const PointPtr first = point(), second = point();
  EXPECT_TRUE(standing("a", first, second, first).is_proven);
  run("INSERT INTO a VALUES (1)");
  const PointPtr third = point();
  EXPECT_TRUE(standing("a", first, first, first).is_proven) << "what comes later does not matter";
  EXPECT_TRUE(standing("b", first, third, first).is_proven);
  for (const auto& [from, to, common] :
       {std::tuple(first, third, first), std::tuple(third, third, first),
        std::tuple(first, first, third)}) {
    const TableStanding stands = standing("a", from, to, common);
    EXPECT_FALSE(stands.is_proven);
    EXPECT_FALSE(stands.is_stale);
    EXPECT_NE(stands.why_not, "");
  }
}

TEST_P(Standing, rows_that_the_server_cascades_below_the_log_count) {
  const PointPtr first = point();
  run("DELETE FROM b WHERE id = 1");
  const PointPtr second = point();
  EXPECT_FALSE(standing("child", first, second, first).is_proven);
  EXPECT_TRUE(standing("child", second, second, second).is_proven);
}

TEST_P(Standing, ddl_after_the_listing_makes_a_table_stale_whenever_it_was_read) {
  const PointPtr first = point();
  run("ALTER TABLE a ADD COLUMN x INT");
  EXPECT_TRUE(standing("a", first, first, first).is_stale);
  EXPECT_TRUE(standing("a", point(), point(), first).is_stale);
  EXPECT_TRUE(standing("b", first, first, first).is_proven);
  run("CREATE TABLE c (id INT PRIMARY KEY)");
  run("RENAME TABLE b TO z, c TO b");
  EXPECT_TRUE(standing("b", first, first, first).is_stale);
}

TEST_P(Standing, a_table_that_no_snapshot_holds_must_stay_untouched_until_the_end) {
  const PointPtr first = point();
  EXPECT_TRUE(standing("plain", first, first, first).is_proven);
  run("INSERT INTO plain VALUES (1)");
  const TableStanding stands = standing("plain", first, first, first);
  EXPECT_TRUE(stands.is_stale);
  EXPECT_FALSE(stands.is_proven);
}

TEST_P(Standing, tables_read_under_lock_are_proven) {
  const PointPtr locked = point({.consistency = Consistency::lock});
  run("INSERT INTO a VALUES (1)");
  EXPECT_TRUE(standing("a", locked, locked, locked).is_proven);
  EXPECT_FALSE(standing("a", locked, point(), locked).is_proven);
}

TEST_P(Standing, without_a_point_nothing_is_proven_and_the_reason_is_given) {
  auto blind = std::make_shared<SnapshotPoint>();
  blind->reason = "the account may not read the source's log";
  blind->grant = "GRANT REPLICATION SLAVE ON *.* TO x";
  const TableStanding stands = standing("a", blind, blind, blind);
  EXPECT_FALSE(stands.is_proven);
  EXPECT_THAT(stands.why_not, HasSubstr("GRANT REPLICATION SLAVE"));
}

TEST_P(Standing, without_the_right_to_read_the_log_nothing_is_proven_and_the_grant_is_named) {
  (void)session_.execute("DROP USER 'limited'@'%'", {});
  run("CREATE USER 'limited'@'%' IDENTIFIED WITH mysql_native_password BY ''");
  run("GRANT SELECT, PROCESS, REPLICATION CLIENT ON *.* TO 'limited'@'%'");
  Endpoint at = endpoint();
  at.user = "limited";
  const PointPtr quiet = point();
  run("INSERT INTO a VALUES (1)");
  Session limited = value(Session::open(at, {}, {}));
  const TableReading reading{t("b"), quiet, quiet};
  const auto stands = value(tables_standing(limited, objects, std::span(&reading, 1), *quiet, {}));
  EXPECT_FALSE(stands[0].is_proven);
  EXPECT_THAT(stands[0].why_not, HasSubstr("GRANT REPLICATION SLAVE ON *.* TO"));
}

TEST_P(Standing, resume_finds_what_was_touched_or_redefined_since) {
  const PointPtr old = point();
  EXPECT_TRUE(touched(old, point()).empty());
  run("INSERT INTO a VALUES (1)");
  EXPECT_THAT(touched(old, point()), UnorderedElementsAre(t("a")));
  run("UPDATE b SET id = 2 WHERE id = 7");  // no row: nothing happened
  run("FLUSH BINARY LOGS");
  run("TRUNCATE TABLE plain");
  EXPECT_THAT(touched(old, point()), UnorderedElementsAre(t("a"), t("plain")));
  run("INSERT INTO b VALUES (3)");
  EXPECT_THAT(touched(old, point()), UnorderedElementsAre(t("a"), t("plain"), t("b"), t("child")));
}

TEST_P(Standing, ddl_between_the_listing_and_the_first_point_is_found_at_resume) {
  run("ALTER TABLE a ADD COLUMN x INT");
  const PointPtr old = point();
  EXPECT_THAT(touched(old, point()), UnorderedElementsAre(t("a")));
}

TEST_P(Standing, another_server_or_a_lost_log_means_everything_again) {
  const PointPtr old = point(), now = point();
  SnapshotPoint other = *old;
  other.server_uuid = "11111111-1111-1111-1111-111111111111";
  EXPECT_EQ(value(tables_touched_between(session_, other, *now, objects, LogTouch::any, {}))
                .tables.size(),
            4U);
  SnapshotPoint purged = *old;
  purged.window->begin.file = "binlog.000000";
  const auto all =
      value(tables_touched_between(session_, purged, *now, objects, LogTouch::any, {}));
  EXPECT_EQ(all.tables.size(), 4U);
  EXPECT_NE(all.all_because, "");
  SnapshotPoint ahead = *old;
  ahead.window->high.offset += 1'000'000;
  EXPECT_EQ(value(tables_touched_between(session_, ahead, *now, objects, LogTouch::any, {}))
                .tables.size(),
            4U);
}

TEST_P(Standing, an_xa_commit_counts_for_the_tables_of_its_branch) {
  const PointPtr old = point();
  Session other = open_session(GetParam());
  for (const char* sql : {"XA START 'a'", "INSERT INTO sn.a VALUES (1)", "XA END 'a'",
                          "XA PREPARE 'a'", "XA COMMIT 'a'"})
    value(other.execute(sql, {}));
  EXPECT_THAT(touched(old, point()), UnorderedElementsAre(t("a")));
}

}  // namespace
}  // namespace tideway
