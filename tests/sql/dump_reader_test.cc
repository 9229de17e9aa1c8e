#include "sql/dump_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sql/literal.h"

namespace tideway {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Reading {
  std::vector<std::string>
      events;         // rows as n:5 t:abc h:… NULL, statements as INSERT db.t(a,b), other as kind
  std::string error;  // code and message
  std::vector<std::uint64_t> row_ends;
};

std::string shown(const DumpReader& reader, const DumpValue& value) {
  static constexpr std::string_view letters = "Nnthbd";
  if (value.kind == DumpValue::Kind::null) return "NULL";
  return std::string(1, letters[static_cast<std::size_t>(value.kind)]) + ":" +
         std::string(reader.text(value));
}

std::string shown_row(const DumpReader& reader) {
  std::string row;
  for (const DumpValue& value : reader.values())
    row += (row.empty() ? "" : " ") + shown(reader, value);
  return row;
}

std::string shown_head(const InsertHead& head) {
  std::string out = head.is_replace ? "REPLACE " : "INSERT ";
  if (head.ignores_duplicates) out += "IGNORE ";
  out += head.table.database + "." + head.table.name;
  for (const std::string& column : head.columns) out += "," + column;
  return out;
}

Reading read(DumpReader reader, std::string_view sql, std::size_t piece_bytes,
             std::size_t area_bytes) {
  Reading reading;
  std::size_t at = 0;
  std::vector<std::unique_ptr<char[]>>
      areas;  // old ones stay, so that a use of one is seen by the sanitizers only if wrong
  const auto new_area = [&](std::size_t bytes) {
    areas.push_back(std::make_unique<char[]>(bytes));
    reader.set_area(areas.back().get(), bytes);
    if (areas.size() > 1) areas.erase(areas.begin());
  };
  std::string piece;
  for (;;) {
    auto event = reader.next();
    if (!event) {
      reading.error = event.error().to_line();
      return reading;
    }
    switch (*event) {
      case DumpReader::Event::need_bytes:
        if (at == sql.size()) {
          reader.feed_end();
        } else {
          piece = std::string(sql.substr(at, piece_bytes));
          piece.shrink_to_fit();
          reader.feed(piece);
          at += piece.size();
        }
        break;
      case DumpReader::Event::need_room:
        new_area(reader.row_bytes() + 64 + area_bytes);
        break;
      case DumpReader::Event::statement:
        reading.events.push_back(shown_head(reader.head()));
        break;
      case DumpReader::Event::other:
        reading.events.emplace_back(to_text(reader.other().kind));
        break;
      case DumpReader::Event::row:
        reading.events.push_back(shown_row(reader));
        reading.row_ends.push_back(reader.row_end_offset());
        EXPECT_EQ(sql.substr(0, reading.row_ends.back()).back(), ')');
        EXPECT_EQ(sql[reader.row_offset()], '(');
        break;
      case DumpReader::Event::end:
        return reading;
    }
  }
}

// Reads in one piece, then cut at many places and in areas of many sizes: the result must not
// change.
Reading read(std::string_view sql, DumpReaderOptions options = {}) {
  Reading whole = read(DumpReader(options), sql, sql.size() + 1, 1U << 20U);
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 16U, 17U, 31U}) {
    for (const std::size_t area : {1U, 3U, 20U, 1U << 16U}) {
      const Reading cut = read(DumpReader(options), sql, piece, area);
      EXPECT_EQ(cut.events, whole.events) << piece << " " << area;
      EXPECT_EQ(cut.row_ends, whole.row_ends) << piece << " " << area;
      EXPECT_EQ(cut.error.empty(), whole.error.empty()) << cut.error << whole.error;
    }
  }
  return whole;
}

std::vector<std::string> rows(std::string_view values, DumpReaderOptions options = {}) {
  Reading reading = read("INSERT INTO t VALUES" + std::string(values) + ";\n", options);
  EXPECT_EQ(reading.error, "");
  if (!reading.events.empty()) reading.events.erase(reading.events.begin());
  return reading.events;
}

std::string error_of(std::string_view sql) { return read(sql).error; }

TEST(DumpReader, files_of_the_exporter) {
  const Reading reading = read(
      "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40101 SET NAMES binary*/;\nINSERT INTO `t` "
      "VALUES\n(1,'a',x'00ff',NULL),\n"
      "(2,'b',x'',3.50);\nINSERT INTO `t` (`a`,`b`) VALUES\n(3,'c');\n");
  EXPECT_EQ(reading.error, "");
  EXPECT_THAT(reading.events,
              ElementsAre("setting", "setting", "INSERT .t", "n:1 t:a h:\0\xFF NULL"s,
                          "n:2 t:b h: n:3.50", "INSERT .t,a,b", "n:3 t:c"));
}

