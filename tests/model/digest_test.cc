#include "model/digest.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/builders.h"

namespace tideway {
namespace {

using enum TypeKind;

TablePtr two_texts() {
  return table_of({column("a", type_of(var_char, "utf8mb4"), true),
                   column("b", type_of(var_char, "utf8mb4"), true)});
}

Digest digest_of(const TablePtr& table, const std::vector<RowText>& rows,
                 DigestStrength strength = DigestStrength::strong) {
  RowDigester digester(table, all_columns(*table), strength);
  const Block block = block_of(table, rows);
  for (const Item& item : block.items()) digester.add(block, std::get<Rows>(item));
  return digester.digest();
}

std::string digest_text(const ColumnType& type, std::string_view cell) {
  std::string text;
  append_digest_text(text, type, cell);
  return text;
}

// The reference: CRC-32 (IEEE) of "1:x" is what SELECT CRC32('1:x') gives.
TEST(Digest, is_the_crc_that_sql_computes) {
  const auto table = table_of({column("a", type_of(var_char, "utf8mb4"))});
  const auto digest = digest_of(table, {{"123456789"}}, DigestStrength::fast);
  // CRC32('9:123456789') by an independent bitwise implementation below.
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : std::string("9:123456789")) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  EXPECT_EQ(digest.crc_xor, ~crc);
  EXPECT_EQ(digest.crc_sum, static_cast<std::uint32_t>(~crc));
  EXPECT_EQ(digest.rows, 1U);
  EXPECT_EQ(digest.md5_high, 0U);
}

// MD5('1:a') = 2c1119fadf9f513c490c9a39716a9985 by coreutils' md5sum.
TEST(Digest, strong_is_the_sum_of_the_halves_of_the_md5_as_big_endian_numbers) {
  const auto table = table_of({column("a", type_of(var_char, "utf8mb4"))});
  const auto once = digest_of(table, {{"a"}});
  EXPECT_EQ(once.md5_high, 0x2c1119fadf9f513cULL);
  EXPECT_EQ(once.md5_low, 0x490c9a39716a9985ULL);
  const auto twice = digest_of(table, {{"a"}, {"a"}});
  EXPECT_EQ(twice.md5_high, once.md5_high * 2) << "modulo 2^64";
  EXPECT_EQ(twice.md5_low, once.md5_low * 2);
}

TEST(Digest, equal_rows_cancel_under_xor_and_not_in_the_sum) {
  const auto table = table_of({column("a", type_of(var_char, "utf8mb4"))});
  const auto once = digest_of(table, {{"a"}}, DigestStrength::fast);
  const auto twice = digest_of(table, {{"a"}, {"a"}}, DigestStrength::fast);
  EXPECT_EQ(twice.crc_xor, 0U);
  EXPECT_EQ(twice.crc_sum, once.crc_sum * 2);
  EXPECT_EQ(twice.rows, 2U);
}

TEST(Digest, digests_of_disjoint_sets_add_up_in_any_order) {
  const auto table = two_texts();
  const std::vector<RowText> rows = {
      {"a", "b"}, {std::nullopt, "x"}, {"", std::nullopt}, {"日本", "z"}};
  for (const auto strength : {DigestStrength::fast, DigestStrength::strong}) {
    const auto whole = digest_of(table, rows, strength);
    Digest sum;
    for (auto row = rows.rbegin(); row != rows.rend(); ++row)
      sum += digest_of(table, {*row}, strength);
    EXPECT_EQ(sum, whole);
    EXPECT_EQ(whole.rows, 4U);
  }
}

TEST(Digest, rows_that_differ_only_in_where_a_cell_ends_or_is_null_differ) {
  const auto table = two_texts();
  const std::vector<RowText> rows = {{"ab", "c"},
                                     {"a", "bc"},
                                     {"", "abc"},
                                     {"abc", ""},
                                     {std::nullopt, "abc"},
                                     {"abc", std::nullopt},
                                     {"N", "abc"},
                                     {std::nullopt, std::nullopt},
                                     {"", ""}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      EXPECT_NE(digest_of(table, {rows[i]}, DigestStrength::fast).crc_xor,
                digest_of(table, {rows[j]}, DigestStrength::fast).crc_xor)
          << i << " " << j;
    }
  }
}

