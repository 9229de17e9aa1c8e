#include "dumpfile/part_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dumpfile/blocks.h"
#include "dumpfile/dump_sink.h"
#include "storage/fault_storage.h"
#include "storage/memory_storage.h"

namespace tideway {
namespace {

using testing::RowText;
using testing::TableBuilder;

const TableId table_id{"d`b/x", "t.-schema"};

// The ledger of a target, in memory.
class MapLedger : public Ledger {
 public:
  Result<std::vector<StreamState>> streams(const TableId& table) override { return states[table]; }
  Result<void> plan(std::span<const Stream> streams) override {
    for (const Stream& stream : streams) planned.push_back(stream);
    return {};
  }
  std::map<TableId, std::vector<StreamState>> states;
  std::vector<Stream> planned;
};

// What a load saw of one stream.
struct Loaded {
  std::vector<RowText> rows;
  std::vector<std::string> marks;         // of each block
  std::vector<std::size_t> rows_at_mark;  // rows up to it
  std::vector<Digest> digests;            // likewise
  bool has_ended = false;
};

// Every type with values at its edges: what must come back is exactly what went in.
TablePtr all_types() {
  TableBuilder builder(table_id);
  builder.column("id", TypeKind::big_int)
      .column("tiny", TypeKind::tiny_int)
      .column("dec", TypeKind::decimal)
      .column("f", TypeKind::float_number);
  builder.column("dbl", TypeKind::double_number)
      .column("bit1", TypeKind::bit, 1)
      .column("bit13", TypeKind::bit, 13)
      .column("bit64", TypeKind::bit, 64);
  builder.generated("gen", TypeKind::integer)
      .column("y", TypeKind::year)
      .column("da`te,\"x", TypeKind::date)
      .column("ti", TypeKind::time);
  builder.column("ts", TypeKind::timestamp)
      .column("ch", TypeKind::fixed_char)
      .column("vc", TypeKind::var_char)
      .column("lt", TypeKind::long_text);
  builder.column("bin", TypeKind::fixed_binary)
      .column("blob", TypeKind::long_blob)
      .column("en", TypeKind::enumeration)
      .column("se", TypeKind::set);
  builder.column("js", TypeKind::json)
      .column("geo", TypeKind::geometry)
      .column("un", TypeKind::unknown);
  return builder.make();
}

std::string bytes_of(std::mt19937& random, bool is_benign) {
  static const std::vector<std::string> pieces{"",
                                               "a",
                                               "\\",
                                               "'",
                                               "\"",
                                               "\n",
                                               "\r\n",
                                               std::string(1, '\0'),
                                               "\x1A",
                                               "\xFF",
                                               "\xC3\xA9",
                                               "\xF0\x9F\x98\x80",
                                               ",",
                                               ";",
                                               "|",
                                               "|*|",
                                               "aa",
                                               "|+|\n",
                                               "\\N",
                                               "NULL",
                                               "--",
                                               "<q>",
                                               "<",
                                               "-",
                                               "/*",
                                               "');",
                                               "\t",
                                               "''",
                                               " ",
                                               "x'",
                                               "\\\\",
                                               "%",
                                               "\b",
                                               "0",
                                               std::string(40, 'q')};
  static const std::vector<std::string> benign{
      "", "z", "quick", "\xC3\xA9", "Fox 12", "longer than sixteen bytes of text"};
  const auto& chosen = is_benign ? benign : pieces;
  std::string bytes;
  for (auto count = random() % 6; count > 0; --count) bytes += chosen[random() % chosen.size()];
  if (random() % 50 == 0) bytes.append(70000, is_benign ? 'k' : '\'');
  return bytes;
}

RowText random_row(std::mt19937& random, const TableDef& table, bool is_benign) {
  static const std::vector<std::string> numbers{
      "0", "-1", "9223372036854775807", "-9223372036854775808", "12", "7", "18446744073709551615"};
  static const std::vector<std::string> decimals{
      "3.50", "-0.000001", "99999999999999999999999999999999999.999999999999999999999999999999",
      "0.0"};
  static const std::vector<std::string> doubles{
      "1e20", "-1.7976931348623157e308", "0.1", "3.4028234663852886e38", "5e-324", "1"};
  RowText row;
  for (const std::uint32_t ordinal : stored_columns(table)) {
    const ColumnType& type = table.columns[ordinal].type;
    if (ordinal != 0 && random() % 6 == 0) {
      row.emplace_back(std::nullopt);
    } else if (is_integer(type.kind)) {
      row.emplace_back(numbers[random() % numbers.size()]);
    } else if (type.kind == TypeKind::decimal) {
      row.emplace_back(decimals[random() % decimals.size()]);
    } else if (class_of(type) == TypeClass::number) {
      row.emplace_back(doubles[random() % doubles.size()]);
    } else if (type.kind == TypeKind::bit) {
      std::string bits((type.length + 7) / 8, '\0');
      for (char& c : bits) c = is_benign ? 'A' : static_cast<char>(random());
      row.emplace_back(bits);
    } else if (class_of(type) == TypeClass::bytes) {
      row.emplace_back(bytes_of(random, is_benign));
    } else {
      row.emplace_back(bytes_of(random, is_benign));
    }
  }
  return row;
}

class PartSourceTest : public ::testing::Test {
 protected:
  Result<void> dump(Storage& storage, const DumpFormat& format, const TablePtr& table,
                    const std::vector<std::vector<RowText>>& streams) {
    auto sink = TRY(DumpSink::open(storage, format, "", memory_, {}));
    auto writer = TRY(sink->open_writer({}));
    for (std::uint64_t ordinal = 0; ordinal < streams.size(); ++ordinal) {
      const auto stream = testing::stream_of(table->id, ordinal, ordinal + 1 == streams.size());
      TRY(sink->ledger().plan(std::vector<Stream>{*stream}));
      Digest digest;
      const auto& rows = streams[ordinal];
      for (std::size_t at = 0; at < rows.size(); at += 7) {
        const auto first = rows.begin() + static_cast<std::ptrdiff_t>(at);
        Block block = testing::block_of(
            memory_, stream, table,
            {first,
             first + static_cast<std::ptrdiff_t>(std::min<std::size_t>(7, rows.size() - at))});
        digest += testing::digest_of(block);
        TRY(writer->write(std::move(block), {}));
      }
      Block last(stream, *memory_.borrow(64, {}));
      last.add_end({digest});
      TRY(writer->write(std::move(last), {}));
    }
    TRY(writer->finish({}));
    return sink->complete({});
  }

