#include "dumpfile/dump_sink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dumpfile/blocks.h"
#include "storage/fault_storage.h"
#include "storage/local_storage.h"
#include "storage/memory_storage.h"

namespace tideway {
namespace {

using testing::RowText;
using testing::TableBuilder;

const TableId table_id{"d", "t"};

class DumpSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<DumpSink> open(Storage& storage, const DumpFormat& format = {}) {
    auto sink = DumpSink::open(storage, format, "", memory_, {});
    if (!sink) ADD_FAILURE() << sink.error().to_line();
    return std::move(*sink);
  }

  // Plans the stream and hands its rows over, `per_block` rows a block.
  Result<void> dump(DumpSink& sink, const StreamPtr& stream, const TablePtr& table,
                    const std::vector<RowText>& rows, std::size_t per_block = 3) {
    TRY(sink.ledger().plan(std::vector<Stream>{*stream}));
    auto writer = TRY(sink.open_writer({}));
    Digest digest;
    for (std::size_t at = 0; at < rows.size(); at += per_block) {
      const auto end =
          rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), at + per_block));
      Block block = testing::block_of(memory_, stream, table,
                                      {rows.begin() + static_cast<std::ptrdiff_t>(at), end});
      digest += testing::digest_of(block);
      TRY(writer->write(std::move(block), {}));
    }
    Block last(stream, *memory_.borrow(64, {}));
    last.add_end({digest});
    TRY(writer->write(std::move(last), {}));
    return writer->finish({});
  }

  const TablePtr table_ = TableBuilder(table_id)
                              .column("id", TypeKind::integer)
                              .column("c", TypeKind::var_char)
                              .column("b", TypeKind::blob)
                              .column("d", TypeKind::decimal)
                              .make();
  MemoryArbiter memory_{1ULL << 30U};
  MemoryStorage storage_;
};

TEST_F(DumpSinkTest, sql_files_are_byte_for_byte_the_exporters) {
  DumpFormat format;
  format.statement_bytes = 60;
  auto sink = open(storage_, format);
  ASSERT_TRUE(dump(*sink, testing::stream_of(table_id), table_,
                   {{"1", "a", std::string("\0\xff", 2), std::nullopt},
                    {"2", "b", "", "3.50"},
                    {"3", "c", std::nullopt, std::nullopt}}));
  EXPECT_EQ(storage_.files().at("d.t.000000000.sql"),
            "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
            "/*!40101 SET NAMES binary*/;\n"
            "INSERT INTO `t` VALUES\n"
            "(1,'a',x'00ff',NULL),\n"
            "(2,'b',x'',3.50);\n"
            "INSERT INTO `t` VALUES\n"
            "(3,'c',NULL,NULL);\n");
}

TEST_F(DumpSinkTest, a_stream_without_rows_makes_no_file_and_is_done) {
  auto sink = open(storage_);
  ASSERT_TRUE(dump(*sink, testing::stream_of(table_id), table_, {}));
  ASSERT_TRUE(sink->complete({}));
  EXPECT_TRUE(sink->ledger().streams(table_id)->front().is_done);
  std::vector<std::string> names;
  for (const auto& [path, bytes] : storage_.files()) names.push_back(path);
  EXPECT_EQ(names, (std::vector<std::string>{"metadata", "tideway.manifest.json"}));
}

TEST_F(DumpSinkTest, file_sizes_switch_files_where_the_exporters_tests_expect_it) {
  const auto one = TableBuilder(table_id).column("a", TypeKind::var_char).make();
  const std::vector<RowText> rows(100, RowText{"1111_0000_1111_0000_"});
  DumpFormat format;
  format.file_bytes = 348;
  auto sink = open(storage_, format);
  ASSERT_TRUE(dump(*sink, testing::stream_of(table_id), one, rows, 7));
  const auto sql = storage_.files();
  EXPECT_TRUE(sql.contains("d.t.0000000000000.sql"));
  EXPECT_TRUE(sql.contains("d.t.0000000000009.sql"));
  EXPECT_FALSE(sql.contains("d.t.0000000000010.sql"));
  for (int i = 0; i < 10; ++i) {
    const std::string& text = sql.at("d.t.000000000000" + std::to_string(i) + ".sql");
    EXPECT_TRUE(text.starts_with("/*!40014")) << i;
    EXPECT_TRUE(text.ends_with("');\n")) << i;
  }

  MemoryStorage csv_storage;
  DumpFormat csv;
  csv.file_type = FileType::csv;
  csv.csv.terminator = "\n";
  csv.file_bytes = 233;
  auto csv_sink = open(csv_storage, csv);
  ASSERT_TRUE(dump(*csv_sink, testing::stream_of(table_id), one, rows, 7));
  std::size_t files = 0, lines = 0;
  for (const auto& [path, bytes] : csv_storage.files()) {
    if (!path.ends_with(".csv")) continue;
    ++files;
    lines += static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
  }
  EXPECT_EQ(files, 10U);
  EXPECT_EQ(lines, 110U);
}