TEST(Digest, its_text_reads_back_and_other_text_does_not) {
  const auto digest = digest_of(two_texts(), {{"a", "b"}, {"c", "d"}});
  Digest read;
  EXPECT_TRUE(parse_digest(to_text(digest), read));
  EXPECT_EQ(read, digest);
  for (const char* text : {"", "rows=1", "rows=1 crc_sum=2 crc_xor=3 md5_high=4",
                           "rows=1 crc_sum=2 crc_xor=3 md5_high=4 md5_low=5 x",
                           "rows=x crc_sum=2 crc_xor=3 md5_high=4 md5_low=5",
                           "rows=1 crc_sum=2 crc_xor=99999999999 md5_high=4 md5_low=5"}) {
    Digest other;
    EXPECT_FALSE(parse_digest(text, other)) << text;
  }
}

TEST(DigestText, every_type_has_one_form) {
  EXPECT_EQ(digest_text(type_of(big_int), "-17"), "-17");
  EXPECT_EQ(digest_text(type_of(decimal), "0.50"), "0.50");
  EXPECT_EQ(digest_text(type_of(double_number), "1e20"), "1e20");
  EXPECT_EQ(digest_text(type_of(var_char, "latin1"), "é"), "é");
  EXPECT_EQ(digest_text(type_of(datetime), "2024-01-02 03:04:05.600000"),
            "2024-01-02 03:04:05.600000");
  EXPECT_EQ(digest_text(type_of(year), "0000"), "0000");
  EXPECT_EQ(digest_text(type_of(blob), std::string("\x00\xAB\xFF", 3)), "00ABFF");
  EXPECT_EQ(digest_text(type_of(fixed_binary), ""), "");
  EXPECT_EQ(digest_text(type_of(bit), std::string("\x00\x01\x00", 3)), "256");
  EXPECT_EQ(digest_text(type_of(bit), std::string(8, '\xFF')), "18446744073709551615");
  EXPECT_EQ(digest_text(type_of(bit), std::string(1, '\0')), "0");
}

TEST(DigestText, large_values_stand_as_their_md5) {
  for (const auto kind : {medium_text, long_text, medium_blob, long_blob, json, geometry}) {
    EXPECT_EQ(digest_text(type_of(kind), "1:a"), "2c1119fadf9f513c490c9a39716a9985");
  }
}

TEST(DigestText, types_compare_when_their_forms_are_the_same) {
  EXPECT_TRUE(digest_texts_compare(type_of(integer), type_of(big_int)));
  EXPECT_TRUE(digest_texts_compare(type_of(long_text), type_of(json)));
  EXPECT_FALSE(digest_texts_compare(type_of(text), type_of(long_text)));
  EXPECT_FALSE(digest_texts_compare(type_of(blob), type_of(text)));
}

TEST(DigestText, minus_zero_is_the_zero_that_sql_takes_it_for) {
  EXPECT_EQ(digest_text(type_of(double_number), "-0"), "0");
  EXPECT_EQ(digest_text(type_of(float_number), "-0"), "0");
  EXPECT_EQ(digest_text(type_of(double_number), "-0.5"), "-0.5");
  EXPECT_EQ(digest_text(type_of(var_char, "utf8mb4"), "-0"), "-0");
}

TEST(DigestText, fixed_decimals_are_the_double_that_they_name) {
  auto type = type_of(double_number);
  type.length = 20;
  type.decimals = 5;
  EXPECT_EQ(digest_text(type, "-0.10000"), "-0.1");
  EXPECT_EQ(digest_text(type, "-0.00000"), "0");
  EXPECT_EQ(digest_text(type, "-1000000000000000.00000"), "-1e15");
  EXPECT_EQ(digest_text(type, "1e15"), "1e15");
  EXPECT_EQ(digest_text(type, "17.25000"), "17.25");
  const auto table = table_of({column("c", type)});
  EXPECT_EQ(row_text_expression(*table, all_columns(*table)),
            "CONCAT(CONCAT(LENGTH((CONCAT(`c`)+0E0)),':',(CONCAT(`c`)+0E0)))");
}

