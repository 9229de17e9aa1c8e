#include "snapshot/chunk_range.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

std::vector<KeyColumn> columns() {
  ColumnType integer, binary;
  integer.kind = TypeKind::big_int;
  binary.kind = TypeKind::var_binary;
  return {{"a", integer}, {"b", binary}};
}

TEST(chunk_range, bounds_of_any_bytes_survive_their_text) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const ChunkRange& range : {ChunkRange{}, ChunkRange{{"5"}, {}}, ChunkRange{{}, {"9", bytes}},
                                  ChunkRange{{"", "a\"b\\c"}, {"ä", "日本"}},
                                  ChunkRange{{"-1"}, {"18446744073709551615", ""}}}) {
    const auto read = parse_chunk_range(to_json(range));
    ASSERT_TRUE(read) << to_json(range);
    EXPECT_EQ(*read, range);
  }
  EXPECT_EQ(to_json({{"5"}, {"9", std::string("\0\xff", 2)}}),
            R"({"after":["5"],"to":["9",{"hex":"00ff"}]})");
  EXPECT_EQ(to_json({}), "{}");
}

TEST(chunk_range, marks_survive_their_text) {
  const KeyCells key = {"12", std::string("\0\n\x80", 3), ""};
  const auto read = parse_mark(to_mark(key));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, key);
}

TEST(chunk_range, what_is_no_range_is_refused) {
  for (const char* text :
       {"", "[]", "{\"after\":5}", "{\"to\":[5]}", "{\"to\":[{\"hex\":\"0\"}]}", "{"})
    EXPECT_FALSE(parse_chunk_range(text)) << text;
  for (const char* text : {"", "{}", "[1]"}) EXPECT_FALSE(parse_mark(text)) << text;
}

TEST(chunk_range, bounds_may_hold_fewer_columns_than_the_key) {
  const auto condition = [](const ChunkRange& range) { return range_condition(columns(), range); };
  EXPECT_EQ(condition({}), "");
  EXPECT_EQ(condition({{"4"}, {"9"}}), "`a`>4 and `a`<=9");
  EXPECT_EQ(condition({{"4"}, {}}), "`a`>4");
  EXPECT_EQ(condition({{"4"}, {"9", "x"}}), "`a`>4 and `a`<=9 and(`a`<9 or(`a`=9 and `b`<=x'78'))");
  EXPECT_EQ(condition({{"4", "x"}, {"9"}}), "`a`>=4 and(`a`>4 or(`a`=4 and `b`>x'78')) and `a`<=9");
}

TEST(chunk_range, a_stream_with_more_bounds_than_columns_is_refused) {
  Stream stream;
  stream.range = R"({"to":["1","2","3"]})";
  EXPECT_FALSE(stream_condition(columns(), stream));
  stream.range = R"({"to":["1"]})";
  EXPECT_EQ(stream_condition(columns(), stream).value_or("?"), "`a`<=1");
}

}  // namespace
}  // namespace tideway