  Result<std::map<std::uint64_t, Loaded>> load(Storage& storage, const PartList& list,
                                               const TablePtr& table, Ledger& ledger,
                                               PartSourceOptions options = {}) {
    PartSource source(
        storage, list, [&table](const TableId&) -> Result<TablePtr> { return table; }, ledger,
        memory_, std::move(options));
    auto reader = TRY(source.open_reader({}));
    std::map<std::uint64_t, Loaded> streams;
    while (auto block = TRY(reader->next({}))) {
      Loaded& loaded = streams[block->stream().ordinal];
      EXPECT_FALSE(loaded.has_ended);
      Digest digest = loaded.digests.empty() ? Digest{} : loaded.digests.back();
      for (const Item& item : block->items()) {
        if (const auto* rows = std::get_if<Rows>(&item)) {
          const auto cells = block->cells(*rows);
          for (std::size_t row = 0; row < rows->row_count; ++row) {
            RowText& text = loaded.rows.emplace_back();
            for (std::size_t i = 0; i < rows->cells_per_row(); ++i) {
              const Cell& cell = cells[row * rows->cells_per_row() + i];
              text.push_back(cell.is_null() ? std::nullopt
                                            : std::optional<std::string>(block->text(cell)));
            }
          }
        } else {
          loaded.has_ended = true;
        }
      }
      digest += testing::digest_of(*block);
      loaded.marks.push_back(block->mark());
      loaded.rows_at_mark.push_back(loaded.rows.size());
      loaded.digests.push_back(digest);
    }
    uncompared_ = source.uncompared_parts();
    return streams;
  }

  std::vector<RowText> load_all(Storage& storage, const TablePtr& table) {
    const auto list = list_parts(storage);
    if (!list) {
      ADD_FAILURE() << list.error().to_line();
      return {};
    }
    MapLedger ledger;
    const auto streams = load(storage, *list, table, ledger);
    if (!streams) {
      ADD_FAILURE() << streams.error().to_line();
      return {};
    }
    EXPECT_EQ(uncompared_, 0U);
    std::vector<RowText> all;
    for (const auto& [ordinal, loaded] : *streams) {
      EXPECT_TRUE(loaded.has_ended);
      all.insert(all.end(), loaded.rows.begin(), loaded.rows.end());
    }
    return all;
  }

