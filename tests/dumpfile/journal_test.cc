#include "dumpfile/journal.h"

#include <gtest/gtest.h>

#include <random>

#include "dumpfile/blocks.h"
#include "storage/fault_storage.h"
#include "storage/memory_storage.h"

namespace tideway {
namespace {

const TableId orders{"shop", "orders"}, items{"shop", "it`em/s"};

std::unique_ptr<DumpJournal> open(Storage& storage, const DumpFormat& format = {},
                                  std::string settings = "all") {
  auto journal = DumpJournal::open(storage, format, std::move(settings), "2024-01-01 00:00:00", {});
  if (!journal) ADD_FAILURE() << journal.error().to_line();
  return std::move(*journal);
}

Part done_part(MemoryStorage& storage, const Stream& stream, const std::string& path) {
  storage.put(path, "12345");
  Part part{stream, true, {{path, 5, 5, 3}}, 3, Digest{3, 30, 7, 0, 0}};
  return part;
}

Manifest sample() {
  Manifest manifest;
  manifest.format.file_type = FileType::csv;
  manifest.format.compression = Compression::zstd;
  manifest.format.csv.separator = "\xFF";
  manifest.format.csv.dialect = CsvDialect::bigquery;
  manifest.format.header = SqlHeader::mariadb;
  manifest.settings = "filter=*.*";
  manifest.point = "{\"high\":\"f:4\"}";
  manifest.started = "2024-01-02 03:04:05";
  manifest.finished = "2024-01-02 03:14:05";
  DumpedTable& table = manifest.tables[items];
  table.id = items;
  table.file_id = {"other", "name"};
  table.columns = {{"id", "int(11)"}, {"\xE4\xB8\xAD", "enum('a','b')"}};
  table.parts[3] =
      Part{{items, 3, "from \xFE", false}, true, {{"p", 1, 2, 3}}, 3, Digest{3, 4, 5, 6, 7}};
  table.parts[4] = Part{{items, 4, "x", true}, true, {}, 0, std::nullopt};
  manifest.schema_files["a"] = {"a", SchemaKind::view, items};
  manifest.schema_files["b"] = {"b", SchemaKind::database, {"shop", ""}};
  return manifest;
}

TEST(ManifestTest, reads_back_what_was_written) {
  EXPECT_EQ(parse_manifest(to_json(sample())).value(), sample());
  Manifest unfinished = sample();
  unfinished.finished.clear();
  unfinished.tables[items].parts[4] = Part{{items, 4, "x", true}, false, {}, 0, {}};
  EXPECT_EQ(parse_journal(to_journal(unfinished)).value().manifest, unfinished);
}

TEST(ManifestTest, a_later_format_is_refused_with_both_numbers) {
  std::string json = to_json(sample());
  json.replace(json.find("\"tideway_manifest\": 1"), 21, "\"tideway_manifest\": 2");
  EXPECT_EQ(parse_manifest(json).error().code(), ErrorCode::not_supported);
  EXPECT_EQ(parse_manifest("{").error().code(), ErrorCode::file_syntax);
  EXPECT_EQ(parse_manifest("{}").error().code(), ErrorCode::file_syntax);
}

TEST(JournalTest, a_line_is_on_disk_when_its_call_returns) {
  MemoryStorage storage;
  auto journal = open(storage);
  EXPECT_EQ(journal->found(), DumpJournal::Found::nothing);
  EXPECT_TRUE(storage.files().empty());
  const std::vector<Stream> streams{{orders, 0, "a", false}, {orders, 1, "b", true}};
  ASSERT_TRUE(journal->plan(streams));
  ASSERT_TRUE(journal->add_part(done_part(storage, streams[1], "shop.orders.000000001.sql")));
  ASSERT_TRUE(journal->set_point("here"));

  auto again = open(storage);
  EXPECT_EQ(again->found(), DumpJournal::Found::unfinished);
  EXPECT_EQ(again->point(), "here");
  EXPECT_EQ(again->manifest().started, "2024-01-01 00:00:00");
  const auto states = again->streams(orders).value();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].stream, streams[0]);
  EXPECT_FALSE(states[0].is_done);
  EXPECT_TRUE(states[1].is_done);
  EXPECT_EQ(states[1].digest, (Digest{3, 30, 7, 0, 0}));
  EXPECT_TRUE(again->streams(items)->empty());
}

TEST(JournalTest, planning_again_alike_is_nothing_and_otherwise_an_error) {
  MemoryStorage storage;
  auto journal = open(storage);
  const std::vector<Stream> streams{{orders, 0, "a", true}};
  ASSERT_TRUE(journal->plan(streams));
  const auto before = storage.files();
  ASSERT_TRUE(journal->plan(streams));
  EXPECT_EQ(storage.files(), before);
  EXPECT_FALSE(journal->plan(std::vector<Stream>{{orders, 0, "other", true}}));
}