TEST(DigestText, a_real_printed_by_tidb_has_the_text_that_mysql_prints) {
  std::string text;
  append_digest_text(text, type_of(double_number), "4.5035996273704955e15", SqlDialect::tidb);
  EXPECT_EQ(text, "4503599627370495.5");
}

TEST(DigestText, a_document_printed_by_tidb_has_the_text_that_mysql_prints) {
  std::string ours, theirs;
  append_digest_text(ours, type_of(json), R"({"b": 1, "aa": 1.0})");
  append_digest_text(theirs, type_of(json), R"({"aa": 1.0, "b": 1})", SqlDialect::tidb);
  EXPECT_EQ(ours, theirs);
}

TEST(DigestText, zerofill_loses_its_zeros_and_nothing_else) {
  auto type = type_of(decimal);
  type.is_zerofill = true;
  EXPECT_EQ(digest_text(type, "0000012"), "12");
  EXPECT_EQ(digest_text(type, "0000000"), "0");
  EXPECT_EQ(digest_text(type, "0000.50"), "0.50");
  EXPECT_EQ(digest_text(type, "100"), "100");
}

TEST(DigestSql, asks_each_type_for_the_same_text_as_the_reader_makes) {
  auto zerofill = type_of(integer);
  zerofill.is_zerofill = true;
  const std::vector<std::pair<ColumnType, std::string>> expected = {
      {type_of(big_int), "`c`"},
      {type_of(decimal), "`c`"},
      {type_of(float_number), "(`c`+0E0)"},
      {type_of(double_number), "(`c`+0E0)"},
      {zerofill, "(`c`+0)"},
      {type_of(bit), "(`c`+0)"},
      {type_of(year), "`c`"},
      {type_of(timestamp), "`c`"},
      {type_of(var_char, "utf8mb4"), "`c`"},
      {type_of(var_char, "latin1"), "CONVERT(`c` USING utf8mb4)"},
      {type_of(enumeration, "gbk"), "CONVERT(`c` USING utf8mb4)"},
      {type_of(json), "MD5(CONVERT(`c` USING utf8mb4))"},
      {type_of(long_text, "latin1"), "MD5(CONVERT(`c` USING utf8mb4))"},
      {type_of(long_text, "utf8mb4"), "MD5(`c`)"},
      {type_of(long_blob), "MD5(`c`)"},
      {type_of(blob), "HEX(`c`)"},
      {type_of(var_binary), "HEX(`c`)"},
      {type_of(geometry), "MD5(`c`)"},
  };
  for (const auto& [type, text] : expected) {
    const auto never_null = table_of({column("c", type)});
    EXPECT_EQ(row_text_expression(*never_null, all_columns(*never_null)),
              "CONCAT(CONCAT(LENGTH(" + text + "),':'," + text + "))");
    const auto nullable = table_of({column("c", type, true)});
    EXPECT_EQ(row_text_expression(*nullable, all_columns(*nullable)),
              "CONCAT(CONCAT(IFNULL(CONCAT(LENGTH(" + text + "),':'," + text + "),'N')))");
  }
}

TEST(DigestSql, tidb_is_asked_for_reals_with_an_exponent_where_mysql_prints_one) {
  const auto table = table_of({column("c", type_of(double_number))});
  const std::string text = row_text_expression(*table, all_columns(*table), SqlDialect::tidb);
  EXPECT_NE(text.find("IF((`c`*1E0)=0,'0',IF(ABS((`c`*1E0))>=1E-15 AND (ABS((`c`*1E0))<1E15 OR "
                      "(`c`*1E0)<>FLOOR((`c`*1E0))),CONCAT((`c`*1E0)),"),
            std::string::npos)
      << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '('), std::count(text.begin(), text.end(), ')'));
}