  void expect_round_trip(const DumpFormat& format, bool is_benign = false) {
    std::mt19937 random(42);
    const TablePtr table = all_types();
    std::vector<std::vector<RowText>> streams(3);
    for (int i = 0; i < 60; ++i)
      streams[static_cast<std::size_t>(i % 2)].push_back(random_row(random, *table, is_benign));
    std::vector<RowText> expected = streams[0];
    expected.insert(expected.end(), streams[1].begin(), streams[1].end());
    MemoryStorage storage;
    const auto dumped = dump(storage, format, table, streams);
    ASSERT_TRUE(dumped) << dumped.error().to_line();
    const auto found = load_all(storage, table);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      ASSERT_TRUE(found[i] == expected[i]) << "row " << i;
  }

  MemoryArbiter memory_{1ULL << 30U};
  std::uint64_t uncompared_ = 0;
};

TEST_F(PartSourceTest, every_type_comes_back_from_sql_under_every_option) {
  for (const Compression compression :
       {Compression::none, Compression::gzip, Compression::snappy, Compression::zstd}) {
    for (const bool escapes : {true, false}) {
      for (const std::uint64_t statement : {0U, 300U, 1000000U}) {
        for (const std::uint64_t file : {0U, 2000U}) {
          DumpFormat format;
          format.compression = compression;
          format.escape_backslash = escapes;
          format.statement_bytes = statement;
          format.file_bytes = file;
          format.header = escapes ? SqlHeader::mysql : SqlHeader::mariadb;
          SCOPED_TRACE(::testing::Message()
                       << "compression " << suffix_of(compression) << " escapes " << escapes
                       << " statement " << statement << " file " << file);
          expect_round_trip(format);
        }
      }
    }
  }
}

TEST_F(PartSourceTest, every_type_comes_back_from_csv_under_every_option_that_is_accepted) {
  int accepted = 0;
  for (const char* separator : {",", "a", "aa", "|*|", "\t"}) {
    for (const char* delimiter : {"\"", "'", "", "--", "<q>"}) {
      for (const char* terminator : {"\r\n", "\n", "|+|\n"}) {
        for (const bool escapes : {true, false}) {
          DumpFormat format;
          format.file_type = FileType::csv;
          format.csv.separator = separator;
          format.csv.delimiter = delimiter;
          format.csv.terminator = terminator;
          format.csv.has_header = escapes;
          format.escape_backslash = escapes;
          format.compression =
              std::vector{Compression::none, Compression::gzip, Compression::snappy,
                          Compression::zstd}[static_cast<std::size_t>(accepted % 4)];
          format.file_bytes = accepted % 3 == 0 ? 3000 : 0;
          if (!check(format)) continue;
          ++accepted;
          SCOPED_TRACE(::testing::Message()
                       << "separator " << separator << " delimiter " << delimiter << " terminator "
                       << terminator << " escapes " << escapes);
          // Raw text without any quoting comes back only where it holds no mark.
          const bool is_raw = !escapes && format.csv.delimiter.empty();
          if (is_raw && format.csv.separator != "|*|") continue;
          expect_round_trip(format, is_raw);
        }
      }
    }
  }
  EXPECT_GE(accepted, 100);
}

TEST_F(PartSourceTest, binary_values_come_back_from_every_csv_dialect) {
  for (const CsvDialect dialect :
       {CsvDialect::snowflake, CsvDialect::redshift, CsvDialect::bigquery}) {
    DumpFormat format;
    format.file_type = FileType::csv;
    format.csv.dialect = dialect;
    expect_round_trip(format);
  }
}

TEST_F(PartSourceTest, a_table_of_generated_columns_keeps_its_rows) {
  const auto table = TableBuilder(table_id).generated("g", TypeKind::integer).make();
  for (const FileType type : {FileType::sql, FileType::csv}) {
    DumpFormat format;
    format.file_type = type;
    MemoryStorage storage;
    ASSERT_TRUE(dump(storage, format, table, {std::vector<RowText>(100)}));
    EXPECT_EQ(load_all(storage, table).size(), 100U);
  }
}

TEST_F(PartSourceTest, goes_on_behind_every_mark_with_every_row_once) {
  std::mt19937 random(7);
  const TablePtr table = all_types();
  std::vector<RowText> rows;
  for (int i = 0; i < 25; ++i) rows.push_back(random_row(random, *table, false));
  for (const Compression compression : {Compression::none, Compression::zstd}) {
    for (const FileType type : {FileType::sql, FileType::csv}) {
      DumpFormat format;
      format.file_type = type;
      format.compression = compression;
      format.statement_bytes = 2000;
      MemoryStorage storage;
      ASSERT_TRUE(dump(storage, format, table, {rows}));
      const auto list = list_parts(storage).value();
      PartSourceOptions options;
      options.block_bytes = 4096;  // a block a row
      MapLedger fresh;
      const auto whole = load(storage, list, table, fresh, options).value().at(0);
      ASSERT_EQ(whole.rows, rows);
      ASSERT_GE(whole.marks.size(), rows.size());
      for (std::size_t i = 0; i + 1 < whole.marks.size(); ++i) {
        if (whole.marks[i].empty()) continue;
        MapLedger ledger;
        ledger.states[table->id].push_back(
            {fresh.planned[0], false, whole.marks[i], whole.digests[i]});
        const auto rest = load(storage, list, table, ledger, options);
        ASSERT_TRUE(rest) << whole.marks[i] << ": " << rest.error().to_line();
        EXPECT_EQ(uncompared_, 0U);  // the digest of both halves together is the manifest's
        const std::vector<RowText> expected(
            rows.begin() + static_cast<std::ptrdiff_t>(whole.rows_at_mark[i]), rows.end());
        EXPECT_TRUE(rest->at(0).rows == expected) << whole.marks[i];
        EXPECT_TRUE(rest->at(0).has_ended);
      }
    }
  }
}

TEST_F(PartSourceTest, a_large_file_is_dealt_out_and_each_stripe_goes_on_by_itself) {
  const auto table =
      TableBuilder(table_id).column("id", TypeKind::integer).column("c", TypeKind::var_char).make();
  std::vector<RowText> rows;
  for (int i = 0; i < 5000; ++i) {
    rows.push_back({std::to_string(i),
                    std::string(i == 2500 ? 3000000 : 1000, static_cast<char>('a' + i % 26))});
  }
  for (const Compression compression : {Compression::none, Compression::zstd}) {
    for (const FileType type : {FileType::sql, FileType::csv}) {
      DumpFormat format;
      format.file_type = type;
      format.compression = compression;
      MemoryStorage storage;
      ASSERT_TRUE(dump(storage, format, table, {rows}));
      const auto list = list_parts(storage).value();
      PartSourceOptions options;
      options.stripe_bytes = 2 << 20U;
      options.stripes_most = 3;
      options.block_bytes = 200000;
      MapLedger fresh;
      const auto whole = load(storage, list, table, fresh, options).value();
      ASSERT_EQ(whole.size(), 3U);
      ASSERT_EQ(fresh.planned.size(), 3U);
      EXPECT_TRUE(fresh.planned[2].is_last);
      std::vector<int> seen(rows.size());
      for (const auto& [ordinal, loaded] : whole) {
        EXPECT_TRUE(loaded.has_ended);
        EXPECT_GT(loaded.rows.size(), 500U);
        for (const RowText& row : loaded.rows) ++seen[static_cast<std::size_t>(std::stoi(*row[0]))];
      }
      EXPECT_EQ(std::ranges::count(seen, 1), 5000);
      EXPECT_EQ(uncompared_, 0U);
      // Any mixture of what the stripes have: all, nothing, some.
      std::mt19937 random(3);
      for (int round = 0; round < 12; ++round) {
        MapLedger ledger;
        std::vector<int> again(rows.size());
        for (const auto& [ordinal, loaded] : whole) {
          const std::size_t block = random() % loaded.marks.size();
          StreamState state{fresh.planned[ordinal], random() % 4 == 0, "", {}};
          std::size_t kept = 0;
          if (state.is_done) {
            kept = loaded.rows.size();
            state.digest = loaded.digests.back();
          } else if (random() % 4 != 0) {
            kept = loaded.rows_at_mark[block];
            state.mark = loaded.marks[block];
            state.digest = loaded.digests[block];
          }
          for (std::size_t i = 0; i < kept; ++i)
            ++again[static_cast<std::size_t>(std::stoi(*loaded.rows[i][0]))];
          ledger.states[table->id].push_back(state);
        }
        const auto rest = load(storage, list, table, ledger, options);
        ASSERT_TRUE(rest) << rest.error().to_line();
        for (const auto& [ordinal, loaded] : *rest) {
          for (const RowText& row : loaded.rows)
            ++again[static_cast<std::size_t>(std::stoi(*row[0]))];
        }
        EXPECT_EQ(std::ranges::count(again, 1), 5000) << "round " << round;
      }
    }
  }
}

TEST_F(PartSourceTest, done_streams_are_left_out_and_others_files_are_refused) {
  const auto table = TableBuilder(table_id).column("id", TypeKind::integer).make();
  MemoryStorage storage;
  ASSERT_TRUE(dump(storage, {}, table, {{{"1"}}, {{"2"}}, {{"3"}}}));
  const auto list = list_parts(storage).value();
  MapLedger fresh;
  ASSERT_EQ(load(storage, list, table, fresh)->size(), 3U);
  ASSERT_EQ(fresh.planned.size(), 3U);
  EXPECT_TRUE(fresh.planned[2].is_last);
  EXPECT_FALSE(fresh.planned[1].is_last);
  MapLedger ledger;
  ledger.states[table->id].push_back({fresh.planned[1], true, "", {}});
  const auto rest = load(storage, list, table, ledger).value();
  EXPECT_TRUE(rest.contains(0) && !rest.contains(1) && rest.contains(2));
  ledger.states[table->id][0].stream.range = "other";
  EXPECT_EQ(load(storage, list, table, ledger).error().code(), ErrorCode::job_differs);
}

TEST_F(PartSourceTest, changed_bytes_in_a_part_are_noticed_before_it_counts) {
  const auto table =
      TableBuilder(table_id).column("id", TypeKind::integer).column("c", TypeKind::var_char).make();
  DumpFormat format;
  format.file_bytes = 150;  // several files a part: their digests add up
  MemoryStorage storage;
  ASSERT_TRUE(dump(storage, format, table, {std::vector<RowText>(20, RowText{"1", "abcdef"})}));
  for (const auto& [path, bytes] : storage.files()) {
    if (!path.ends_with("0002.sql")) continue;
    std::string changed = bytes;
    changed[changed.find("abcdef")] = 'X';
    storage.put(path, changed);
  }
  MapLedger ledger;
  const auto loaded = load(storage, list_parts(storage).value(), table, ledger);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::file_corrupt);
  EXPECT_NE(loaded.error().to_line().find("other rows than were dumped"), std::string::npos);
  for (const auto& [path, bytes] : storage.files()) {
    if (!path.ends_with(".sql") || path.find("schema") != std::string::npos) continue;
    EXPECT_NE(loaded.error().message().find(path + ", bytes 0 to " + std::to_string(bytes.size())),
              std::string::npos)
        << loaded.error().message();
  }
}

TEST_F(PartSourceTest, the_file_of_a_part_that_lost_a_row_is_the_one_named) {
  const auto table =
      TableBuilder(table_id).column("id", TypeKind::integer).column("c", TypeKind::var_char).make();
  DumpFormat format;
  format.file_bytes = 150;
  MemoryStorage storage;
  ASSERT_TRUE(dump(storage, format, table, {std::vector<RowText>(40, RowText{"1", "abcdef"})}));
  const std::string cut_out = "(1,'abcdef'),\n";
  std::string shortened;
  std::size_t size = 0;
  for (const auto& [path, bytes] : storage.files()) {
    if (!path.ends_with("0002.sql")) continue;
    std::string changed = bytes;
    const std::size_t at = changed.find(cut_out);
    ASSERT_NE(at, std::string::npos) << bytes;
    // Its size stays as the manifest has it.
    changed.replace(at, cut_out.size(), std::string(cut_out.size(), ' '));
    shortened = path;
    size = changed.size();
    storage.put(path, changed);
  }
  MapLedger ledger;
  const auto loaded = load(storage, list_parts(storage).value(), table, ledger);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::file_corrupt);
  EXPECT_EQ(loaded.error().evidence().position, shortened + ":0-" + std::to_string(size));
  EXPECT_EQ(loaded.error().message().find("or in"), std::string::npos) << loaded.error().message();
}