TEST(JournalTest, half_a_line_at_the_end_is_cut) {
  MemoryStorage storage;
  {
    auto journal = open(storage);
    ASSERT_TRUE(journal->plan(std::vector<Stream>{{orders, 0, "a", false}}));
    ASSERT_TRUE(journal->plan(std::vector<Stream>{{orders, 1, "b", true}}));
  }
  const std::string whole = storage.files().at(std::string(journal_path));
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    storage.put(std::string(journal_path), whole.substr(0, cut));
    auto journal = open(storage);
    EXPECT_EQ(journal->found(),
              cut < first ? DumpJournal::Found::nothing : DumpJournal::Found::unfinished)
        << cut;
    ASSERT_TRUE(journal->plan(std::vector<Stream>{{items, 0, "c", true}}));
    EXPECT_EQ(open(storage)->streams(items)->size(), 1U) << cut;
  }
}

TEST(JournalTest, a_broken_line_before_the_end_is_corruption) {
  MemoryStorage storage;
  static_cast<void>(open(storage)->plan(std::vector<Stream>{{orders, 0, "a", false}}));
  std::string text = storage.files().at(std::string(journal_path));
  text.insert(text.find('\n') + 1, "{\"plan\":oops}\n");
  storage.put(std::string(journal_path), text);
  const auto journal = DumpJournal::open(storage, {}, "all", "", {});
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code(), ErrorCode::file_corrupt);
  EXPECT_EQ(journal.error().evidence().position, "tideway.manifest.journal:2");
}

TEST(JournalTest, a_part_whose_file_is_missing_or_short_is_planned_again) {
  for (const bool is_finished : {false, true}) {
    MemoryStorage storage;
    {
      auto journal = open(storage);
      for (std::uint64_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(
            journal->add_part(done_part(storage, {orders, i, "", i == 2},
                                        "shop.orders.00000000" + std::to_string(i) + ".sql")));
      }
      if (is_finished) {
        ASSERT_TRUE(journal->close("f", "m", {}));
      }
    }
    ASSERT_TRUE(storage.remove("shop.orders.000000000.sql"));
    storage.put("shop.orders.000000001.sql", "123");
    auto journal = open(storage);
    EXPECT_EQ(journal->found(), DumpJournal::Found::unfinished);
    const auto states = journal->streams(orders).value();
    EXPECT_FALSE(states[0].is_done);
    EXPECT_FALSE(states[1].is_done);
    EXPECT_TRUE(states[2].is_done);
    EXPECT_FALSE(storage.files().contains("shop.orders.000000001.sql"));
  }
}

TEST(JournalTest, files_of_parts_that_were_never_recorded_go) {
  DumpFormat format;
  format.file_bytes = 100;
  MemoryStorage storage;
  {
    auto journal = open(storage, format);
    ASSERT_TRUE(journal->plan(std::vector<Stream>{{orders, 0, "", false}, {orders, 1, "", true}}));
    ASSERT_TRUE(journal->add_part(
        done_part(storage, {orders, 1, "", true}, "shop.orders.0000000010000.sql")));
    storage.put("shop.orders.0000000000000.sql", "published, not recorded");
    storage.put("shop.orders.0000000000001.sql", "published, not recorded");
    storage.put("users.own.file.sql", "not ours");
  }
  open(storage, format);
  const auto files = storage.files();
  EXPECT_FALSE(files.contains("shop.orders.0000000000000.sql"));
  EXPECT_FALSE(files.contains("shop.orders.0000000000001.sql"));
  EXPECT_TRUE(files.contains("shop.orders.0000000010000.sql"));
  EXPECT_TRUE(files.contains("users.own.file.sql"));
}

TEST(JournalTest, a_forgotten_table_is_gone_even_if_the_process_dies_before_its_files_are) {
  MemoryStorage inner;
  for (std::uint64_t call = 1; call < 8; ++call) {
    MemoryStorage storage;
    testing::FaultStorage faulty(storage);
    auto journal = open(faulty);
    ASSERT_TRUE(
        journal->add_part(done_part(storage, {orders, 0, "", false}, "shop.orders.000000000.sql")));
    ASSERT_TRUE(
        journal->add_part(done_part(storage, {orders, 1, "", true}, "shop.orders.000000001.sql")));
    ASSERT_TRUE(
        journal->add_part(done_part(storage, {items, 0, "", true}, "shop.items.000000000.sql")));
    faulty.fail_at(call, true);
    const std::vector<TableId> tables{orders};
    const bool forgotten = journal->forget(tables).has_value();
    EXPECT_EQ(forgotten, call > 3);
    auto again = open(storage);
    const bool is_forgotten = again->streams(orders)->empty();
    EXPECT_EQ(is_forgotten, call > 1);
    for (const char* path : {"shop.orders.000000000.sql", "shop.orders.000000001.sql"})
      EXPECT_EQ(storage.files().contains(path), !is_forgotten);
    EXPECT_TRUE(again->streams(items)->front().is_done);
  }
}

