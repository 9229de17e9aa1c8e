#include "sql/key_range.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

KeyColumn of_kind(std::string name, TypeKind kind) {
  ColumnType type;
  type.kind = kind;
  return {std::move(name), std::move(type)};
}

std::vector<KeyColumn> numbers(std::initializer_list<const char*> names) {
  std::vector<KeyColumn> columns;
  for (const char* name : names) columns.push_back(of_kind(name, TypeKind::integer));
  return columns;
}

TEST(KeyRange, one_column_is_compared_directly) {
  const auto a = numbers({"a"});
  EXPECT_EQ(key_condition(a, KeyCells{"5"}, KeyOrder::less), "`a`<5");
  EXPECT_EQ(key_condition(a, KeyCells{"5"}, KeyOrder::less_equal), "`a`<=5");
  EXPECT_EQ(key_condition(a, KeyCells{"-5"}, KeyOrder::greater), "`a`>-5");
  EXPECT_EQ(key_condition(a, KeyCells{"5"}, KeyOrder::greater_equal), "`a`>=5");
}

TEST(KeyRange, composite_keys_are_spelt_out_in_key_order) {
  EXPECT_EQ(key_condition(numbers({"a", "b", "c"}), KeyCells{"1", "2", "3"}, KeyOrder::greater),
            "`a`>=1 and(`a`>1 or(`a`=1 and(`b`>2 or(`b`=2 and `c`>3))))");
  EXPECT_EQ(key_condition(numbers({"a", "b"}), KeyCells{"1", "2"}, KeyOrder::less_equal),
            "`a`<=1 and(`a`<1 or(`a`=1 and `b`<=2))");
}

TEST(KeyRange, ranges_leave_out_the_low_end_and_hold_the_high_one) {
  const auto a = numbers({"a"});
  EXPECT_EQ(key_range_condition(a, {"1"}, {"9"}), "`a`>1 and `a`<=9");
  EXPECT_EQ(key_range_condition(a, {}, {"9"}), "`a`<=9");
  EXPECT_EQ(key_range_condition(a, {"1"}, {}), "`a`>1");
  EXPECT_EQ(key_range_condition(a, {}, {}), "");
}

TEST(KeyRange, a_common_prefix_of_both_bounds_is_fixed) {
  EXPECT_EQ(key_range_condition(numbers({"a", "b", "c"}), {"1", "2", "3"}, {"1", "2", "9"}),
            "`a`=1 and `b`=2 and `c`>3 and `c`<=9");
  EXPECT_EQ(key_range_condition(numbers({"a", "b"}), {"1", "2"}, {"1", "2"}),
            "`a`=1 and `b`>2 and `b`<=2");
}

TEST(KeyRange, literals_follow_the_type) {
  const std::vector<KeyColumn> columns = {of_kind("na`me", TypeKind::var_char),
                                          of_kind("b", TypeKind::var_binary)};
  EXPECT_EQ(key_condition(columns, KeyCells{"it's", "\xFF"}, KeyOrder::less),
            "`na``me`<='it\\'s' and(`na``me`<'it\\'s' or(`na``me`='it\\'s' and `b`<x'ff'))");
  std::string bit;
  append_key_literal(bit, of_kind("b", TypeKind::bit).type,
                     std::string_view("\x80\0\0\0\0\0\0\x01", 8));
  EXPECT_EQ(bit, "9223372036854775809");
}

TEST(KeyRange, the_columns_of_a_key_are_those_of_its_parts) {
  TableDef table;
  table.columns.resize(2);
  table.columns[0].name = "x";
  table.columns[1].name = "y";
  table.columns[1].type.kind = TypeKind::date;
  Key key;
  key.parts.resize(2);
  key.parts[0].column = 1;
  const auto columns = key_columns(table, key);
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].type.kind, TypeKind::date);
  EXPECT_EQ(key_column_list(columns), "`y`,`x`");
}

}  // namespace
}  // namespace tideway