TEST_F(PartSourceTest, without_the_same_columns_digests_are_counted_as_not_compared) {
  const auto table = TableBuilder(table_id).column("id", TypeKind::integer).make();
  const auto wider = TableBuilder(table_id).column("id", TypeKind::big_int).make();
  MemoryStorage storage;
  ASSERT_TRUE(dump(storage, {}, table, {{{"1"}}, {{"2"}}}));
  MapLedger ledger;
  ASSERT_TRUE(load(storage, list_parts(storage).value(), wider, ledger));
  EXPECT_EQ(uncompared_, 2U);
}

TEST_F(PartSourceTest, truncated_and_broken_files_name_file_byte_and_row) {
  const auto table = TableBuilder({"d", "t"})
                         .column("id", TypeKind::integer)
                         .column("c", TypeKind::var_char)
                         .make();
  const auto error_of = [&](const std::string& path, const std::string& text) {
    MemoryStorage storage;
    storage.put(path, text);
    MapLedger ledger;
    const auto loaded = load(storage, list_parts(storage).value(), table, ledger);
    if (!loaded) return loaded.error();
    ADD_FAILURE() << "loaded " << text;
    return Error(ErrorCode::internal, Side::local, Retry::never, "");
  };
  const Error cut = error_of("d.t.sql", "INSERT INTO `t` VALUES\n(1,'a'),\n(2,'b");
  EXPECT_EQ(cut.code(), ErrorCode::file_corrupt);
  EXPECT_NE(cut.to_line().find("d.t.sql"), std::string::npos);
  EXPECT_TRUE(cut.evidence().position.starts_with("d.t.sql:")) << cut.evidence().position;
  const Error narrow = error_of("d.t.sql", "INSERT INTO `t` VALUES\n(1,'a'),\n(2);\n");
  EXPECT_EQ(narrow.code(), ErrorCode::column_count);
  EXPECT_NE(narrow.to_line().find("row 2 has 1 values and should have 2"), std::string::npos);
  EXPECT_EQ(narrow.evidence().position, "d.t.sql:32");
  EXPECT_EQ(error_of("d.t.csv", "id,c\n1,\"a\n").code(), ErrorCode::file_syntax);
  EXPECT_EQ(error_of("d.t.csv", "id,c\n1,a,b\n").code(), ErrorCode::column_count);
  EXPECT_EQ(error_of("d.t.csv", "id,d\n1,a\n").code(), ErrorCode::definition_mismatch);
  EXPECT_EQ(error_of("d.t.sql.gz", "no gzip").code(), ErrorCode::file_corrupt);
  EXPECT_EQ(
      error_of("d.t.sql", "INSERT INTO `t` VALUES (1,'a');\nINSERT INTO `u` VALUES (1,'a');\n")
          .code(),
      ErrorCode::file_unexpected);
  EXPECT_EQ(error_of("d.t.sql", "DELETE FROM t;\n").code(), ErrorCode::file_syntax);
}

