#include "storage/local_storage.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tideway {
namespace {

namespace fs = std::filesystem;

class LocalStorageTest : public ::testing::Test {
 protected:
  LocalStorageTest() {
    std::string name = (fs::temp_directory_path() / "tideway-storage-XXXXXX").native();
    root_ = ::mkdtemp(name.data());
  }
  ~LocalStorageTest() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  void put(const std::string& path, const std::string& bytes) {
    const auto written = write_all(storage(), path, bytes, stop_);
    ASSERT_TRUE(written) << written.error().to_line();
  }
  LocalStorage& storage() {
    if (!storage_) storage_.emplace(root_);
    return *storage_;
  }
  std::vector<std::string> on_disk() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      names.push_back(entry.path().filename().native());
    return names;
  }

  std::string root_;
  std::optional<LocalStorage> storage_;
  std::stop_token stop_;
};

TEST_F(LocalStorageTest, a_file_is_seen_only_after_it_is_published) {
  auto writer = storage().open_write("sub/dir/file", stop_).value();
  ASSERT_TRUE(writer->write("hello ", stop_));
  ASSERT_TRUE(writer->write("world", stop_));
  EXPECT_FALSE(storage().size("sub/dir/file")->has_value());
  EXPECT_TRUE(storage().list()->empty());
  ASSERT_TRUE(writer->publish(stop_));
  EXPECT_EQ(read_all(storage(), "sub/dir/file").value(), "hello world");
  EXPECT_EQ(writer->stored_bytes(), 11U);
  EXPECT_EQ(storage().list().value(), (std::vector<StoredFile>{{"sub/dir/file", 11}}));
}

TEST_F(LocalStorageTest, a_writer_that_is_dropped_leaves_nothing) {
  put("kept", "old");
  {
    auto writer = storage().open_write("kept", stop_).value();
    ASSERT_TRUE(writer->write("new", stop_));
  }
  EXPECT_EQ(read_all(storage(), "kept").value(), "old");
  EXPECT_EQ(on_disk(), std::vector<std::string>{"kept"});
}

TEST_F(LocalStorageTest, publishing_replaces_an_older_file) {
  put("file", "a long first version");
  put("file", "second");
  EXPECT_EQ(read_all(storage(), "file").value(), "second");
}

TEST_F(LocalStorageTest, what_a_dead_process_left_is_removed_and_counted) {
  put("a/file", "x");
  std::ofstream(root_ + "/a/.tideway-123-4.tmp") << "half";
  std::ofstream(root_ + "/.tideway-123-5.tmp") << "half";
  EXPECT_EQ(storage().list()->size(), 1U);
  EXPECT_EQ(storage().remove_abandoned().value(), 2U);
  EXPECT_EQ(storage().remove_abandoned().value(), 0U);
  EXPECT_TRUE(fs::exists(root_ + "/a/file"));
}

TEST_F(LocalStorageTest, lists_by_path_and_follows_links_to_files_only) {
  put("b", "1");
  put("a/z", "22");
  put("a.sql", "333");
  fs::create_symlink(root_ + "/b", root_ + "/link");
  fs::create_symlink(root_ + "/nowhere", root_ + "/broken");
  fs::create_directory_symlink(root_, root_ + "/loop");
  EXPECT_EQ(storage().list().value(),
            (std::vector<StoredFile>{{"a.sql", 3}, {"a/z", 2}, {"b", 1}, {"link", 1}}));
}

TEST_F(LocalStorageTest, reads_from_an_offset) {
  put("file", "0123456789");
  auto reader = storage().open_read("file", 7).value();
  char bytes[16];
  EXPECT_EQ(reader->read(bytes, sizeof bytes).value(), 3U);
  EXPECT_EQ(std::string_view(bytes, 3), "789");
  EXPECT_EQ(reader->read(bytes, sizeof bytes).value(), 0U);
}

TEST_F(LocalStorageTest, an_appender_goes_on_where_the_last_one_ended) {
  {
    auto journal = storage().open_append("journal", stop_).value();
    ASSERT_TRUE(journal->append("one\n", stop_));
  }
  auto journal = storage().open_append("journal", stop_).value();
  ASSERT_TRUE(journal->append("two\n", stop_));
  EXPECT_EQ(read_all(storage(), "journal").value(), "one\ntwo\n");
}

TEST_F(LocalStorageTest, refuses_paths_that_leave_the_root) {
  for (const char* path : {"../x", "/etc/passwd", "a/../../x", "", "a//b", "./a", "a/"}) {
    EXPECT_FALSE(storage().open_write(path, stop_)) << path;
    EXPECT_FALSE(storage().open_read(path)) << path;
    EXPECT_FALSE(storage().remove(path)) << path;
  }
  EXPECT_FALSE(storage().open_read(std::string_view("a\0b", 3)));
}

TEST_F(LocalStorageTest, hostile_names_are_names) {
  for (const char* path : {"a b", "quo`te'\"", "%2F", "\xE4\xB8\xAD\xE6\x96\x87", "line\nbreak",
                           "back\\slash", "..."}) {
    put(path, path);
    EXPECT_EQ(read_all(storage(), path).value(), path);
  }
}

TEST_F(LocalStorageTest, what_is_missing_says_so) {
  EXPECT_EQ(storage().open_read("none").error().code(), ErrorCode::storage_missing);
  EXPECT_FALSE(storage().size("none")->has_value());
  EXPECT_TRUE(storage().remove("none"));
  EXPECT_EQ(LocalStorage(root_ + "/none").list().error().code(), ErrorCode::storage_missing);
  EXPECT_EQ(LocalStorage(root_ + "/none").remove_abandoned().value(), 0U);
  EXPECT_GT(LocalStorage(root_ + "/none/below").free_bytes().value(), 0U);
}

TEST_F(LocalStorageTest, an_unwritable_place_is_an_error_that_names_it) {
  std::ofstream(root_ + "/plain") << "x";
  const auto writer = storage().open_write("plain/file", stop_);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code(), ErrorCode::storage_write);
  EXPECT_NE(writer.error().message().find("plain"), std::string::npos);
}

TEST_F(LocalStorageTest, a_file_larger_than_expected_is_not_read_whole) {
  put("big", std::string(300000, 'x'));
  EXPECT_EQ(read_all(storage(), "big", 1000).error().code(), ErrorCode::file_unexpected);
}

}  // namespace
}  // namespace tideway