TEST(JournalTest, what_is_no_longer_asked_for_is_forgotten_with_its_files) {
  MemoryStorage storage;
  auto journal = open(storage);
  ASSERT_TRUE(
      journal->add_part(done_part(storage, {orders, 0, "", true}, "shop.orders.000000000.sql")));
  ASSERT_TRUE(journal->plan(std::vector<Stream>{{items, 0, "never written", true}}));
  for (const auto& [path, kind, id] :
       {std::tuple{"shop-schema-create.sql", SchemaKind::database, TableId{"shop", ""}},
        std::tuple{"old-schema-create.sql", SchemaKind::database, TableId{"old", ""}},
        std::tuple{"shop.orders-schema.sql", SchemaKind::table, orders},
        std::tuple{"shop.items-schema.sql", SchemaKind::table, items}}) {
    storage.put(path, "CREATE");
    ASSERT_TRUE(journal->add_schema_file({path, kind, id}));
  }
  ASSERT_TRUE(journal->retain({orders}, {"shop"}));
  const auto found = open(storage)->manifest();
  EXPECT_EQ(found, journal->manifest());
  EXPECT_EQ(found.tables.size(), 1U);
  EXPECT_EQ(found.schema_files.size(), 2U);
  EXPECT_FALSE(storage.files().contains("old-schema-create.sql"));
  EXPECT_FALSE(storage.files().contains("shop.items-schema.sql"));
  EXPECT_TRUE(storage.files().contains("shop.orders.000000000.sql"));
  ASSERT_TRUE(journal->close("f", "m", {}));
}

TEST(JournalTest, another_job_is_not_mixed_into_a_dump) {
  MemoryStorage storage;
  ASSERT_TRUE(open(storage)->plan(std::vector<Stream>{{orders, 0, "a", false}}));
  EXPECT_EQ(DumpJournal::open(storage, {}, "other", "", {}).error().code(), ErrorCode::job_differs);
  DumpFormat csv;
  csv.file_type = FileType::csv;
  EXPECT_EQ(DumpJournal::open(storage, csv, "all", "", {}).error().code(), ErrorCode::job_differs);
}

TEST(JournalTest, close_writes_manifest_and_metadata_and_takes_the_journal_away) {
  MemoryStorage storage;
  auto journal = open(storage);
  ASSERT_TRUE(journal->plan(std::vector<Stream>{{orders, 0, "a", true}}));
  EXPECT_FALSE(journal->close("f", "m", {}));  // planned, not written
  ASSERT_TRUE(
      journal->add_part(done_part(storage, {orders, 0, "a", true}, "shop.orders.000000000.sql")));
  ASSERT_TRUE(journal->close("later", "metadata text", {}));
  const auto files = storage.files();
  EXPECT_FALSE(files.contains(std::string(journal_path)));
  EXPECT_EQ(files.at("metadata"), "metadata text");
  EXPECT_EQ(parse_manifest(files.at(std::string(manifest_path)))->finished, "later");
  auto again = open(storage);
  EXPECT_EQ(again->found(), DumpJournal::Found::finished);
  EXPECT_TRUE(again->streams(orders)->front().is_done);
  // A change makes it unfinished, and nothing of what was done is lost.
  ASSERT_TRUE(again->plan(std::vector<Stream>{{items, 0, "b", true}}));
  auto third = open(storage);
  EXPECT_EQ(third->found(), DumpJournal::Found::unfinished);
  EXPECT_TRUE(third->streams(orders)->front().is_done);
  EXPECT_EQ(third->streams(items)->size(), 1U);
}

TEST(JournalTest, nothing_is_appended_after_an_append_that_failed) {
  MemoryStorage storage;
  testing::FaultStorage faulty(storage);
  auto journal = open(faulty);
  ASSERT_TRUE(journal->plan(std::vector<Stream>{{orders, 0, "a", false}}));
  faulty.fail_at(1, true);
  EXPECT_FALSE(journal->plan(std::vector<Stream>{{orders, 1, "b", false}}));
  faulty.fail_at(0);
  EXPECT_FALSE(journal->plan(std::vector<Stream>{{orders, 2, "c", true}}));
  EXPECT_EQ(open(storage)->streams(orders)->size(), 1U);
}

TEST(JournalTest, a_second_owner_of_a_path_is_refused) {
  MemoryStorage storage;
  auto journal = open(storage);
  EXPECT_TRUE(journal->claim("x.sql", "a"));
  EXPECT_TRUE(journal->claim("x.sql", "a"));
  EXPECT_EQ(journal->claim("x.sql", "b").error().code(), ErrorCode::bad_value);
}

}  // namespace
}  // namespace tideway