TEST_F(PartSourceTest, columns_go_by_their_names_and_values_become_cell_text) {
  auto builder = TableBuilder({"d", "t"})
                     .column("id", TypeKind::integer)
                     .column("name", TypeKind::var_char)
                     .column("bits", TypeKind::bit, 10)
                     .column("bin", TypeKind::var_binary);
  builder.generated("g", TypeKind::integer).column("lat", TypeKind::var_char);
  builder.def.columns.back().type.charset = "latin1";
  const auto table = builder.make();
  MemoryStorage storage;
  storage.put("d.t.1.sql",
              "/*!40101 SET NAMES utf8mb4 */;\nLOCK TABLES `t` WRITE;\n"
              "INSERT INTO `t` (`BIN`,`id`,`g`,`bits`) VALUES "
              "(0x00FF,x'10',DEFAULT,b'101'),('raw',TRUE,7,5),(NULL,-5,NULL,'\\0A');\n"
              "REPLACE INTO t (name,lat) VALUES ('n',x'E9');\nUNLOCK TABLES;\n");
  MapLedger ledger;
  const auto loaded = load(storage, list_parts(storage).value(), table, ledger);
  ASSERT_TRUE(loaded) << loaded.error().to_line();
  const std::string five("\0\x05", 2), a("\0A", 2), null_ff("\0\xFF", 2);
  EXPECT_EQ(
      loaded->at(0).rows,
      (std::vector<RowText>{
          {"16", five, null_ff}, {"1", five, "raw"}, {"-5", a, std::nullopt}, {"n", "\xC3\xA9"}}));
}

