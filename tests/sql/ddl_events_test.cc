#include "sql/ddl_events.h"

#include <gtest/gtest.h>

#include <set>

namespace tideway {
namespace {

TEST(DdlEvents, every_event_is_read_back_from_its_name_and_no_two_share_one) {
  std::set<std::string_view> names;
  for (const DdlEvent event : ddl_events()) {
    EXPECT_EQ(parse_ddl_event(to_text(event)), event) << to_text(event);
    EXPECT_TRUE(names.insert(to_text(event)).second) << to_text(event);
  }
  EXPECT_EQ(to_text(ddl_events().front()), "create database");
  EXPECT_EQ(to_text(ddl_events().back()), "multi schema change");
}

TEST(DdlEvents, names_are_read_in_any_case_and_schema_is_database) {
  EXPECT_EQ(parse_ddl_event("Drop Table"), DdlEvent::drop_table);
  EXPECT_EQ(parse_ddl_event("CREATE SCHEMA"), DdlEvent::create_database);
  EXPECT_EQ(parse_ddl_event("alter schema"), DdlEvent::alter_database);
  EXPECT_EQ(parse_ddl_event("drop schema"), DdlEvent::drop_database);
  EXPECT_EQ(parse_ddl_event("drop tables"), std::nullopt);
  EXPECT_EQ(parse_ddl_event("all ddl"), std::nullopt);
}

TEST(DdlEvents, what_can_lose_data_is_incompatible) {
  EXPECT_TRUE(is_incompatible(DdlEvent::drop_database));
  EXPECT_TRUE(is_incompatible(DdlEvent::add_column));
  EXPECT_FALSE(is_incompatible(DdlEvent::add_table_partition));
  EXPECT_FALSE(is_incompatible(DdlEvent::create_table));
}

}  // namespace
}  // namespace tideway
