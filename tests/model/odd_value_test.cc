#include "model/odd_value.h"

#include <gtest/gtest.h>

#include "model/digest.h"

namespace tideway {
namespace {

Column column(TypeKind kind, std::string charset, std::vector<std::string> labels = {}) {
  Column made;
  made.name = "c";
  made.type.kind = kind;
  made.type.charset = std::move(charset);
  made.type.labels = std::move(labels);
  return made;
}

TEST(OddValueTest, only_characters_of_sets_that_lose_something_may_bend) {
  EXPECT_TRUE(may_bend(column(TypeKind::var_char, "sjis").type));
  EXPECT_TRUE(may_bend(column(TypeKind::long_text, "GBK").type));
  for (const char* charset : {"utf8mb4", "utf8", "latin1", "utf16", "binary", ""})
    EXPECT_FALSE(may_bend(column(TypeKind::var_char, charset).type)) << charset;
  EXPECT_FALSE(may_bend(column(TypeKind::enumeration, "sjis").type));
  EXPECT_FALSE(may_bend(column(TypeKind::var_binary, "").type));
}

TEST(OddValueTest, the_error_value_of_an_enum_has_a_text_that_no_label_has) {
  EXPECT_EQ(enum_error_text(column(TypeKind::enumeration, "", {"a", "b"}).type), "");
  EXPECT_EQ(enum_error_text(column(TypeKind::enumeration, "", {"a", ""}).type), "error value 0");
  EXPECT_EQ(enum_error_text(column(TypeKind::enumeration, "", {"", "ERROR value 0"}).type),
            "error value 0!");
}

TEST(OddValueTest, a_set_with_an_empty_label_is_read_by_its_number) {
  EXPECT_EQ(cell_expression(column(TypeKind::set, "", {"a", "b"})), "`c`");
  EXPECT_EQ(cell_expression(column(TypeKind::set, "", {"a", ""})), "CONCAT('',`c`+0)");
  EXPECT_EQ(cell_expression(column(TypeKind::set, "", {"8", ""})), "CONCAT('+',`c`+0)");
  EXPECT_EQ(cell_expression(column(TypeKind::set, "", {"8", "", "+8"})), "CONCAT('+0',`c`+0)");
}

TEST(OddValueTest, columns_without_odd_values_are_read_by_their_name_alone) {
  EXPECT_EQ(cell_expression(column(TypeKind::var_char, "latin1")), "`c`");
  EXPECT_EQ(cell_expression(column(TypeKind::enumeration, "gbk", {"a"})), "`c`");
  EXPECT_EQ(cell_expression(column(TypeKind::enumeration, "gbk", {"", "a"})),
            "IF(`c`+0=0,'error value 0',`c`)");
  EXPECT_NE(cell_expression(column(TypeKind::var_char, "gbk")).find("x'f48fbfbe'"),
            std::string::npos);
}

}  // namespace
}  // namespace tideway