TEST_F(PartSourceTest, csv_of_other_character_sets_becomes_utf8_and_binary_columns_stay) {
  const auto table =
      TableBuilder({"d", "t"}).column("c", TypeKind::var_char).column("b", TypeKind::blob).make();
  MemoryStorage storage;
  storage.put("d.t.csv", "c,b\n\"\xD6\xD0\x81\x5C\",\"\xD6\xD0\"\n");
  PartSourceOptions options;
  options.csv.charset = "gbk";
  MapLedger ledger;
  const auto loaded = load(storage, list_parts(storage).value(), table, ledger, options);
  ASSERT_TRUE(loaded) << loaded.error().to_line();
  ASSERT_EQ(loaded->at(0).rows.size(), 1U);
  EXPECT_TRUE(loaded->at(0).rows[0][0]->starts_with("\xE4\xB8\xAD"));
  EXPECT_EQ(loaded->at(0).rows[0][1], "\xD6\xD0");
  storage.put("d.t.csv", "c,b\n\"\xD6\xD0\xFF\",\"\"\n");
  EXPECT_EQ(load(storage, list_parts(storage).value(), table, ledger, options).error().code(),
            ErrorCode::charset);
}

TEST_F(PartSourceTest, timestamps_of_another_zone_are_refused) {
  const auto table = TableBuilder({"d", "t"}).column("ts", TypeKind::timestamp).make();
  MemoryStorage storage;
  storage.put("d.t.sql",
              "SET TIME_ZONE='+08:00';\nINSERT INTO t VALUES ('2020-01-01 00:00:00');\n");
  MapLedger ledger;
  EXPECT_EQ(load(storage, list_parts(storage).value(), table, ledger).error().code(),
            ErrorCode::not_supported);
  storage.put(
      "d.t.sql",
      "/*!40103 SET TIME_ZONE='+00:00' */;\nINSERT INTO t VALUES ('2020-01-01 00:00:00');\n");
  MapLedger other;
  EXPECT_TRUE(load(storage, list_parts(storage).value(), table, other));
}