TEST_F(DumpSinkTest, statement_size_zero_is_one_statement_a_file) {
  DumpFormat format;
  format.statement_bytes = 0;
  auto sink = open(storage_, format);
  ASSERT_TRUE(dump(*sink, testing::stream_of(table_id), table_,
                   std::vector<RowText>(50000, RowText{"1", std::string(100, 'x'), "", "1"}),
                   5000));
  const std::string text = storage_.files().at("d.t.000000000.sql");
  EXPECT_EQ(text.find("INSERT"), text.rfind("INSERT"));
  EXPECT_TRUE(text.ends_with(");\n"));
}

TEST_F(DumpSinkTest, streams_that_come_mixed_keep_their_rows_apart) {
  auto sink = open(storage_);
  const auto first = testing::stream_of(table_id, 0, false),
             second = testing::stream_of(table_id, 1);
  auto writer = sink->open_writer({}).value();
  Digest digests[2];
  for (int i = 0; i < 10; ++i) {
    for (const auto& stream : {first, second}) {
      Block block = testing::block_of(
          memory_, stream, table_,
          {{std::to_string(i), stream->ordinal == 0 ? "first" : "second", "", "0"}});
      digests[stream->ordinal] += testing::digest_of(block);
      ASSERT_TRUE(writer->write(std::move(block), {}));
    }
  }
  for (const auto& stream : {second, first}) {
    Block last(stream, *memory_.borrow(64, {}));
    last.add_end({digests[stream->ordinal]});
    ASSERT_TRUE(writer->write(std::move(last), {}));
  }
  ASSERT_TRUE(writer->finish({}));
  const auto files = storage_.files();
  EXPECT_EQ(files.at("d.t.000000000.sql").find("second"), std::string::npos);
  EXPECT_EQ(files.at("d.t.000000001.sql").find("first"), std::string::npos);
  const Manifest manifest = sink->manifest();
  for (const auto& [ordinal, part] : manifest.tables.at(table_id).parts) {
    EXPECT_EQ(part.rows, 10U);
    EXPECT_EQ(part.digest, digests[ordinal]);
    EXPECT_EQ(part.files[0].bytes, files.at(part.files[0].path).size());
    EXPECT_EQ(part.files[0].text_bytes, part.files[0].bytes);
  }
}

TEST_F(DumpSinkTest, a_stream_cut_by_a_stop_is_as_if_it_had_never_begun) {
  auto sink = open(storage_);
  const auto stream = testing::stream_of(table_id);
  ASSERT_TRUE(sink->ledger().plan(std::vector<Stream>{*stream}));
  std::stop_source stop;
  auto writer = sink->open_writer(stop.get_token()).value();
  ASSERT_TRUE(writer->write(testing::block_of(memory_, stream, table_, {{"1", "a", "", "0"}}),
                            stop.get_token()));
  stop.request_stop();
  ASSERT_TRUE(writer->finish(stop.get_token()));
  EXPECT_FALSE(storage_.files().contains("d.t.000000000.sql"));
  EXPECT_FALSE(sink->ledger().streams(table_id)->front().is_done);
}

TEST_F(DumpSinkTest, a_template_that_does_not_vary_never_overwrites_a_part) {
  DumpFormat format;
  format.name_template = "{{.DB}}";
  auto sink = open(storage_, format);
  ASSERT_TRUE(dump(*sink, testing::stream_of(table_id, 0, false), table_, {{"1", "a", "", "0"}}));
  const auto second = dump(*sink, testing::stream_of(table_id, 1), table_, {{"2", "b", "", "0"}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::bad_value);
  EXPECT_NE(storage_.files().at("d.sql").find("(1,"), std::string::npos);
}

TEST_F(DumpSinkTest, a_disk_lost_at_any_call_leaves_a_dump_that_goes_on) {
  DumpFormat format;
  format.file_bytes = 200;
  format.compression = Compression::gzip;
  const std::vector<RowText> rows(30, RowText{"7", "some text of a row", "\x01", "1.5"});
  const auto run = [&](Storage& storage) -> Result<void> {
    auto sink = TRY(DumpSink::open(storage, format, "", memory_, {}));
    TRY(sink->write_database("d", "CREATE DATABASE `d`", {}));
    TRY(sink->write_table(table_id, "CREATE TABLE `t` (\n  `id` int\n)", {}));
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto states = TRY(sink->ledger().streams(table_id));
      const bool is_done = i < states.size() && states[i].is_done;
      if (!is_done) TRY(dump(*sink, testing::stream_of(table_id, i, i == 2), table_, rows));
    }
    return sink->complete({});
  };
  MemoryStorage clean;
  testing::FaultStorage counting(clean);
  ASSERT_TRUE(run(counting));
  std::map<std::string, std::string> expected = clean.files();
  const auto without_times = [](std::map<std::string, std::string> files) {
    files.erase("metadata");
    files.erase(std::string(manifest_path));
    return files;
  };
  for (std::uint64_t call = 1; call <= counting.calls(); ++call) {
    MemoryStorage storage;
    testing::FaultStorage faulty(storage);
    faulty.fail_at(call, call % 2 == 0);
    EXPECT_FALSE(run(faulty)) << call;
    EXPECT_FALSE(storage.files().contains("metadata") &&
                 storage.files().contains(std::string(journal_path)) && call < counting.calls())
        << call;
    const auto again = run(storage);
    ASSERT_TRUE(again) << call << ": " << again.error().to_line();
    EXPECT_TRUE(without_times(storage.files()) == without_times(expected)) << call;
    const auto manifest = parse_manifest(storage.files().at(std::string(manifest_path))).value();
    EXPECT_EQ(manifest.tables.at(table_id).parts.size(), 3U);
  }
}