TEST(DumpReader, files_of_mysqldump) {
  const Reading reading = read(
      "-- MySQL dump 10.13  Distrib 8.0.15; it's\n--\n/*!40101 SET "
      "@OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n"
      "/*!50503 SET NAMES utf8mb4 */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
      "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
      "DROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (\n `a;` int DEFAULT ';' COMMENT 'it''s VALUES "
      "(1)'\n);\n"
      "LOCK TABLES `t` WRITE;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nset autocommit=0;\n"
      "INSERT  IGNORE INTO `d`.`t` VALUES (1,_binary 'a\\0\\'',0xFF),(-2,_utf8mb4'ü',NULL);\n"
      "REPLACE INTO t VALUES (5);\n/*!40000 ALTER TABLE `t` ENABLE KEYS */;\nUNLOCK "
      "TABLES;\ncommit;\n"
      "/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n\n-- Dump completed\n");
  EXPECT_EQ(reading.error, "");
  EXPECT_THAT(
      reading.events,
      ElementsAre("setting", "setting", "setting", "setting", "definition", "definition", "locking",
                  "keys", "setting", "INSERT IGNORE d.t", "n:1 t:a\0' h:\xFF"s, "n:-2 t:ü NULL",
                  "REPLACE .t", "n:5", "keys", "locking", "transaction", "setting"));
}

TEST(DumpReader, numbers_keep_their_text) {
  EXPECT_THAT(
      rows("(0,-1,+2,1.5e3,-.5,5.,1E-7,18446744073709551616,007,true,FALSE)"),
      ElementsAre("n:0 n:-1 n:2 n:1.5e3 n:-.5 n:5. n:1E-7 n:18446744073709551616 n:007 n:1 n:0"));
}

TEST(DumpReader, bytes_come_raw_whatever_their_spelling) {
  EXPECT_THAT(rows("(x'00fF',X'',0xabc,0xAB,b'101',B'',0b100000001)"),
              ElementsAre("h:\0\xFF h: h:\x0A\xBC h:\xAB b:\x05 b: b:\x01\x01"s));
}

TEST(DumpReader, texts_undo_quotes_and_escapes_as_the_server_does) {
  EXPECT_THAT(rows(R"(('it''s','a\'b\\c\n\0\Z\t\r\b\q\%\_',"x""y'",'','a' 'b'
 "c"))"),
              ElementsAre("t:it's t:a'b\\c\n\0\x1A\t\r\bq\\%\\_ t:x\"y' t: t:abc"s));
  DumpReaderOptions plain;
  plain.no_backslash_escapes = true;
  EXPECT_THAT(rows(R"(('a\','\n'''))", plain), ElementsAre(R"(t:a\ t:\n')"));
}

TEST(DumpReader, introducers_and_conversions) {
  EXPECT_THAT(
      rows("(_binary'\xFF', _utf8mb4 x'61',N'b',_binary 0xff,_utf8 'c',CONVERT('d' USING UTF8MB4),"
           "convert( _utf8mb4'e' using utf8 ),CAST('{}' AS JSON),_utf8mb4 b'1100001')"),
      ElementsAre("t:\xFF t:a t:b t:\xFF t:c t:d t:e t:{} t:a"));
}

TEST(DumpReader, nulls_defaults_and_empty_rows) {
  EXPECT_THAT(rows("(NULL,null,Default)"), ElementsAre("NULL NULL d:"));
  EXPECT_THAT(rows("(),( )"), ElementsAre("", ""));
}

TEST(DumpReader, white_space_and_comments_may_stand_anywhere) {
  EXPECT_THAT(rows(" ( /* ),( */ 1 -- x\n , # y'\n 'a'/**/,-- \n-5/*,*/ ) /***/ , (2)\n"),
              ElementsAre("n:1 t:a n:-5", "n:2"));
}

TEST(DumpReader, heads_of_all_kinds) {
  EXPECT_THAT(
      read("insert high_priority into `a``b`.\"c\" ( x , `values` , \"y\" ) value (1,2,3);").events,
      ElementsAre("INSERT a`b.c,x,values,y", "n:1 n:2 n:3"));
  EXPECT_THAT(read("INSERT t() VALUES ();").events, ElementsAre("INSERT .t", ""));
  EXPECT_THAT(read("-- VALUES (\nINSERT/* VALUES */INTO t VALUES(1);").events,
              ElementsAre("INSERT .t", "n:1"));
  EXPECT_THAT(
      read("INSERT INTO t VALUES(1);INSERT INTO t VALUES(2);\n INSERT INTO t VALUESX").events,
      ElementsAre("INSERT .t", "n:1", "INSERT .t", "n:2"));
}

