#include "dumpfile/metadata.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

DumpMetadata full() {
  DumpMetadata metadata;
  metadata.started = "2024-01-02 03:04:05";
  metadata.finished = "2024-01-02 03:14:05";
  metadata.log = DumpMetadata::Log::known;
  metadata.source = {"mysql-bin.000003", "12345", "6ce40be3-e359-11e9-87e0-36933cb0ca5a:1-29"};
  return metadata;
}

TEST(MetadataTest, is_byte_for_byte_the_exporters) {
  DumpMetadata metadata = full();
  metadata.followers.push_back({std::nullopt, "10.0.0.1", {"mysql-bin.000009", "777", "a:1"}});
  EXPECT_EQ(to_text(metadata),
            "Started dump at: 2024-01-02 03:04:05\n"
            "SHOW MASTER STATUS:\n"
            "\tLog: mysql-bin.000003\n"
            "\tPos: 12345\n"
            "\tGTID:6ce40be3-e359-11e9-87e0-36933cb0ca5a:1-29\n"
            "\n"
            "SHOW SLAVE STATUS:\n"
            "\tHost: 10.0.0.1\n"
            "\tLog: mysql-bin.000009\n"
            "\tPos: 777\n"
            "\tGTID:a:1\n"
            "\n"
            "Finished dump at: 2024-01-02 03:14:05\n");
}

TEST(MetadataTest, a_source_without_a_log_leaves_an_empty_line_and_an_unknown_one_nothing) {
  DumpMetadata metadata = full();
  metadata.log = DumpMetadata::Log::no_log;
  metadata.source = {};
  EXPECT_EQ(to_text(metadata),
            "Started dump at: 2024-01-02 03:04:05\n\nFinished dump at: 2024-01-02 03:14:05\n");
  metadata.log = DumpMetadata::Log::unknown;
  EXPECT_EQ(to_text(metadata),
            "Started dump at: 2024-01-02 03:04:05\nFinished dump at: 2024-01-02 03:14:05\n");
}

TEST(MetadataTest, reads_back_all_it_can_say) {
  DumpMetadata metadata = full();
  metadata.source.gtid_set =
      "6ce40be3-e359-11e9-87e0-36933cb0ca5a:1-29,\n7ce40be3-e359-11e9-87e0-36933cb0ca5a:1-3";
  metadata.followers.push_back({"conn 1", "h1", {"f", "1", ""}});
  metadata.followers.push_back({std::nullopt, "h2", {"g", "2", "x:1,\ny:2"}});
  metadata.after_connect = DumpMetadata::Position{"mysql-bin.000003", "12399", ""};
  EXPECT_EQ(parse_metadata(to_text(metadata)).value(), metadata);
  for (const auto log : {DumpMetadata::Log::no_log, DumpMetadata::Log::unknown}) {
    DumpMetadata without;
    without.started = "s";
    without.finished = "f";
    without.log = log;
    EXPECT_EQ(parse_metadata(to_text(without)).value(), without);
  }
}

TEST(MetadataTest, what_is_no_metadata_names_the_line) {
  const auto parsed = parse_metadata("Started dump at: x\nnonsense\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().evidence().position, "metadata:2");
  EXPECT_FALSE(parse_metadata(""));
  EXPECT_FALSE(parse_metadata("\tLog: x\n"));
}

TEST(MetadataTest, local_times_have_the_exporters_form) {
  const std::string text = local_time_text(0);
  ASSERT_EQ(text.size(), 19U);
  EXPECT_EQ(text[4], '-');
  EXPECT_EQ(text[10], ' ');
  EXPECT_EQ(text[13], ':');
}

}  // namespace
}  // namespace tideway