TEST(DigestSql, only_tidb_has_no_text_for_documents) {
  const auto table = table_of({column("a", type_of(integer)), column("j", type_of(json))});
  EXPECT_TRUE(has_row_text_expression(*table, all_columns(*table), SqlDialect::mysql));
  EXPECT_FALSE(has_row_text_expression(*table, all_columns(*table), SqlDialect::tidb));
  EXPECT_TRUE(has_row_text_expression(*table, ColumnSet({0}), SqlDialect::tidb));
}

TEST(DigestSql, names_are_quoted_and_columns_stand_in_order) {
  const auto table = table_of({column("a`b", type_of(integer)), column("skipped", type_of(integer)),
                               column("c", type_of(integer))});
  EXPECT_EQ(row_text_expression(*table, ColumnSet({0, 2})),
            "CONCAT(CONCAT(LENGTH(`a``b`),':',`a``b`,LENGTH(`c`),':',`c`))");
  EXPECT_EQ(row_text_expression(*table, ColumnSet()), "''");
}

TEST(DigestSql, a_thousand_columns_are_grouped_so_that_the_servers_parser_survives) {
  std::vector<Column> columns;
  for (int i = 0; i < 1000; ++i)
    columns.push_back(column("c" + std::to_string(i), type_of(integer)));
  const auto table = table_of(std::move(columns));
  const std::string text = row_text_expression(*table, all_columns(*table));
  std::size_t groups = 0;
  for (std::size_t at = 0; (at = text.find("CONCAT(", at)) != std::string::npos; ++at) ++groups;
  EXPECT_EQ(groups, 11U);
  EXPECT_EQ(std::count(text.begin(), text.end(), '('), std::count(text.begin(), text.end(), ')'));
}

TEST(DigestSql, the_statement_sums_exactly_and_gives_zeros_for_no_rows) {
  const auto table = table_of({column("c", type_of(integer))});
  const auto ask = [&](DigestStrength strength, DigestQuery query) {
    return digest_statement(*table, all_columns(*table), "`db`.`t`", "`c` < 5", strength, query);
  };
  const std::string row = row_text_expression(*table, all_columns(*table));
  EXPECT_EQ(ask(DigestStrength::fast, DigestQuery::direct),
            "SELECT COUNT(*), IFNULL(SUM(CRC32(" + row + ")),0), IFNULL(BIT_XOR(CRC32(" + row +
                ")),0) FROM `db`.`t` WHERE `c` < 5");
  EXPECT_EQ(ask(DigestStrength::strong, DigestQuery::once),
            "SELECT COUNT(*), IFNULL(SUM(CAST(CONV(LEFT(hash,16),16,10) AS UNSIGNED)),0), "
            "IFNULL(SUM(CAST(CONV(RIGHT(hash,16),16,10) AS UNSIGNED)),0) FROM (SELECT MD5(" +
                row +
                ") AS hash FROM `db`.`t` WHERE `c` < 5 LIMIT 18446744073709551615) AS hashes");
  EXPECT_EQ(digest_statement(*table, all_columns(*table), "`db`.`t`", "", DigestStrength::fast,
                             DigestQuery::direct)
                .find("WHERE"),
            std::string::npos);
}

TEST(RowDigester, takes_after_images_only) {
  const auto table = two_texts();
  MemoryArbiter arbiter(1 << 20);
  auto stream = std::make_shared<Stream>();
  Block block(stream, *arbiter.borrow(1024, {}));
  block.begin_rows(table, ChangeKind::update, all_columns(*table), all_columns(*table));
  for (const char* text : {"old a", "old b", "new a", "new b"}) block.add_cell(block.append(text));
  block.end_row();
  RowDigester digester(table, all_columns(*table), DigestStrength::strong);
  digester.add(block, std::get<Rows>(block.items()[0]));
  EXPECT_EQ(digester.digest(), digest_of(table, {{"new a", "new b"}}));
  digester.reset();
  EXPECT_EQ(digester.digest(), Digest{});
}

}  // namespace
}  // namespace tideway
