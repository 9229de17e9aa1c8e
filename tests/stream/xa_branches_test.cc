#include "stream/xa_branches.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

constexpr std::uint64_t room = 4096;  // a branch may have 1024 of it, those that are kept 3072

struct Branches {
  MemoryArbiter arbiter{1U << 20U};
  XaBranches all{arbiter, room};
  const std::stop_token stop;

  void prepare(const std::string& xid, std::initializer_list<std::string> events,
               std::uint64_t offset = 4) {
    for (const std::string& event : events) ASSERT_TRUE(all.add(event, stop).has_value());
    all.prepared(xid, {"log.000001", offset}, EventReader(true));
  }
  std::vector<std::string> take(const std::string& xid, std::uint64_t offset = 4) {
    auto events = all.take(xid, {"log.000001", offset});
    if (!events) return {"not kept"};
    BranchReader reader(*std::move(events));
    std::vector<std::string> texts;
    while (auto event = reader.next(stop).value()) texts.emplace_back(*event);
    return texts;
  }
};

using Texts = std::vector<std::string>;

TEST(XaBranches, events_come_back_as_they_were_once) {
  Branches branches;
  branches.prepare("x", {"map", "", "rows"});
  branches.prepare("y", {"other"});
  EXPECT_EQ(branches.take("x"), (Texts{"map", "", "rows"}));
  EXPECT_EQ(branches.take("x"), Texts{"not kept"});
  EXPECT_EQ(branches.take("y"), Texts{"other"});
}

TEST(XaBranches, a_name_that_is_used_again_is_the_later_branch) {
  Branches branches;
  branches.prepare("x", {"first"}, 100);
  branches.prepare("x", {"second"}, 200);
  EXPECT_EQ(branches.take("x", 100), Texts{"not kept"});
  EXPECT_EQ(branches.take("x", 200), Texts{"second"});
}

TEST(XaBranches, a_branch_that_is_given_up_leaves_nothing_to_the_next) {
  Branches branches;
  ASSERT_TRUE(branches.all.add("of a lost connection", branches.stop).has_value());
  branches.all.give_up();
  branches.prepare("x", {"rows"});
  EXPECT_EQ(branches.take("x"), Texts{"rows"});
  branches.prepare("y", {"rows"});
  branches.all.forget("y");
  EXPECT_EQ(branches.take("y"), Texts{"not kept"});
}

TEST(XaBranches, large_branches_and_the_oldest_are_read_again) {
  Branches branches;
  branches.prepare("large", {std::string(1000, 'a'), std::string(100, 'b')});
  EXPECT_EQ(branches.take("large"), Texts{"not kept"});
  for (const char* xid : {"a", "b", "c", "d"}) branches.prepare(xid, {std::string(1000, *xid)});
  EXPECT_EQ(branches.take("a"), Texts{"not kept"});
  EXPECT_EQ(branches.take("b"), Texts{std::string(1000, 'b')});
  EXPECT_EQ(branches.take("d"), Texts{std::string(1000, 'd')});
  EXPECT_EQ(branches.arbiter.used_bytes(), room) << "borrowed once, whatever comes and goes";
}

}  // namespace
}  // namespace tideway
