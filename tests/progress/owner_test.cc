#include "progress/owner.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tideway {
namespace {

TEST(OwnerTest, this_process_is_alive_to_itself_and_survives_its_text) {
  const Owner owner = this_process();
  EXPECT_EQ(presence_of(owner), Presence::alive);
  EXPECT_EQ(parse_owner(to_text(owner)), owner);
}

TEST(OwnerTest, two_owners_in_one_process_are_two) { EXPECT_NE(this_process(), this_process()); }

TEST(OwnerTest, a_process_that_ended_is_gone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string text = to_text(this_process());
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  std::string text(4096, '\0');
  const ssize_t length = read(ends[0], text.data(), text.size());
  ASSERT_GT(length, 0);
  text.resize(static_cast<std::size_t>(length));
  const Owner owner = parse_owner(text);
  EXPECT_EQ(owner.pid, static_cast<std::uint64_t>(child));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(presence_of(owner), Presence::gone);
}

TEST(OwnerTest, a_process_that_ended_and_is_not_reaped_is_gone) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  Owner owner = this_process();
  owner.pid = static_cast<std::uint64_t>(child);
  EXPECT_EQ(presence_of(owner), Presence::gone);
  waitpid(child, nullptr, 0);
}

TEST(OwnerTest, a_pid_that_was_used_again_is_not_the_owner) {
  Owner owner = this_process();
  owner.started -= 1;
  EXPECT_EQ(presence_of(owner), Presence::gone);
}

TEST(OwnerTest, a_process_elsewhere_is_unknown) {
  Owner owner = this_process();
  owner.place = "another-boot/pid:[1]";
  EXPECT_EQ(presence_of(owner), Presence::unknown);
  owner.place.clear();
  EXPECT_EQ(presence_of(owner), Presence::unknown);
  EXPECT_EQ(parse_owner(to_text(owner)), owner);
}

TEST(OwnerTest, no_owner_is_empty_text) {
  EXPECT_TRUE(parse_owner("").token.empty());
  EXPECT_TRUE(parse_owner("not an owner").token.empty());
}

}  // namespace
}  // namespace tideway
