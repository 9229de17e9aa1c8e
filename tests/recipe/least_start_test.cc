#include <gtest/gtest.h>

#include "recipe/followed_target.h"

namespace tideway::recipe {
namespace {

constexpr const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string place(std::uint64_t offset, const std::string& numbers) {
  LogStart start;
  start.server_uuid = uuid;
  start.position = {"binlog.000001", offset};
  if (!numbers.empty()) start.gtids = GtidSet::parse(std::string(uuid) + ":" + numbers).value();
  return start.to_json();
}

TableStart exact(const std::string& table, const std::string& at) {
  return {{"s", table}, at, at, true};
}
TableStart within(const std::string& table, const std::string& low, const std::string& high) {
  return {{"s", table}, low, high, false};
}

TEST(LeastStart, leaves_out_only_what_every_table_has) {
  // The later snapshot's log begins where its oldest open XA branch does, before the earlier one.
  const std::vector<TableStart> starts{exact("early", place(5000, "1-50")),
                                       within("late", place(1000, "1-90"), place(9000, "1-95"))};
  const LogStart least = least_start(starts).value();
  EXPECT_EQ(least.position, (LogPosition{"binlog.000001", 1000}));
  EXPECT_EQ(least.gtids->to_text(), std::string(uuid) + ":1-50");
}

TEST(LeastStart, is_the_same_in_whatever_order_the_tables_come) {
  const std::vector<TableStart> one{exact("a", place(700, "1-7:9")), exact("b", place(900, "1-8"))};
  const std::vector<TableStart> other{one[1], one[0]};
  EXPECT_EQ(least_start(one).value(), least_start(other).value());
  EXPECT_EQ(least_start(one)->gtids->to_text(), std::string(uuid) + ":1-7");
}

TEST(LeastStart, without_gtids_it_is_the_least_position) {
  const std::vector<TableStart> starts{exact("a", place(900, "")),
                                       within("b", place(300, ""), place(1200, ""))};
  EXPECT_EQ(least_start(starts)->position.offset, 300U);
  EXPECT_FALSE(least_start(starts)->gtids.has_value());
  EXPECT_FALSE(least_start({}).has_value());
}

}  // namespace
}  // namespace tideway::recipe
