#include "snapshot/object_list.h"

#include "base/crew.h"
#include "snapshot/server/source_fixture.h"

namespace tideway {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::tideway::testing::value;

class ObjectListing : public ::tideway::testing::OnServer {};
INSTANTIATE_TEST_SUITE_P(Version, ObjectListing, ::testing::Values("80", "57"));

TEST_P(ObjectListing, reads_tables_views_and_databases_with_their_definitions) {
  run("CREATE TABLE b (id INT PRIMARY KEY, v VARCHAR(10), g INT AS (id + 1) STORED)");
  run("CREATE TABLE `a.b``c '\"%/ ü` (id INT PRIMARY KEY)");
  run("CREATE TABLE old (a INT) ENGINE=MyISAM");
  run("CREATE VIEW w AS SELECT id, v AS other FROM b");
  fill("b (id, v)", 100, "i, 'x'");
  const ObjectList objects = list();
  EXPECT_THAT(ids(objects), ElementsAre(t("a.b`c '\"%/ ü"), t("b"), t("old")));
  ASSERT_EQ(objects.databases.size(), 1U);
  EXPECT_THAT(objects.databases[0].create_text, HasSubstr("CREATE DATABASE `sn`"));
  const ListedTable& b = *objects.find(t("b"));
  EXPECT_EQ(b.def->columns.size(), 3U);
  EXPECT_EQ(b.def->columns[2].generated, Generated::stored);
  EXPECT_THAT(b.def->create_text, HasSubstr("CREATE TABLE `b`"));
  EXPECT_NEAR(static_cast<double>(b.rows), 100, 20);
  EXPECT_TRUE(b.is_transactional);
  EXPECT_FALSE(objects.find(t("old"))->is_transactional);
  EXPECT_EQ(objects.find(t("nothing")), nullptr);
  ASSERT_EQ(objects.views.size(), 1U);
  EXPECT_THAT(objects.views[0].columns, ElementsAre("id", "other"));
  EXPECT_THAT(objects.views[0].create_text, HasSubstr("VIEW"));
  EXPECT_EQ(objects.views[0].character_set_client, "utf8mb4");
  EXPECT_TRUE(objects.listed_at);
}

TEST_P(ObjectListing, counts_and_names_what_is_not_carried_over) {
  run("CREATE TABLE b (id INT PRIMARY KEY)");
  run("CREATE TRIGGER r BEFORE INSERT ON b FOR EACH ROW SET NEW.id = NEW.id");
  run("CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1");
  run("CREATE PROCEDURE p() SELECT 1");
  run("CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1");
  const auto left = list().not_carried;
  EXPECT_THAT(left.triggers, ElementsAre(t("r")));
  EXPECT_THAT(left.events, ElementsAre(t("e")));
  EXPECT_THAT(left.procedures, ElementsAre(t("p")));
  EXPECT_THAT(left.functions, ElementsAre(t("f")));
  EXPECT_THAT(left.accounts, Contains("'root'@'%'"));
  EXPECT_THAT(left.accounts, ::testing::Not(Contains(HasSubstr("mysql.sys"))));
}

TEST_P(ObjectListing, a_broken_view_is_named_and_the_rest_is_listed) {
  run("CREATE TABLE b (id INT PRIMARY KEY)");
  run("CREATE TABLE gone (id INT PRIMARY KEY)");
  run("CREATE VIEW broken AS SELECT * FROM gone");
  run("CREATE VIEW whole AS SELECT * FROM b");
  run("DROP TABLE gone");
  const ObjectList objects = list();
  ASSERT_EQ(objects.views.size(), 1U);
  EXPECT_EQ(objects.views[0].id, t("whole"));
  ASSERT_EQ(objects.unreadable.size(), 1U);
  EXPECT_EQ(objects.unreadable[0].id, t("broken"));
}

TEST_P(ObjectListing, a_filter_that_leaves_nothing_is_an_error) {
  const TableFilter filter = value(TableFilter::parse({"nosuch.*"}));
  const auto objects = list_objects(session_, filter, {}, {});
  ASSERT_FALSE(objects);
  EXPECT_EQ(objects.error().code(), ErrorCode::filter_matches_nothing);
}

TEST_P(ObjectListing, system_databases_are_left_out_unless_asked_for) {
  run("CREATE TABLE b (id INT PRIMARY KEY)");
  const auto everything =
      value(list_objects(session_, TableFilter::everything_but_system(), {}, {}));
  for (const ListedTable& table : everything.tables) {
    EXPECT_THAT(table.id().database,
                ::testing::AllOf(::testing::Ne("mysql"), ::testing::Ne("sys")));
  }
  EXPECT_NE(everything.find(t("b")), nullptr);
}

TEST_P(ObjectListing, cascades_are_followed_beyond_the_filter) {
  run("CREATE TABLE grandparent (id INT PRIMARY KEY)");
  run("CREATE TABLE parent (id INT PRIMARY KEY, g INT, FOREIGN KEY (g) REFERENCES grandparent (id) "
      "ON DELETE CASCADE)");
  run("CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON "
      "UPDATE CASCADE)");
  run("CREATE TABLE strict_child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent "
      "(id))");
  const ObjectList objects = list("sn.*child");
  EXPECT_THAT(ids(objects), ElementsAre(t("child"), t("strict_child")));
  EXPECT_THAT(objects.cascades.children.at(t("parent")), UnorderedElementsAre(t("child")));
  EXPECT_THAT(objects.cascades.children.at(t("grandparent")), UnorderedElementsAre(t("parent")));
  EXPECT_THAT(objects.cascades.unsure, IsEmpty());
}

TEST_P(ObjectListing, many_tables_on_several_sessions_come_out_complete_and_in_order) {
  for (int i = 0; i < 40; ++i) run("CREATE TABLE t" + std::to_string(i) + " (id INT PRIMARY KEY)");
  const TableFilter filter = value(TableFilter::parse({"sn.*"}));
  const auto expected = ids(list());
  ASSERT_EQ(expected.size(), 40U);
  const auto listed =
      value(list_objects(session_, filter, {.sessions = 3, .statements_at_once = 2}, {}));
  EXPECT_EQ(ids(listed), expected);
  for (const ListedTable& table : listed.tables)
    EXPECT_THAT(table.def->create_text, HasSubstr("`" + table.id().name + "`"));
}

// Tables come and go while they are listed: each is listed whole, or reported as gone.
TEST_P(ObjectListing, tables_that_are_dropped_meanwhile_are_reported) {
  for (int i = 0; i < 60; ++i) run("CREATE TABLE t" + std::to_string(i) + " (id INT PRIMARY KEY)");
  const TableFilter filter = value(TableFilter::parse({"sn.*"}));
  Crew crew({});
  crew.start("dropper", [&](const std::stop_token&) -> Result<void> {
    Session other = ::tideway::testing::open_session(GetParam());
    for (int i = 59; i >= 0; --i) TRY(other.execute("DROP TABLE sn.t" + std::to_string(i), {}));
    return {};
  });
  Session lister = ::tideway::testing::open_session(GetParam());
  while (true) {
    const auto listed = list_objects(lister, filter, {.sessions = 1, .statements_at_once = 1}, {});
    ASSERT_TRUE(listed) << listed.error().to_line();
    if (listed->tables.empty()) break;
    for (const ListedTable& table : listed->tables) EXPECT_EQ(table.def->columns.size(), 1U);
  }
  value(crew.join());
}

}  // namespace
}  // namespace tideway