TEST(DumpReader, a_byte_order_mark_is_removed) {
  EXPECT_THAT(read("\xEF\xBB\xBFINSERT INTO t VALUES (1);").events,
              ElementsAre("INSERT .t", "n:1"));
  EXPECT_THAT(error_of("\xEF\xBBINSERT INTO t VALUES (1);"), HasSubstr("TW700"));
}

TEST(DumpReader, settings_that_change_how_bytes_are_read_are_followed_or_refused) {
  EXPECT_THAT(read("SET sql_mode='ANSI,NO_BACKSLASH_ESCAPES';INSERT INTO t VALUES ('a\\');").events,
              ElementsAre("setting", "INSERT .t", "t:a\\"));
  EXPECT_THAT(error_of("SET NAMES latin1;"), StartsWith("TW704"));
  EXPECT_THAT(error_of("/*!40101 SET character_set_client = gbk */;"), StartsWith("TW704"));
  EXPECT_THAT(error_of("INSERT INTO t VALUES (_latin1'a');"), StartsWith("TW704"));
  DumpReader reader;
  const std::string sql = "SET TIME_ZONE='+02:00', @@session.sql_mode := '';";
  reader.feed(sql);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.time_zone(), "+02:00");
}

TEST(DumpReader, a_file_cut_anywhere_inside_is_premature) {
  const std::string sql =
      "/*!40101 SET NAMES binary*/;\nINSERT INTO `t` "
      "VALUES\n(1,'a\\'''b',x'00',0xF,NULL),\n(-2,/**/b'1',2.5);\n";
  const std::size_t first_end = sql.find(';') + 1;
  for (std::size_t length = 1; length + 1 < sql.size(); ++length) {
    const Reading reading = read(DumpReader(), std::string_view(sql).substr(0, length), 4, 100);
    if (length == first_end || length == first_end + 1) {
      EXPECT_EQ(reading.error, "") << length;
    } else {
      EXPECT_THAT(reading.error, AnyOf(StartsWith("TW701"), HasSubstr("premature EOF at offset " +
                                                                      std::to_string(length))));
    }
  }
}

TEST(DumpReader, the_last_semicolon_may_be_forgiven) {
  EXPECT_THAT(error_of("INSERT INTO t VALUES (1)"), HasSubstr("premature EOF at offset 24"));
  DumpReaderOptions lenient;
  lenient.needs_last_semicolon = false;
  EXPECT_EQ(read("INSERT INTO t VALUES (1)\n", lenient).error, "");
  EXPECT_THAT(read("INSERT INTO t VALUES (1),", lenient).error, HasSubstr("premature"));
  EXPECT_THAT(read("INSERT INTO t VALUES (1) /*", lenient).error, HasSubstr("premature"));
}

TEST(DumpReader, what_is_not_understood_is_named_with_offset_and_row) {
  EXPECT_THAT(error_of("INSERT INTO t VALUES (1),(now());"),
              HasSubstr("unexpected 'now' at offset 29 (row 2), expecting data literal"));
  for (const char* values : {"(1",
                             "1)",
                             "(1,)",
                             "(,1)",
                             "(1 2)",
                             "(1)(2)",
                             "(1),;",
                             "(1+1)",
                             "(--1)",
                             "(- 1)",
                             "('a'1)",
                             "(x'0')",
                             "(x'0g')",
                             "(0x)",
                             "(b'2')",
                             "(1e)",
                             "(.)",
                             "(1.2.3)",
                             "(NUL)",
                             "(a)",
                             "(`a`)",
                             "((1))",
                             "(-'1')",
                             "(-x'00')",
                             "(_utf8 NULL)",
                             "(_utf8 1)",
                             "(CONVERT('a' USING latin1))",
                             "(convert 'a')",
                             "(CONVERT('a'))",
                             "(CAST('a' AS DATE))",
                             "(1) ON DUPLICATE KEY UPDATE a=1",
                             "(1) /*!50000 x */",
                             "(1/2)",
                             "(1;2)",
                             "(1'a')",
                             "(0xfg)",
                             "(0b12)",
                             "(5abc)"}) {
    EXPECT_THAT(error_of("INSERT INTO t VALUES " + std::string(values) + ";"),
                ::testing::ContainsRegex("TW70[01]"))
        << values;
  }
}

