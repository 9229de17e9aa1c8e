#include "dumpfile/part_list.h"

#include <gtest/gtest.h>

#include "storage/memory_storage.h"

namespace tideway {
namespace {

std::optional<RoutedFile> routed(std::string_view path) {
  static const FileRouter router = FileRouter::open(default_file_rules()).value();
  return router.route(path).value();
}

TEST(FileRulesTest, default_names_are_understood) {
  EXPECT_EQ(routed("a/b/shop-schema-create.sql")->kind, RoutedKind::database_schema);
  EXPECT_EQ(routed("shop-schema-create.sql.gz")->compression, Compression::gzip);
  const auto table = routed("sh%2Eop.or.ders-schema.sql.zst").value();
  EXPECT_EQ(table.kind, RoutedKind::table_schema);
  EXPECT_EQ(table.database, "sh.op");
  EXPECT_EQ(table.table, "or.ders");
  EXPECT_EQ(routed("shop.v-schema-view.sql")->kind, RoutedKind::view_schema);
  const auto data = routed("x/shop.or%2Fders.000000012.CSV.snappy").value();
  EXPECT_EQ(data.kind, RoutedKind::csv);
  EXPECT_EQ(data.table, "or/ders");
  EXPECT_EQ(data.key, "000000012");
  EXPECT_EQ(data.compression, Compression::snappy);
  EXPECT_EQ(routed("shop.orders.sql")->key, "");
  EXPECT_EQ(routed("shop.orders.0.parquet")->kind, RoutedKind::parquet);
}

std::vector<std::string> doubts_of(std::initializer_list<const char*> keys) {
  MemoryStorage storage;
  for (const char* key : keys) {
    auto writer = storage.open_write(std::string("a.t.") + key + ".sql", {}).value();
    EXPECT_TRUE(writer->write("x", {}));
    EXPECT_TRUE(writer->publish({}));
  }
  return doubts_about(list_parts(storage).value().tables.at(0));
}

TEST(InputFilesTest, a_gap_in_the_numbers_of_a_foreign_dump_is_told) {
  EXPECT_EQ(doubts_of({"000000000", "000000002"}),
            std::vector<std::string>{"a.t has no file between 000000000 and 000000002"});
  EXPECT_EQ(doubts_of({"00003"}),
            std::vector<std::string>{"a.t has no file between its beginning and 00003"});
  EXPECT_EQ(doubts_of({"0000000000001", "0000000000003"}).size(), 1U);
  EXPECT_EQ(doubts_of({"000000001", "000000002"}).size(), 0U);
  EXPECT_EQ(doubts_of({"0000000000000", "0000000000001", "0000000010000"}).size(), 0U);
  EXPECT_EQ(doubts_of({"x", "y"}).size(), 0U);
}

TEST(FileRulesTest, what_carries_no_rows_is_ignored_with_a_reason) {
  for (const char* path :
       {"metadata", "shop.s-schema-sequence.sql", "p-placement-policy-create.sql",
        "shop.t-schema-triggers.sql", "shop.t-schema-trigger.sql.gz", "shop-schema-post.sql",
        "shop.t.0.sql.bak", "shop.t.0.csv.gz.BAK"}) {
    ASSERT_TRUE(routed(path)) << path;
    EXPECT_EQ(routed(path)->kind, RoutedKind::ignore) << path;
    EXPECT_FALSE(routed(path)->reason.empty());
  }
  EXPECT_FALSE(routed("readme.txt"));
  EXPECT_FALSE(routed("noschema.sql.d/x"));
}

TEST(FileRulesTest, an_unknown_packing_is_an_error) {
  const FileRouter router = FileRouter::open(default_file_rules()).value();
  EXPECT_NE(router.route("a.b.sql.rar").error().message().find("invalid compression type 'rar'"),
            std::string::npos);
  EXPECT_EQ(router.route("a.b.sql.xz").value()->compression, Compression::xz);
}

TEST(FileRulesTest, rules_of_a_user_map_aurora_exports) {
  FileRule rule;
  rule.pattern =
      R"((?i)^(?:[^/]*/)*([a-z0-9_]+)\.([a-z0-9_]+)/(?:[^/]*/)*(?:[a-z0-9\-_.]+\.(parquet))$)";
  rule.schema = "$1", rule.table = "$2", rule.type = "$3";
  const FileRouter router = FileRouter::open({rule}).value();
  const auto file =
      router.route("mydb/mydb.mytable/1/part-00000-0a1b-c000.gz.parquet").value().value();
  EXPECT_EQ(file.database, "mydb");
  EXPECT_EQ(file.table, "mytable");
  EXPECT_EQ(file.kind, RoutedKind::parquet);
}

TEST(FileRulesTest, templates_take_names_and_refuse_what_is_not_there) {
  FileRule rule{"(?P<db>[a-z]+)_([a-z]+)(x)?\\.csv", "${db}$$", "t_$2$3", "csv", "", "", false, ""};
  const FileRouter router = FileRouter::open({rule}).value();
  const auto file = router.route("ab_cd.csv").value().value();
  EXPECT_EQ(file.database, "ab$");
  EXPECT_EQ(file.table, "t_cd");
  rule.table = "$9";
  EXPECT_EQ(FileRouter::open({rule}).error().message(), "sub pattern capture '$9' out of range");
  rule.table = "$2x";
  EXPECT_EQ(FileRouter::open({rule}).error().message(), "invalid named capture '$2x'");
  rule.table = "";
  EXPECT_FALSE(FileRouter::open({rule}));
  rule.table = "t", rule.type = "nonsense";
  EXPECT_EQ(FileRouter::open({rule})->route("ab_cd.csv").error().message(),
            "unknown source type 'nonsense'");
  rule.pattern = "(";
  EXPECT_FALSE(FileRouter::open({rule}));
}

class PartListTest : public ::testing::Test {
 protected:
  void put(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) storage_.put(path, path);
  }
  MemoryStorage storage_;
};

TEST_F(PartListTest, lists_databases_tables_and_parts_in_order) {
  put({"shop-schema-create.sql", "shop.a-schema.sql", "shop.a.2.sql", "shop.a.1.sql",
       "shop.a.10.sql", "shop.b-schema.sql", "shop.b.csv", "shop.v-schema.sql",
       "shop.v-schema-view.sql", "other.t.0.sql.gz", "notes.txt", "metadata"});
  const auto list = list_parts(storage_).value();
  ASSERT_EQ(list.databases.size(), 2U);
  EXPECT_EQ(list.databases[0].name, "other");
  EXPECT_EQ(list.databases[0].schema_path, "");
  EXPECT_EQ(list.databases[1].schema_path, "shop-schema-create.sql");
  std::vector<std::string> tables;
  for (const auto& table : list.tables) tables.push_back(table.id.database + "." + table.id.name);
  EXPECT_EQ(tables, (std::vector<std::string>{"other.t", "shop.v", "shop.b",
                                              "shop.a"}));  // ascending by size
  std::vector<std::string> files;
  for (const auto& file : list.tables[3].files) files.push_back(file.path);
  EXPECT_EQ(files, (std::vector<std::string>{"shop.a.1.sql", "shop.a.10.sql",
                                             "shop.a.2.sql"}));  // as text: the importer's order
  EXPECT_EQ(list.tables[1].view_path, "shop.v-schema-view.sql");
  ASSERT_EQ(list.ignored.size(), 1U) << "metadata is read, and no row of it is missed";
  EXPECT_EQ(list.ignored[0].path, "notes.txt");
}

TEST_F(PartListTest, refuses_what_cannot_be_loaded_before_anything_is) {
  const auto code_with = [](const std::vector<std::string>& paths) {
    MemoryStorage storage;
    for (const std::string& path : paths) storage.put(path, "x");
    const auto list = list_parts(storage);
    return list ? ErrorCode::internal : list.error().code();
  };
  EXPECT_EQ(code_with({"a.t-schema.sql", "b/a.t-schema.sql"}), ErrorCode::file_unexpected);
  EXPECT_EQ(code_with({"a-schema-create.sql", "b/a-schema-create.sql.gz"}),
            ErrorCode::file_unexpected);
  EXPECT_EQ(code_with({"a.v-schema-view.sql"}), ErrorCode::file_unexpected);
  EXPECT_EQ(code_with({"tideway.manifest.journal"}), ErrorCode::file_unexpected);
  EXPECT_EQ(code_with({"a.b~0123456789abcdef~c.000000000.sql"}), ErrorCode::file_unexpected);
  EXPECT_EQ(code_with({"a.t.0.parquet"}), ErrorCode::not_supported);
  EXPECT_EQ(code_with({"a.t.0.sql.xz"}), ErrorCode::not_supported);
}

class ManifestListTest : public PartListTest {
 protected:
  ManifestListTest() {
    DumpedTable& table = manifest_.tables[{"d", "t"}];
    table.id = table.file_id = {"d", "t"};
    table.columns = {{"id", "int"}};
    for (std::uint64_t i = 0; i < 2; ++i) {
      const std::string path = "d.t.00000000" + std::to_string(i) + ".sql";
      storage_.put(path, std::string(10 + i, 'x'));
      table.parts[i] = Part{
          {{"d", "t"}, i, "", i == 1}, true, {{path, 10 + i, 10 + i, 2}}, 2, Digest{2, 1, 1, 0, 0}};
    }
    manifest_.schema_files["d.t-schema.sql"] = {"d.t-schema.sql", SchemaKind::table, {"d", "t"}};
    put({"d.t-schema.sql"});
    storage_.put(std::string(manifest_path), to_json(manifest_));
  }
  Manifest manifest_;
};

TEST_F(ManifestListTest, the_manifest_says_what_the_parts_are) {
  const auto list = list_parts(storage_).value();
  ASSERT_EQ(list.tables.size(), 1U);
  EXPECT_EQ(list.tables[0].schema_path, "d.t-schema.sql");
  ASSERT_EQ(list.tables[0].files.size(), 2U);
  EXPECT_EQ(list.tables[0].files[1].part, 1U);
  EXPECT_EQ(list.tables[0].digests.at(1).rows, 2U);
  EXPECT_EQ(list.bytes, 21U);
}

TEST_F(ManifestListTest, every_missing_or_short_part_is_named) {
  ASSERT_TRUE(storage_.remove("d.t.000000000.sql"));
  storage_.put("d.t.000000001.sql", "short");
  const auto list = list_parts(storage_);
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code(), ErrorCode::file_corrupt);
  EXPECT_NE(list.error().message().find("d.t.000000000.sql is missing"), std::string::npos);
  EXPECT_NE(list.error().message().find("d.t.000000001.sql is 5 bytes and should be 11"),
            std::string::npos);
}

TEST_F(ManifestListTest, a_data_file_the_manifest_does_not_know_is_refused) {
  put({"d.t.000000002.sql"});
  EXPECT_EQ(list_parts(storage_).error().code(), ErrorCode::file_unexpected);
}

}  // namespace
}  // namespace tideway