TEST_F(DumpSinkTest, discard_removes_a_dump_of_any_state_and_nothing_else) {
  DumpFormat format;
  format.file_bytes = 100;
  format.name_template = "{{.DB}}/{{.ChunkIndex}}";  // does not use the file's number
  storage_.put("users.own.sql", "x");
  for (const bool is_finished : {false, true}) {
    auto sink = open(storage_, format);
    ASSERT_TRUE(sink->write_table(table_id, "CREATE TABLE `t` (\n  `id` int\n)", {}));
    ASSERT_TRUE(dump(*sink, testing::stream_of(table_id, 0, true), table_, {{"1", "a", "", "0"}}));
    if (is_finished) {
      ASSERT_TRUE(sink->complete({}));
    } else {
      ASSERT_TRUE(sink->ledger().plan(std::vector<Stream>{{table_id, 1, "", true}}));
      storage_.put("d/1.sql", "published, not recorded");
    }
    ASSERT_TRUE(DumpSink::discard(storage_));
    ASSERT_EQ(storage_.files().size(), 1U);
    EXPECT_TRUE(storage_.files().contains("users.own.sql"));
  }
  EXPECT_TRUE(DumpSink::discard(storage_));
}

TEST_F(DumpSinkTest, schema_files_are_byte_for_byte_the_exporters) {
  auto sink = open(storage_);
  ASSERT_TRUE(sink->write_database(
      "d", "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */", {}));
  ASSERT_TRUE(sink->write_table(table_id, "CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB", {}));
  ASSERT_TRUE(sink->write_view(
      {{"d", "v"}, {"c1", "c`2"}, "CREATE VIEW `v` AS select 1", "utf8mb4", "utf8mb4_general_ci"},
      {}));
  const std::string head = "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40101 SET NAMES binary*/;\n";
  const auto files = storage_.files();
  EXPECT_EQ(files.at("d-schema-create.sql"),
            head + "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n");
  EXPECT_EQ(files.at("d.t-schema.sql"),
            head + "CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB;\n");
  EXPECT_EQ(files.at("d.v-schema.sql"),
            head + "CREATE TABLE `v`(\n`c1` int,\n`c``2` int\n)ENGINE=MyISAM;\n");
  EXPECT_EQ(files.at("d.v-schema-view.sql"),
            head +
                "DROP TABLE IF EXISTS `v`;\n"
                "DROP VIEW IF EXISTS `v`;\n"
                "SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;\n"
                "SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;\n"
                "SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;\n"
                "SET character_set_client = utf8mb4;\n"
                "SET character_set_results = utf8mb4;\n"
                "SET collation_connection = utf8mb4_general_ci;\n"
                "CREATE VIEW `v` AS select 1;\n"
                "SET character_set_client = @PREV_CHARACTER_SET_CLIENT;\n"
                "SET character_set_results = @PREV_CHARACTER_SET_RESULTS;\n"
                "SET collation_connection = @PREV_COLLATION_CONNECTION;\n");
  EXPECT_EQ(sink->manifest().schema_files.size(), 4U);
}

TEST_F(DumpSinkTest, a_value_of_64_mib_passes_through_bounded_memory) {
  const auto wide = TableBuilder(table_id).column("c", TypeKind::long_text).make();
  auto sink = open(storage_);
  const std::string text(64U << 20U, '\'');
  ASSERT_TRUE(dump(*sink, testing::stream_of(table_id), wide, {{text}}));
  EXPECT_EQ(storage_.files().at("d.t.000000000.sql").size(), 66 + 23 + 2 * text.size() + 6);
}

}  // namespace
}  // namespace tideway
