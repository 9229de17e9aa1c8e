#include "operate/run_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tideway {
namespace {

namespace fs = std::filesystem;

// A directory of the test's own, gone with it.
class RunDirs : public ::testing::Test {
 protected:
  RunDirs() {
    std::string name = (fs::temp_directory_path() / "tideway-operate-XXXXXX").string();
    root = ::mkdtemp(name.data());
  }
  ~RunDirs() override { fs::remove_all(root); }

  std::vector<std::string> files(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path))
      names.push_back(entry.path().filename().string());
    return names;
  }

  fs::path root;
};

TEST(FileStem, is_harmless_short_and_of_one_job_alone) {
  const std::string hostile[] = {"",
                                 ".",
                                 "..",
                                 "/etc/passwd",
                                 "a b",
                                 "a_b",
                                 "a/b",
                                 "a\nb",
                                 std::string("a\0b", 3),
                                 std::string(5000, 'x'),
                                 std::string(5000, 'x') + "y",
                                 "\xFF\xFE",
                                 "näme"};
  std::set<std::string> stems;
  for (const std::string& job : hostile) {
    const std::string stem = file_stem(job);
    EXPECT_LE(stem.size(), 57U);
    EXPECT_EQ(stem.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_"),
              std::string::npos)
        << stem;
    EXPECT_TRUE(stems.insert(stem).second) << stem;
  }
  EXPECT_EQ(file_stem("nightly").substr(0, 8), "nightly-");
}

TEST_F(RunDirs, is_made_for_this_account_alone) {
  const std::string path = root / "run";
  ASSERT_TRUE(RunDir::make(path).has_value());
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  EXPECT_TRUE(RunDir::make(path).has_value()) << "it is there already";
}

TEST_F(RunDirs, is_refused_when_others_could_put_something_there) {
  const std::string path = root / "run";
  fs::create_directory(path);
  for (const auto mode : {0777, 0770, 0702}) {
    fs::permissions(path, static_cast<fs::perms>(mode));
    const auto made = RunDir::make(path);
    ASSERT_FALSE(made.has_value()) << mode;
    EXPECT_NE(made.error().message().find("others may write"), std::string::npos);
    EXPECT_FALSE(RunDir::find(path).has_value());
  }
  fs::permissions(path, static_cast<fs::perms>(0700));
  fs::create_directory_symlink(path, root / "link");
  EXPECT_FALSE(RunDir::make(root / "link").has_value());
  std::ofstream(root / "file") << "x";
  EXPECT_FALSE(RunDir::make(root / "file").has_value());
  EXPECT_FALSE(RunDir::make(root / "no" / "such").has_value());
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), 4711, 4711), 0);
    const auto made = RunDir::make(path);
    ASSERT_FALSE(made.has_value());
    EXPECT_NE(made.error().message().find("another account"), std::string::npos);
  }
}

TEST_F(RunDirs, one_that_is_not_there_is_no_error) {
  const auto found = RunDir::find(root / "nothing");
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->has_value());
}

TEST_F(RunDirs, a_name_has_one_owner_and_is_free_when_that_one_goes) {
  const RunDir ours = *RunDir::make(root / "run"), theirs = *RunDir::make(root / "run");
  auto claim = std::optional(*ours.claim("job"));
  const auto second = theirs.claim("job");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), ErrorCode::job_owned);
  EXPECT_TRUE(theirs.claim("another").has_value());
  claim.reset();
  EXPECT_TRUE(files(root / "run").empty());
  EXPECT_TRUE(theirs.claim("job").has_value());
}

TEST_F(RunDirs, a_sweep_tells_who_runs_and_cleans_up_behind_who_does_not) {
  const RunDir directory = *RunDir::make(root / "run");
  const auto claim = *directory.claim("lives\n");
  const auto listener = claim.listen();
  ASSERT_TRUE(listener.has_value()) << listener.error().to_line();
  // What a killed process leaves.
  const std::string stem = (root / "run" / file_stem("killed")).string();
  std::ofstream(stem + ".job") << "killed";
  std::ofstream(stem + ".sock") << "";
  fs::create_directory(root / "run" / "odd.job");
  const auto found = directory.sweep();
  ASSERT_EQ(found.size(), 2U);
  for (const RunDir::Found& each : found)
    EXPECT_EQ(each.is_running, each.job == "lives\n") << each.job;
  EXPECT_FALSE(fs::exists(stem + ".job") || fs::exists(stem + ".sock"));
  EXPECT_EQ(directory.sweep().size(), 1U);
  EXPECT_TRUE(directory.connect("lives\n").has_value());
  EXPECT_EQ(directory.connect("killed").error().code(), ErrorCode::job_not_running);
}

TEST_F(RunDirs, a_socket_left_behind_is_replaced_and_only_its_account_may_connect) {
  const RunDir directory = *RunDir::make(root / "run");
  const std::string stem = (root / "run" / file_stem("job")).string();
  std::ofstream(stem + ".job") << "job";
  std::ofstream(stem + ".sock") << "stale";
  const auto claim = *directory.claim("job");
  ASSERT_TRUE(claim.listen().has_value());
  EXPECT_EQ(fs::status(stem + ".sock").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(RunDirs, a_path_too_long_for_a_sockets_address_works_all_the_same) {
  fs::path deep = root;
  while (deep.string().size() < 300) deep /= std::string(60, 'd');
  fs::create_directories(deep);
  const RunDir directory = *RunDir::make(deep / "run");
  const auto claim = *directory.claim(std::string(300, 'j'));
  const auto listener = claim.listen();
  ASSERT_TRUE(listener.has_value()) << listener.error().to_line();
  EXPECT_TRUE(directory.connect(std::string(300, 'j')).has_value());
}

}  // namespace
}  // namespace tideway
