#include "storage/space.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "storage/memory_storage.h"
#include "storage/null_storage.h"

namespace tideway {
namespace {

// Time that passes by waiting, and lets a test act while somebody waits.
class StepClock : public Clock {
 public:
  Instant now() const override { return now_; }
  bool wait(Duration duration, const std::stop_token& stop) const override {
    now_ += duration;
    ++waits;
    if (while_waiting) while_waiting();
    return !stop.stop_requested();
  }
  std::function<void()> while_waiting;
  mutable int waits = 0;

 private:
  mutable Instant now_{};
};

class Watcher : public SpaceObserver {
 public:
  void waiting(const SpaceShortage& shortage) override { shortages.push_back(shortage); }
  void resumed(std::string_view path) override { back.emplace_back(path); }
  std::vector<SpaceShortage> shortages;
  std::vector<std::string> back;
};

class SpaceTest : public ::testing::Test {
 protected:
  StepClock clock_;
  Watcher watcher_;
  MemoryStorage storage_{10, SpacePolicy{&clock_, &watcher_, nullptr, std::chrono::seconds(1)}};
  std::stop_source stop_;
};

TEST_F(SpaceTest, a_write_waits_for_room_and_loses_no_byte) {
  clock_.while_waiting = [this] {
    if (clock_.waits == 3) storage_.set_capacity(100);
  };
  auto writer = storage_.open_write("part", stop_.get_token()).value();
  ASSERT_TRUE(writer->write("12345678", stop_.get_token()));
  ASSERT_TRUE(writer->write("abcdefgh", stop_.get_token()));
  ASSERT_TRUE(writer->publish(stop_.get_token()));
  EXPECT_EQ(storage_.files().at("part"), "12345678abcdefgh");
  ASSERT_EQ(watcher_.shortages.size(), 3U);
  EXPECT_EQ(watcher_.shortages[0].path, "part");
  EXPECT_EQ(watcher_.shortages[0].need_bytes, 8U);
  EXPECT_EQ(watcher_.shortages[0].have_bytes, 2U);
  EXPECT_EQ(watcher_.back, std::vector<std::string>{"part"});
}

TEST_F(SpaceTest, a_shortage_of_files_is_not_told_as_one_of_bytes) {
  EXPECT_EQ(to_text({"part", 2048, 1024}), "need 2.0 KiB, have 1.0 KiB for part");
  EXPECT_NE(to_text({"part", 1, 1 << 20}).find("df -i"), std::string::npos);
}

TEST_F(SpaceTest, a_stop_ends_the_wait) {
  clock_.while_waiting = [this] { stop_.request_stop(); };
  auto writer = storage_.open_write("part", stop_.get_token()).value();
  const auto written = writer->write("more than ten bytes", stop_.get_token());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::stopped);
  EXPECT_TRUE(watcher_.back.empty());
}

TEST_F(SpaceTest, room_of_an_abandoned_file_comes_back) {
  {
    auto writer = storage_.open_write("part", stop_.get_token()).value();
    ASSERT_TRUE(writer->write("12345678", stop_.get_token()));
    EXPECT_EQ(storage_.free_bytes().value(), 2U);
  }
  EXPECT_EQ(storage_.free_bytes().value(), 10U);
}

TEST_F(SpaceTest, other_failures_are_not_waited_for) {
  const auto result =
      retry_for_space({&clock_, &watcher_}, "x", 1, [] { return 0U; }, [] { return EIO; }, {});
  EXPECT_EQ(result.value(), EIO);
  EXPECT_EQ(clock_.waits, 0);
}

TEST_F(SpaceTest, a_journal_waits_too) {
  clock_.while_waiting = [this] { storage_.set_capacity(100); };
  auto journal = storage_.open_append("journal", {}).value();
  ASSERT_TRUE(journal->append("12345678", {}));
  ASSERT_TRUE(journal->append("abcdefgh", {}));
  EXPECT_EQ(storage_.files().at("journal"), "12345678abcdefgh");
}

TEST(DiskBudgetTest, what_goes_over_it_is_refused_with_both_numbers_and_room_comes_back) {
  DiskBudget budget(10);
  ASSERT_TRUE(budget.take(8, "a"));
  const auto refused = budget.take(8, "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::not_enough_space);
  EXPECT_NE(refused.error().message().find("need 16 B"), std::string::npos)
      << refused.error().message();
  EXPECT_NE(refused.error().message().find("have 10 B"), std::string::npos);
  EXPECT_EQ(budget.left(), 2U);
  budget.give_back(8);
  EXPECT_TRUE(budget.take(10, "b"));
}

TEST(NullStorageTest, counts_what_it_discards) {
  NullStorage storage;
  ASSERT_TRUE(write_all(storage, "a", "12345", {}));
  ASSERT_TRUE(write_all(storage, "b", "123", {}));
  EXPECT_EQ(storage.written_bytes(), 8U);
  EXPECT_EQ(storage.open_read("a").error().code(), ErrorCode::storage_missing);
}

}  // namespace
}  // namespace tideway
