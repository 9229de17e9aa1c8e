#include "model/table_def.h"

#include <gtest/gtest.h>

#include "model/builders.h"

namespace tideway {
namespace {

using enum TypeKind;

Key key(KeyKind kind, std::string name, const std::vector<std::uint32_t>& columns) {
  Key made;
  made.kind = kind;
  made.name = std::move(name);
  for (const auto ordinal : columns) {
    KeyPart part;
    part.column = ordinal;
    made.parts.push_back(part);
  }
  return made;
}

// a INT, b VARCHAR, c ENUM, d JSON, n INT NULL; keys as given.
TableDef table_with(std::vector<Key> keys) {
  TableDef table;
  table.columns = {column("a", type_of(integer)), column("b", type_of(var_char, "utf8mb4")),
                   column("c", type_of(enumeration)), column("d", type_of(json)),
                   column("n", type_of(integer), true)};
  table.keys = std::move(keys);
  return table;
}

std::string chosen(const TableDef& table) {
  const Key* key = ordering_key(table);
  return key == nullptr ? "none" : key->name;
}

TEST(OrderingKey, is_the_primary_key_when_it_can_be) {
  EXPECT_EQ(chosen(table_with(
                {key(KeyKind::unique, "u", {0}), key(KeyKind::primary, "PRIMARY", {0, 1})})),
            "PRIMARY");
}

TEST(OrderingKey, is_else_the_unique_key_with_the_fewest_parts_the_first_of_equals) {
  EXPECT_EQ(
      chosen(table_with({key(KeyKind::unique, "two", {0, 1}), key(KeyKind::unique, "one", {1}),
                         key(KeyKind::unique, "later", {0})})),
      "one");
}

TEST(OrderingKey, is_never_a_key_that_says_less_than_the_row) {
  EXPECT_EQ(chosen(table_with({})), "none");
  EXPECT_EQ(chosen(table_with({key(KeyKind::plain, "k", {0})})), "none");
  EXPECT_EQ(chosen(table_with({key(KeyKind::fulltext, "f", {1})})), "none");
  EXPECT_EQ(chosen(table_with({key(KeyKind::unique, "nullable", {0, 4})})), "none");
}

TEST(OrderingKey, is_never_one_whose_order_is_not_its_comparison) {
  EXPECT_EQ(chosen(table_with({key(KeyKind::primary, "PRIMARY", {2})})), "none");
  EXPECT_EQ(chosen(table_with({key(KeyKind::primary, "PRIMARY", {0, 3})})), "none");
  auto prefix = key(KeyKind::primary, "PRIMARY", {1});
  prefix.parts[0].prefix_length = 10;
  EXPECT_EQ(chosen(table_with({prefix})), "none");
  auto descending = key(KeyKind::primary, "PRIMARY", {0});
  descending.parts[0].is_descending = true;
  EXPECT_EQ(chosen(table_with({descending, key(KeyKind::unique, "u", {0})})), "u");
  auto functional = key(KeyKind::unique, "f", {0});
  functional.parts[0].expression = "(`a` + 1)";
  EXPECT_EQ(chosen(table_with({functional})), "none");
}

TEST(OrderingKey, is_never_one_over_a_generated_column) {
  auto table = table_with({key(KeyKind::unique, "u", {0})});
  table.columns[0].generated = Generated::stored;
  EXPECT_EQ(chosen(table), "none");
}

TEST(StoredColumns, leave_out_what_the_server_computes) {
  auto table = table_with({});
  table.columns[1].generated = Generated::virtually;
  table.columns[3].generated = Generated::stored;
  table.columns[2].is_invisible = true;
  EXPECT_EQ(stored_columns(table), (std::vector<std::uint32_t>{0, 2, 4}));
}

TEST(TypeClass, every_type_has_one) {
  for (const auto kind :
       {tiny_int, small_int, medium_int, integer, big_int, decimal, float_number, double_number})
    EXPECT_EQ(class_of(type_of(kind)), TypeClass::number);
  for (const auto kind :
       {bit, fixed_binary, var_binary, tiny_blob, blob, medium_blob, long_blob, geometry})
    EXPECT_EQ(class_of(type_of(kind)), TypeClass::bytes);
  for (const auto kind : {year, date, time, datetime, timestamp, fixed_char, var_char, text,
                          enumeration, set, json, unknown})
    EXPECT_EQ(class_of(type_of(kind)), TypeClass::characters);
}

TEST(Quoted, doubles_backquotes_and_keeps_everything_else) {
  EXPECT_EQ(quoted("a"), "`a`");
  EXPECT_EQ(quoted("a`b.c\\'\""), "`a``b.c\\'\"`");
  EXPECT_EQ(quoted(TableId{"d`", "t.x"}), "`d```.`t.x`");
}

}  // namespace
}  // namespace tideway