TEST(DumpReader, statements_that_dumps_do_not_hold_are_refused) {
  for (const char* sql :
       {"SELECT 1;", "DELETE FROM t;", "INSERT INTO t SELECT 1;", "INSERT INTO t SET a=1;",
        "DELIMITER ;;\n", "ALTER TABLE t ADD a int;",
        "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a=1;",
        "INSERT INTO t PARTITION (p) VALUES (1);", "GRANT ALL ON *.* TO x;", "(1);", "CALL p();"}) {
    EXPECT_THAT(error_of(sql), HasSubstr("TW700")) << sql;
  }
}

TEST(DumpReader, errors_are_final_and_rows_before_them_are_delivered) {
  DumpReader reader;
  const std::string sql = "INSERT INTO t VALUES (1),(x);";
  std::vector<char> area(1000);
  reader.set_area(area.data(), area.size());
  reader.feed(sql);
  EXPECT_EQ(reader.next().value(), DumpReader::Event::statement);
  EXPECT_EQ(reader.next().value(), DumpReader::Event::row);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(DumpReader, takes_a_file_up_again_behind_any_row) {
  const std::string sql =
      "/*!40101 SET NAMES binary*/;\n-- c\nINSERT INTO `t` (`a`) VALUES\n(1),\n(2),(3)\n;\nINSERT "
      "INTO `t` VALUES (4);\n";
  const Reading whole = read(sql);
  auto reader = DumpReader::resume(whole.row_ends[1], "INSERT INTO `t` (`a`) VALUES", 2);
  ASSERT_TRUE(reader);
  std::vector<char> area(1000);
  reader->set_area(area.data(), area.size());
  reader->feed(std::string_view(sql).substr(whole.row_ends[1]));
  EXPECT_EQ(reader->next().value(), DumpReader::Event::row);
  EXPECT_EQ(reader->row_end_offset(), whole.row_ends[2]);
  EXPECT_EQ(reader->rows(), 3U);
  EXPECT_THAT(reader->head().columns, ElementsAre("a"));
  EXPECT_EQ(reader->next().value(), DumpReader::Event::statement);
  EXPECT_EQ(reader->next().value(), DumpReader::Event::row);
  EXPECT_EQ(reader->row_end_offset(), whole.row_ends[3]);
  EXPECT_FALSE(DumpReader::resume(0, "SELECT", 0));
}

TEST(DumpReader, a_row_larger_than_its_area_grows_in_place) {
  std::string sql = "INSERT INTO t VALUES (1,'";
  sql.append(3'000'000, 'x');
  sql += "',x'" + std::string(100'000, 'a') + "');";
  DumpReader reader;
  std::vector<char> area(100);
  reader.set_area(area.data(), area.size());
  std::size_t at = 0, most = 0;
  for (bool is_done = false; !is_done;) {
    auto event = reader.next();
    ASSERT_TRUE(event);
    switch (*event) {
      case DumpReader::Event::need_bytes:
        reader.feed(std::string_view(sql).substr(at, 65536));
        at += std::min<std::size_t>(65536, sql.size() - at);
        break;
      case DumpReader::Event::need_room:
        area.resize(reader.row_bytes() + 65536);
        most = std::max(most, area.size());
        reader.moved_area(area.data(), area.size());
        break;
      case DumpReader::Event::row:
        is_done = true;
        break;
      default:
        break;
    }
  }
  EXPECT_EQ(reader.text(reader.values()[1]), std::string(3'000'000, 'x'));
  EXPECT_EQ(reader.text(reader.values()[2]), std::string(50'000, '\xAA'));
  EXPECT_LT(most, 3'200'000U);
}

TEST(DumpReader, reads_back_what_the_literal_writer_wrote) {
  std::string bytes;
  for (unsigned i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 37 & 0xFFU);
  for (std::size_t length = 0; length < 100; ++length) {
    const std::string cell = bytes.substr(length, length * 7);
    for (const LiteralForm form :
         {LiteralForm::hex, LiteralForm::binary_text, LiteralForm::characters}) {
      std::string sql = "INSERT INTO t VALUES (";
      append_literal(sql, form, cell);
      sql += ");";
      const Reading reading = read(DumpReader(), sql, 13, 50);
      ASSERT_EQ(reading.error, "");
      EXPECT_EQ(reading.events[1].substr(2), cell);
    }
  }
}

}  // namespace
}  // namespace tideway
