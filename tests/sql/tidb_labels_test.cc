#include "sql/tidb_labels.h"

#include <gtest/gtest.h>

#include "sql/create_table.h"

namespace tideway {
namespace {

using Labels = std::vector<std::string>;

// As TiDB 8.4 answers SHOW CREATE TABLE.
constexpr std::string_view answer =
    "CREATE TABLE `en` (\n"
    "  `e` enum('a\\b','a\\\\b','a\\nb','it''s','\\0z','q\"','') DEFAULT 'a\\\\b' COMMENT "
    "'set(''x\\\\'','' \\\\',\n"
    "  `enum('x\\y` varchar(10) DEFAULT 'b\\\\s''q',\n"
    "  `s` set('x\\','y\\','') NOT NULL\n"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='enum(''a\\\\b'')'";

TEST(TidbLabels, labels_with_backslashes_are_read_as_they_were_given) {
  const auto table = parse_create_table(with_readable_labels(answer), "d");
  ASSERT_TRUE(table) << table.error().to_line();
  ASSERT_EQ(table->columns.size(), 3U);
  EXPECT_EQ(table->columns[0].type.labels,
            (Labels{"a\\b", "a\\\\b", "a\nb", "it's", std::string("\0z", 2), "q\"", ""}));
  EXPECT_EQ(table->columns[2].type.labels, (Labels{"x\\", "y\\", ""}));
}

TEST(TidbLabels, names_defaults_and_comments_stay_as_they_are) {
  const auto table = parse_create_table(with_readable_labels(answer), "d");
  ASSERT_TRUE(table) << table.error().to_line();
  EXPECT_EQ(table->columns[1].name, "enum('x\\y");
  EXPECT_EQ(table->columns[1].default_text, "'b\\\\s''q'");
  EXPECT_EQ(table->comment, "enum('a\\b')");
}

TEST(TidbLabels, text_without_labels_comes_back_as_it_was) {
  for (const std::string_view text :
       {"CREATE TABLE `t` (`a` int COMMENT 'it''s \\\\ \"')", "CREATE TABLE `t", "'", "set('a", "",
        "CREATE TABLE t (offset('a\\b'))"}) {
    EXPECT_EQ(with_readable_labels(text), text);
  }
}

}  // namespace
}  // namespace tideway