TEST_F(PartSourceTest, a_row_of_64_mib_travels_alone_in_bounded_memory) {
  const auto table = TableBuilder({"d", "t"})
                         .column("id", TypeKind::integer)
                         .column("c", TypeKind::long_text)
                         .make();
  const std::string large = std::string(64U << 20U, 'x') + "'\\";
  for (const FileType type : {FileType::sql, FileType::csv}) {
    DumpFormat format;
    format.file_type = type;
    format.compression = Compression::zstd;
    MemoryStorage storage;
    ASSERT_TRUE(dump(storage, format, table, {{{"1", "before"}, {"2", large}, {"3", "after"}}}));
    const auto list = list_parts(storage).value();
    MemoryArbiter small(96U << 20U);
    MapLedger ledger;
    PartSource source(storage, list, [&table](const TableId&) -> Result<TablePtr> { return table; },
                      ledger, small, {});
    auto reader = source.open_reader({}).value();
    std::vector<std::size_t> rows;
    while (auto block = reader->next({}).value()) {
      if (block->row_count() != 0) rows.push_back(block->row_count());
      EXPECT_TRUE(block->byte_count() < (1U << 21U) || block->row_count() == 1);
    }
    EXPECT_EQ(rows, (std::vector<std::size_t>{1, 1, 1}));
    EXPECT_LE(small.peak_bytes(), 80U << 20U);
  }
}

TEST_F(PartSourceTest, a_disk_that_fails_anywhere_is_an_error_and_never_a_shorter_load) {
  const auto table = TableBuilder(table_id).column("id", TypeKind::integer).make();
  MemoryStorage storage;
  DumpFormat format;
  format.compression = Compression::gzip;
  ASSERT_TRUE(
      dump(storage, format, table,
           {std::vector<RowText>(1000, RowText{"12"}), std::vector<RowText>(10, RowText{"13"})}));
  testing::FaultStorage faulty(storage);
  const auto all = [&]() -> Result<std::size_t> {
    const auto list = TRY(list_parts(faulty));
    MapLedger ledger;
    std::size_t rows = 0;
    const auto streams = TRY(load(faulty, list, table, ledger));
    for (const auto& [ordinal, loaded] : streams) rows += loaded.rows.size();
    return rows;
  };
  ASSERT_EQ(all().value(), 1010U);
  const std::uint64_t calls = faulty.calls();
  for (std::uint64_t call = 1; call <= calls; ++call) {
    faulty.fail_at(call);
    EXPECT_FALSE(all()) << call;
  }
}

}  // namespace
}  // namespace tideway
