#include "route/event_filter.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace tideway {
namespace {

EventFilterRule rule(std::vector<std::string> events, FilterAction action,
                     const std::string& sql = {}, const std::string& table = "*") {
  EventFilterRule made{"f",
                       {NamePattern::parse("s", FilterCase::insensitive).value(),
                        NamePattern::parse(table, FilterCase::insensitive).value()},
                       {},
                       {},
                       action};
  for (const std::string& event : events) made.events.push_back(parse_filter_event(event).value());
  if (!sql.empty()) made.sql_pattern = compile_expression(sql, true).value();
  return made;
}

const TableId table{"s", "t"};

FilterAction of_row(const std::vector<EventFilterRule>& rules, ChangeKind kind) {
  return judge_change(rules, table, kind).action;
}
FilterAction of_ddl(const std::vector<EventFilterRule>& rules, DdlEvent event,
                    std::string_view sql = "DROP TABLE t") {
  return judge_statement(rules, table, event, sql).action;
}

TEST(EventFilter, what_is_listed_is_ignored_or_refused) {
  EXPECT_EQ(of_row({rule({"delete"}, FilterAction::ignore)}, ChangeKind::remove),
            FilterAction::ignore);
  EXPECT_EQ(of_row({rule({"delete"}, FilterAction::error)}, ChangeKind::remove),
            FilterAction::error);
  EXPECT_EQ(of_row({rule({"delete"}, FilterAction::ignore)}, ChangeKind::insert),
            FilterAction::go_on);
  EXPECT_EQ(of_ddl({rule({"drop table"}, FilterAction::ignore)}, DdlEvent::drop_table),
            FilterAction::ignore);
}

TEST(EventFilter, do_lets_only_what_it_lists_pass) {
  EXPECT_EQ(of_row({rule({"insert", "update"}, FilterAction::go_on)}, ChangeKind::insert),
            FilterAction::go_on);
  EXPECT_EQ(of_row({rule({"insert", "update"}, FilterAction::go_on)}, ChangeKind::remove),
            FilterAction::ignore);
  EXPECT_EQ(of_row({rule({}, FilterAction::go_on)}, ChangeKind::insert), FilterAction::ignore);
  EXPECT_EQ(of_ddl({rule({"insert"}, FilterAction::go_on)}, DdlEvent::add_column),
            FilterAction::ignore);
}

TEST(EventFilter, bundles_end_the_list_where_they_stand) {
  EXPECT_EQ(of_row({rule({"none dml", "insert"}, FilterAction::ignore)}, ChangeKind::insert),
            FilterAction::go_on);
  EXPECT_EQ(of_row({rule({"insert", "none dml"}, FilterAction::ignore)}, ChangeKind::insert),
            FilterAction::ignore);
  EXPECT_EQ(of_ddl({rule({"none dml", "all"}, FilterAction::ignore)}, DdlEvent::add_column),
            FilterAction::ignore);
  EXPECT_EQ(of_row({rule({"all ddl"}, FilterAction::ignore)}, ChangeKind::insert),
            FilterAction::go_on);
  EXPECT_EQ(of_ddl({rule({"all ddl"}, FilterAction::ignore)}, DdlEvent::create_table),
            FilterAction::ignore);
  EXPECT_EQ(
      of_ddl({rule({"incompatible ddl changes"}, FilterAction::error)}, DdlEvent::drop_column),
      FilterAction::error);
  EXPECT_EQ(
      of_ddl({rule({"incompatible ddl changes"}, FilterAction::error)}, DdlEvent::create_index),
      FilterAction::go_on);
  EXPECT_EQ(of_row({rule({"none", "all"}, FilterAction::ignore)}, ChangeKind::insert),
            FilterAction::go_on);
}

TEST(EventFilter, a_pattern_is_looked_for_in_the_statement) {
  const auto ignore = rule({}, FilterAction::ignore, "drop\\s+table");
  EXPECT_EQ(of_ddl({ignore}, DdlEvent::drop_table, "DROP  TABLE x"), FilterAction::ignore);
  EXPECT_EQ(of_ddl({ignore}, DdlEvent::drop_table, "TRUNCATE x"), FilterAction::go_on);
  const auto only = rule({"all ddl"}, FilterAction::go_on, "^ALTER");
  EXPECT_EQ(of_ddl({only}, DdlEvent::add_column, "alter table x"), FilterAction::go_on);
  EXPECT_EQ(of_ddl({only}, DdlEvent::drop_table, "drop table x"), FilterAction::ignore);
  EXPECT_EQ(judge_statement(std::vector{ignore}, table, std::nullopt, "drop table x").action,
            FilterAction::ignore);
}

TEST(EventFilter, the_first_rule_that_decides_counts) {
  const std::vector rules{rule({"insert"}, FilterAction::ignore, "", "other"),
                          rule({"update"}, FilterAction::ignore),
                          rule({"insert"}, FilterAction::error)};
  EXPECT_EQ(of_row(rules, ChangeKind::insert), FilterAction::error);
  EXPECT_EQ(judge_change(rules, table, ChangeKind::insert).rule, &rules[2]);
  EXPECT_EQ(of_row(rules, ChangeKind::remove), FilterAction::go_on);
}

}  // namespace
}  // namespace tideway
