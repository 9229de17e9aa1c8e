#include "dumpfile/row_text.h"

#include <gtest/gtest.h>

#include "dumpfile/blocks.h"
#include "storage/memory_storage.h"

namespace tideway {
namespace {

using testing::RowText;
using testing::TableBuilder;

const TableId table_id{"d", "t"};

template <typename Text>
std::string text_of(const DumpFormat& format, const TablePtr& table,
                    const std::vector<RowText>& rows) {
  MemoryArbiter memory(1ULL << 30U);
  MemoryStorage storage;
  const Block block = testing::block_of(memory, testing::stream_of(table_id), table, rows);
  const auto& all = std::get<Rows>(block.items()[0]);
  const Text text(format, *table, all.after);
  auto file = storage.open_write("x", {}).value();
  TextOut out;
  out.set_file(file.get(), {});
  for (std::uint32_t row = 0; row < all.row_count; ++row)
    text.put_row(out, block, block.cells(all).data() + row * all.cells_per_row());
  out.flush();
  EXPECT_TRUE(out.result());
  EXPECT_TRUE(file->publish({}));
  return storage.files().at("x");
}

DumpFormat csv_format() {
  DumpFormat format;
  format.file_type = FileType::csv;
  return format;
}

TEST(SqlRowsTest, each_class_has_its_form) {
  const auto table = TableBuilder(table_id)
                         .column("n", TypeKind::integer)
                         .column("c", TypeKind::var_char)
                         .column("b", TypeKind::blob)
                         .column("y", TypeKind::year)
                         .make();
  EXPECT_EQ(text_of<SqlRows>({}, table, {{"1", "a", std::string("\0\xff", 2), "1999"}}),
            "(1,'a',x'00ff','1999')");
  EXPECT_EQ(text_of<SqlRows>({}, table, {{std::nullopt, "", "", std::nullopt}}),
            "(NULL,'',x'',NULL)");
  EXPECT_EQ(text_of<SqlRows>({}, table, {{"1", std::string("\0\n\r\\'\"\x1a", 7), "", "0"}}),
            "(1,'\\0\\n\\r\\\\\\'\\\"\\Z',x'','0')");
}

TEST(SqlRowsTest, without_escapes_only_quotes_are_doubled) {
  const auto table = TableBuilder(table_id).column("c", TypeKind::text).make();
  DumpFormat format;
  format.escape_backslash = false;
  EXPECT_EQ(text_of<SqlRows>(format, table, {{"it's \\ \n\"x\" '"}}), "('it''s \\ \n\"x\" ''')");
  EXPECT_EQ(text_of<SqlRows>(format, table, {{std::nullopt}}), "(NULL)");
}

TEST(SqlRowsTest, a_cell_larger_than_every_buffer_is_the_same_text) {
  const auto table = TableBuilder(table_id)
                         .column("c", TypeKind::long_text)
                         .column("b", TypeKind::long_blob)
                         .make();
  const std::string quotes(3000001, '\'');
  std::string escaped, hex;
  for (std::size_t i = 0; i < quotes.size(); ++i) escaped += "\\'", hex += "27";
  EXPECT_TRUE(text_of<SqlRows>({}, table, {{quotes, quotes}}) ==
              "('" + escaped + "',x'" + hex + "')");
}

TEST(SqlRowsTest, the_prefix_lists_columns_when_not_all_of_them_are_there) {
  DumpFormat format;
  auto plain =
      TableBuilder({"d", "t`x"}).column("a", TypeKind::integer).column("b`", TypeKind::integer);
  EXPECT_EQ(SqlRows(format, plain.def, ColumnSet({0, 1})).prefix(), "INSERT INTO `t``x` VALUES\n");
  format.complete_insert = true;
  EXPECT_EQ(SqlRows(format, plain.def, ColumnSet({0, 1})).prefix(),
            "INSERT INTO `t``x` (`a`,`b```) VALUES\n");
  format.complete_insert = false;
  auto generated =
      TableBuilder(table_id).column("a", TypeKind::integer).generated("g", TypeKind::integer);
  EXPECT_EQ(SqlRows(format, generated.def, ColumnSet({0})).prefix(),
            "INSERT INTO `t` (`a`) VALUES\n");
  plain.def.columns[0].is_invisible = true;
  EXPECT_EQ(SqlRows(format, plain.def, ColumnSet({0, 1})).prefix(),
            "INSERT INTO `t``x` (`a`,`b```) VALUES\n");
}

TEST(SqlRowsTest, a_table_of_generated_columns_has_empty_rows) {
  const auto table = TableBuilder(table_id).generated("g", TypeKind::integer).make();
  EXPECT_EQ(text_of<SqlRows>({}, table, {{}, {}}), "()()");
  EXPECT_EQ(SqlRows({}, *table, ColumnSet()).prefix(), "INSERT INTO `t` VALUES\n");
  EXPECT_EQ(text_of<CsvRows>(csv_format(), table, {{}, {}}), "\r\n\r\n");
  EXPECT_EQ(CsvRows(csv_format(), *table, ColumnSet()).file_head(), "");
}

TEST(CsvRowsTest, each_class_has_its_form) {
  const auto table = TableBuilder(table_id)
                         .column("n", TypeKind::decimal)
                         .column("c", TypeKind::var_char)
                         .column("b", TypeKind::blob)
                         .make();
  EXPECT_EQ(text_of<CsvRows>(csv_format(), table, {{"3.50", "a,b", "\xff"}}),
            "3.50,\"a,b\",\"\xff\"\r\n");
  EXPECT_EQ(text_of<CsvRows>(csv_format(), table, {{std::nullopt, std::nullopt, ""}}),
            "\\N,\\N,\"\"\r\n");
  EXPECT_EQ(
      text_of<CsvRows>(csv_format(), table, {{"0", std::string("\0\r\n\\\"'\x1a", 7), "\\N"}}),
      "0,\"\\0\\r\\n\\\\\\\"'\x1a\",\"\\\\N\"\r\n");
  EXPECT_EQ(CsvRows(csv_format(), *table, ColumnSet({0, 1, 2})).file_head(),
            "\"n\",\"c\",\"b\"\r\n");
}

TEST(CsvRowsTest, without_escapes_delimiters_are_doubled_wherever_a_buffer_ends) {
  const auto table = TableBuilder(table_id).column("c", TypeKind::long_text).make();
  DumpFormat format = csv_format();
  format.escape_backslash = false;
  EXPECT_EQ(text_of<CsvRows>(format, table, {{"a\"\"b\\\n"}}), "\"a\"\"\"\"b\\\n\"\r\n");
  format.csv.delimiter = "|*|";
  format.csv.separator = ";";
  EXPECT_EQ(text_of<CsvRows>(format, table, {{"x|*|y|*"}}), "|*|x|*||*|y|*|*|\r\n");
  format.csv.delimiter = "";
  EXPECT_EQ(text_of<CsvRows>(format, table, {{"x;y"}}), "x;y\r\n");
  format.csv.delimiter = "\"";
  const std::string quotes(2000001, '"');
  EXPECT_TRUE(text_of<CsvRows>(format, table, {{quotes}}) == "\"" + quotes + quotes + "\"\r\n");
}

TEST(CsvRowsTest, without_a_delimiter_separator_and_terminator_are_escaped) {
  const auto table = TableBuilder(table_id).column("c", TypeKind::text).make();
  DumpFormat format = csv_format();
  format.csv.delimiter = "";
  format.csv.separator = "aa";
  format.csv.terminator = "|+|\n";
  EXPECT_EQ(text_of<CsvRows>(format, table, {{"banana|+|\n"}}), "b\\an\\an\\a\\|+\\|\\n|+|\n");
}

TEST(CsvRowsTest, dialects_change_binary_values_only) {
  const auto table = TableBuilder(table_id)
                         .column("b", TypeKind::var_binary)
                         .column("c", TypeKind::var_char)
                         .column("i", TypeKind::bit)
                         .make();
  DumpFormat format = csv_format();
  format.csv.dialect = CsvDialect::snowflake;
  EXPECT_EQ(text_of<CsvRows>(format, table, {{"\x01\xAB", "x", "\x05"}}),
            "\"01ab\",\"x\",\"05\"\r\n");
  format.csv.dialect = CsvDialect::bigquery;
  EXPECT_EQ(text_of<CsvRows>(format, table, {{"foobar", "x", "f"}}),
            "\"Zm9vYmFy\",\"x\",\"Zg==\"\r\n");
  const std::string large(199998, 'x');
  const std::string all = text_of<CsvRows>(format, table, {{large, "", "fo"}});
  EXPECT_EQ(all.find('='), all.rfind('='));  // the pad of "fo", none inside the large value
  EXPECT_TRUE(all.ends_with("eHh4\",\"\",\"Zm8=\"\r\n"));
}

TEST(DumpFormatTest, what_no_reader_could_read_back_is_refused) {
  const auto refused = [](auto change) {
    DumpFormat format = csv_format();
    change(format);
    return !check(format).has_value();
  };
  EXPECT_TRUE(check(csv_format()));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.separator = ""; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.terminator = ""; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.separator = "\"\""; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.separator = "1"; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.null_value = "a,b"; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.delimiter = "n"; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.delimiter = "", f.csv.separator = "\\"; }));
  EXPECT_TRUE(refused([](DumpFormat& f) { f.csv.delimiter = "--", f.escape_backslash = false; }));
  EXPECT_FALSE(refused([](DumpFormat& f) { f.csv.delimiter = "--"; }));
  EXPECT_FALSE(refused([](DumpFormat& f) { f.csv.delimiter = "n", f.escape_backslash = false; }));
}

}  // namespace
}  // namespace tideway
