#include "dumpfile/csv_reader.h"

#include <gtest/gtest.h>

#include <optional>

#include "storage/memory_storage.h"

namespace tideway {
namespace {

using Row = std::vector<std::optional<std::string>>;

// A file that comes in pieces of `piece` bytes.
class PieceReader : public ByteReader {
 public:
  PieceReader(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> read(char* to, std::size_t most) override {
    const std::size_t got = bytes_.copy(to, std::min(most, piece_), at_);
    at_ += got;
    return got;
  }

 private:
  const std::string bytes_;
  const std::size_t piece_;
  std::size_t at_ = 0;
};

Result<std::vector<Row>> rows_of(const CsvOptions& options, const std::string& text,
                                 std::size_t piece = 1 << 20U, std::size_t area_bytes = 1 << 20U,
                                 std::vector<std::uint64_t>* ends = nullptr) {
  auto reader = TRY(CsvReader::open(std::make_unique<PieceReader>(text, piece), options));
  std::string area(area_bytes, '\0');
  reader.set_area(area.data(), area.size());
  std::vector<Row> rows;
  while (true) {
    switch (TRY(reader.next())) {
      case CsvReader::Event::end:
        return rows;
      case CsvReader::Event::need_room: {
        std::string larger(area.size() + 100, '\0');
        reader.set_area(larger.data(), larger.size());
        area.swap(larger);
        break;
      }
      case CsvReader::Event::row: {
        Row& row = rows.emplace_back();
        for (const CsvValue& value : reader.values())
          row.push_back(value.is_null ? std::nullopt
                                      : std::optional<std::string>(reader.text(value)));
        if (ends != nullptr) ends->push_back(reader.row_end_offset());
        reader.set_area(area.data(), area.size());
        break;
      }
    }
  }
}

std::string message_of(const CsvOptions& options, const std::string& text) {
  const auto rows = rows_of(options, text);
  return rows ? "no error" : rows.error().message();
}

std::vector<Row> read(const CsvOptions& options, const std::string& text) {
  const auto rows = rows_of(options, text);
  EXPECT_TRUE(rows) << (rows ? "" : rows.error().to_line());
  return rows ? *rows : std::vector<Row>{};
}

using Rows1 = std::vector<Row>;

TEST(CsvReaderTest, reads_the_ordinary_forms) {
  const CsvOptions options;
  EXPECT_EQ(read(options, "1,\"a\",\\N\r\n2,,\"\"\n"),
            (Rows1{{"1", "a", std::nullopt}, {"2", "", ""}}));
  EXPECT_EQ(read(options, "1,2"), (Rows1{{"1", "2"}}));
  EXPECT_EQ(read(options, "1,"), (Rows1{{"1", ""}}));
  EXPECT_EQ(read(options, "\"a\"\"b\",\"c,\nd\"\n"), (Rows1{{"a\"b", "c,\nd"}}));
  EXPECT_EQ(read(options, "\\0\\b\\n\\r\\t\\Z\\x\\\\,\"\\\"\\n\"\n"),
            (Rows1{{std::string("\0\b\n\r\t\x1Ax\\", 8), "\"\n"}}));
  EXPECT_EQ(read(options, ""), Rows1{});
  EXPECT_EQ(read(options,
                 "\xEF\xBB\xBF"
                 "1\n"),
            (Rows1{{"1"}}));
}

TEST(CsvReaderTest, empty_lines_are_nothing_unless_they_are_rows) {
  CsvOptions options;
  EXPECT_EQ(read(options, "\n\r\n1\n\n   \n\"\"\n2\n"), (Rows1{{"1"}, {""}, {"2"}}));
  options.keeps_empty_lines = true;
  options.terminator = "\n";
  EXPECT_EQ(read(options, "\n1\n  \n"), (Rows1{{""}, {"1"}, {"  "}}));
}

TEST(CsvReaderTest, null_has_the_importers_rules) {
  CsvOptions options;
  EXPECT_EQ(read(options, "\\N,\"\\N\",\\\\N,\\Nx\n"),
            (Rows1{{std::nullopt, std::nullopt, "\\N", "Nx"}}));
  options.null_values = {"NULL", ""};
  EXPECT_EQ(read(options, "NULL,\"NULL\",,\"\",null,\\N\n"),
            (Rows1{{std::nullopt, std::nullopt, std::nullopt, std::nullopt, "null", "N"}}));
  options.quoted_null_is_text = true;
  EXPECT_EQ(read(options, "NULL,\"NULL\",,\"\"\n"),
            (Rows1{{std::nullopt, "NULL", std::nullopt, ""}}));
  options.has_null = false;
  EXPECT_EQ(read(options, "NULL,\n"), (Rows1{{"NULL", ""}}));
  CsvOptions plain;
  plain.escape = "";
  EXPECT_EQ(read(plain, "\\N,\\x\n"), (Rows1{{std::nullopt, "\\x"}}));
}

TEST(CsvReaderTest, dialects_of_other_programs) {
  CsvOptions tpch;
  tpch.separator = "|", tpch.delimiter = "", tpch.terminator = "|\n", tpch.has_null = false,
  tpch.escape = "";
  EXPECT_EQ(read(tpch, "1|a\"b|\n2|c\nd||\n"), (Rows1{{"1", "a\"b"}, {"2", "c\nd", ""}}));
  CsvOptions tsv;
  tsv.separator = "\t", tsv.delimiter = "", tsv.escape = "", tsv.null_values = {"NULL"};
  EXPECT_EQ(read(tsv, "a\\b\tNULL\n"), (Rows1{{"a\\b", std::nullopt}}));
}

TEST(CsvReaderTest, marks_of_several_bytes) {
  CsvOptions wide;
  wide.separator = "|*|", wide.delimiter = "''", wide.terminator = "|+|\n";
  EXPECT_EQ(read(wide, "a|*b|*|''x''''|*|''|+|\n'c|*|d|+e|+|\n"),
            (Rows1{{"a|*b", "x''|*|"}, {"'c", "d|+e"}}));
}

TEST(CsvReaderTest, trims_a_last_separator_when_told) {
  CsvOptions options;
  options.trims_last_separator = true;
  EXPECT_EQ(read(options, "1,2,\n3,\"\"\n"), (Rows1{{"1", "2"}, {"3", ""}}));
}

TEST(CsvReaderTest, errors_are_the_importers_with_place_and_row) {
  const CsvOptions options;
  EXPECT_EQ(message_of(options, "1\n\"a\"b\n"),
            "syntax error: cannot have consecutive fields without separator at offset 5 (row 2)");
  EXPECT_EQ(message_of(options, "a\"b\"\n"),
            "syntax error: cannot have consecutive fields without separator at offset 1 (row 1)");
  EXPECT_EQ(message_of(options, "\"abc"),
            "syntax error: unterminated quoted field at offset 4 (row 1)");
  EXPECT_EQ(message_of(options, "abc\\"),
            "syntax error: no character after backslash at offset 4 (row 1)");
  EXPECT_NE(message_of(options, std::string(20000, ',')).find("more than 10000 values"),
            std::string::npos);
}

TEST(CsvReaderTest, marks_that_cannot_be_told_apart_are_refused) {
  const auto refused = [](auto change) {
    CsvOptions options;
    change(options);
    return !check(options).has_value();
  };
  EXPECT_TRUE(refused([](CsvOptions& o) { o.separator = ""; }));
  EXPECT_TRUE(refused([](CsvOptions& o) { o.separator = "\"x"; }));
  EXPECT_TRUE(refused([](CsvOptions& o) { o.escape = ","; }));
  EXPECT_TRUE(refused([](CsvOptions& o) { o.escape = "ab"; }));
  EXPECT_TRUE(refused([](CsvOptions& o) { o.terminator = std::string(33, 'x'); }));
  EXPECT_FALSE(refused([](CsvOptions&) {}));
}

TEST(CsvReaderTest, multi_byte_characters_are_never_cut_by_marks_that_look_like_their_bytes) {
  CsvOptions gbk;
  gbk.charset = "gbk";
  gbk.separator = "|";
  // 0x815C ends in a backslash, 0x817C in a bar.
  EXPECT_EQ(read(gbk, "\x81\x5C|\"\x81\x7C\"|\\\x81\x5C\n"),
            (Rows1{{"\x81\x5C", "\x81\x7C", "\x81\x5C"}}));
  CsvOptions gb18030 = gbk;
  gb18030.charset = "gb18030";
  EXPECT_EQ(read(gb18030, "\x81\x30\x81\x30|x\n"), (Rows1{{"\x81\x30\x81\x30", "x"}}));
}

TEST(CsvReaderTest, pieces_and_areas_of_any_size_make_no_difference) {
  CsvOptions options;
  options.separator = "|*|", options.terminator = "|+|\n", options.delimiter = "''";
  std::string text;
  Rows1 expected;
  for (int i = 0; i < 200; ++i) {
    const std::string value(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    text += std::to_string(i) + "|*|''" + value + "''''|*|\\n''|*|\\N|+|\n";
    expected.push_back({std::to_string(i), value + "''|*|\n", std::nullopt});
  }
  std::vector<std::uint64_t> ends;
  ASSERT_EQ(rows_of(options, text, 1 << 20U, 1 << 20U, &ends).value(), expected);
  EXPECT_EQ(ends.back(), text.size());
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
    for (const std::size_t area : {64U, 65U, 100U}) {
      std::vector<std::uint64_t> other_ends;
      const auto rows = rows_of(options, text, piece, area, &other_ends);
      ASSERT_TRUE(rows) << rows.error().to_line();
      EXPECT_EQ(*rows, expected) << piece << " " << area;
      EXPECT_EQ(other_ends, ends);
    }
  }
}

TEST(CsvReaderTest, goes_on_at_the_end_of_any_row) {
  const CsvOptions options;
  const std::string text = "1,\"a\nb\"\r\n2,\"c\"\r\n\r\n3,\"d\"\r\n";
  std::vector<std::uint64_t> ends;
  const auto all = rows_of(options, text, 1000, 1000, &ends).value();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    auto reader = CsvReader::open(std::make_unique<PieceReader>(text.substr(ends[i]), 1000),
                                  options, ends[i], i + 1)
                      .value();
    std::string area(1000, '\0');
    reader.set_area(area.data(), area.size());
    const auto event = reader.next().value();
    if (i + 1 == ends.size()) {
      EXPECT_EQ(event, CsvReader::Event::end);
      continue;
    }
    ASSERT_EQ(event, CsvReader::Event::row);
    EXPECT_EQ(reader.rows(), i + 2);
    EXPECT_EQ(reader.row_end_offset(), ends[i + 1]);
    EXPECT_EQ(reader.text(reader.values()[0]), *all[i + 1][0]);
  }
}

TEST(TextDecoderTest, knows_mysqls_character_sets) {
  std::string out;
  EXPECT_FALSE(TextDecoder::open("latin1")->decode("\xE9\x80\x81", out));
  EXPECT_EQ(out, "\xC3\xA9\xE2\x82\xAC\xC2\x81");
  out.clear();
  EXPECT_FALSE(TextDecoder::open("GBK")->decode("\xD6\xD0", out));
  EXPECT_EQ(out, "\xE4\xB8\xAD");
  out.clear();
  EXPECT_FALSE(TextDecoder::open("gb18030")->decode("\xD6\xD0", out));
  EXPECT_EQ(out, "\xE4\xB8\xAD");
  out.clear();
  EXPECT_EQ(TextDecoder::open("gbk")->decode("ab\xFF", out), 2U);
  EXPECT_EQ(out, "ab");
  out.clear();
  const std::string replacement = "?";
  EXPECT_FALSE(
      TextDecoder::open("gbk")->decode("ab\xFF"
                                       "c",
                                       out, &replacement));
  EXPECT_EQ(out, "ab?c");
  EXPECT_TRUE(TextDecoder::open("utf8mb4")->is_identity());
  EXPECT_EQ(TextDecoder::open("klingon").error().code(), ErrorCode::not_supported);
}

}  // namespace
}  // namespace tideway
