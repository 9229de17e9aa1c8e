#include "stream/log_start.h"

#include <gtest/gtest.h>

#include "binlog/gtid_set.h"

namespace tideway {
namespace {

constexpr const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

UnitEnd end_at(OriginNames& names, const std::string& file, std::uint64_t offset) {
  UnitEnd end;
  end.file = names.ordinal(file);
  end.offset = offset;
  return end;
}

TEST(LogStart, is_read_back_from_its_text) {
  LogStart start;
  start.server_uuid = uuid;
  start.position = {"binlog.000003", 157};
  start.file_created = 1'700'000'000;
  start.gtids = *GtidSet::parse(std::string(uuid) + ":1-5:7");
  start.branches["X'6f646420,\"',X'00',1"] = {"binlog.000002", 4};
  const auto read = LogStart::parse_json(start.to_json());
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_EQ(*read, start);
  start.gtids.reset();
  EXPECT_EQ(*LogStart::parse_json(start.to_json()), start);
}

TEST(LogStart, refuses_text_that_is_no_place) {
  for (const char* text : {"", "{}", "[]", R"({"position":5})", R"({"position":"x"})",
                           R"({"position":"binlog.000001:4","gtids":"x"})",
                           R"({"position":"binlog.000001:4","branches":[1]})"})
    EXPECT_FALSE(LogStart::parse_json(text)) << text;
}

TEST(LogPlaces, know_the_gtids_behind_each_unit) {
  OriginNames names;
  LogStart start;
  start.gtids = *GtidSet::parse(std::string(uuid) + ":1-5");
  LogPlaces places(start, names);
  UnitSet units;
  units.add({names.ordinal(uuid), 6, 6});
  units.add({names.ordinal(std::string(uuid) + ":tag"), 1, 1});
  units.add({names.ordinal("binlog.000001"), 5, 90});  // one without a GTID
  const LogStart place = places.behind(end_at(names, "binlog.000001", 90), units);
  EXPECT_EQ(place.gtids->to_text(), std::string(uuid) + ":1-6," + uuid + ":tag:1");
  EXPECT_EQ(place.position, (LogPosition{"binlog.000001", 90}));
}

TEST(LogPlaces, know_when_the_file_of_each_was_begun) {
  OriginNames names;
  LogStart start;
  start.position = {"binlog.000001", 4};
  start.file_created = 11;
  LogPlaces places(start, names);
  places.begun("binlog.000002", 22);
  EXPECT_EQ(places.behind(end_at(names, "binlog.000001", 90), {}).file_created, 11U);
  EXPECT_EQ(places.behind(end_at(names, "binlog.000002", 90), {}).file_created, 22U);
}

// A branch is open at a place when it was prepared before and ended behind it, however far the
// reader has gone meanwhile.
TEST(LogPlaces, know_which_branches_are_open_at_each_place) {
  OriginNames names;
  LogStart start;
  start.position = {"binlog.000001", 100};
  start.branches["old"] = {"binlog.000001", 50};
  LogPlaces places(start, names);
  places.prepared("a", {"binlog.000001", 200}, {"binlog.000001", 300});
  places.ended("a", {"binlog.000002", 90});
  places.prepared("a", {"binlog.000002", 90}, {"binlog.000002", 120});  // the name again
  places.ended("old", {"binlog.000002", 150});
  EXPECT_EQ(places.branch("a", {"binlog.000002", 200}), (LogPosition{"binlog.000002", 90}));
  EXPECT_FALSE(places.branch("old", {"binlog.000002", 200}));
  // The transaction that ends a branch may be read a second time.
  EXPECT_EQ(places.branch("old", {"binlog.000002", 150}), (LogPosition{"binlog.000001", 50}));

  using Branches = std::map<std::string, LogPosition>;
  const auto open = [&](const std::string& file, std::uint64_t offset) {
    return places.behind(end_at(names, file, offset), {}).branches;
  };
  EXPECT_EQ(open("binlog.000001", 200), (Branches{{"old", {"binlog.000001", 50}}}));
  EXPECT_EQ(open("binlog.000001", 300),
            (Branches{{"a", {"binlog.000001", 200}}, {"old", {"binlog.000001", 50}}}));
  EXPECT_EQ(open("binlog.000002", 90), (Branches{{"old", {"binlog.000001", 50}}}));
  EXPECT_EQ(open("binlog.000002", 150), (Branches{{"a", {"binlog.000002", 90}}}));
}

}  // namespace
}  // namespace tideway
