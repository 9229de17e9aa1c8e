#include <gtest/gtest.h>

#include "dumpfile/file_name.h"
#include "dumpfile/name_template.h"

namespace tideway {
namespace {

const NameFields fields{"shop", "a.b-Schema", "", "000000007", 7, 0};

std::string rendered(std::string_view text) {
  const auto names = NameTemplate::parse(text);
  if (!names) return "parse: " + names.error().to_line();
  const auto name = names->render("data", fields);
  return name ? *name : "render: " + name.error().to_line();
}

TEST(EscapeNameTest, is_the_exporters) {
  EXPECT_EQ(escape_name("a.b-Schema"), "a%2Eb%2DSchema");
  EXPECT_EQ(escape_name("quo`te/database"), "quo`te%2Fdatabase");
  EXPECT_EQ(escape_name("%\"*./:<>?\\|\x01"), "%25%22%2A%2E%2F%3A%3C%3E%3F%5C%7C%01");
  EXPECT_EQ(escape_name("-schem"), "-schem");
  EXPECT_EQ(escape_name("\xE4\xB8\xAD -SCHEMA-schema"), "\xE4\xB8\xAD %2DSCHEMA%2Dschema");
}

TEST(EscapeNameTest, unescaping_gives_any_name_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(unescape_name(escape_name(all)), all);
  EXPECT_EQ(unescape_name(escape_name("%41-schema%")), "%41-schema%");
  EXPECT_EQ(unescape_name("100%"), "100%");
  EXPECT_EQ(unescape_name("%zz%4"), "%zz%4");
}

TEST(NameTemplateTest, defaults_are_the_exporters_names) {
  const NameTemplate names;
  EXPECT_EQ(names.render("data", fields).value(), "shop.a%2Eb%2DSchema.000000007");
  EXPECT_EQ(names.render("schema", fields).value(), "shop-schema-create");
  EXPECT_EQ(names.render("table", fields).value(), "shop.a%2Eb%2DSchema-schema");
  EXPECT_EQ(names.render("view", fields).value(), "shop.a%2Eb%2DSchema-schema-view");
  EXPECT_EQ(names.render("sequence", fields).value(), "shop.a%2Eb%2DSchema-schema-sequence");
  EXPECT_EQ(names.render("placement-policy", {"", "", "p.1", "", 0, 0}).value(),
            "p%2E1-placement-policy-create");
}

TEST(NameTemplateTest, does_what_go_does_with_the_subset) {
  EXPECT_EQ(rendered("{{.DB}}.{{.Index}}"), "shop.000000007");
  EXPECT_EQ(rendered("{{fn .Table}}"), "a%2Eb%2DSchema");
  EXPECT_EQ(rendered("{{.Table | fn}}"), "a%2Eb%2DSchema");
  EXPECT_EQ(rendered("{{printf \"%09d\" .Index}}"), "000000007");
  EXPECT_EQ(rendered("{{printf \"%03d-%s-%-6s|%%\" .ChunkIndex .DB .DB}}"), "007-shop-shop  |%");
  EXPECT_EQ(rendered("{{/* nothing }} here */}}x"), "x");
  EXPECT_EQ(rendered("a {{- .DB -}} \n b"), "ashopb");
  EXPECT_EQ(rendered("{{if eq .DB \"shop\"}}yes{{else}}no{{end}}"), "yes");
  EXPECT_EQ(rendered("{{if eq .DB \"x\"}}1{{else if gt .ChunkIndex 6}}2{{else}}3{{end}}"), "2");
  EXPECT_EQ(rendered("{{$t := slice .DB 1 3}}{{$t}}{{len $t}}"), "ho2");
  EXPECT_EQ(rendered("{{index .DB 0}}"), "115");
  EXPECT_EQ(rendered("{{(print .DB \"/\" .Index)}}"), "shop/000000007");
  EXPECT_EQ(rendered("{{if and (ne .DB \"\") (not false)}}{{or \"\" .DB}}{{end}}"), "shop");
  EXPECT_EQ(
      rendered("{{define \"objectName\"}}{{.DB}}_{{.Table}}{{end}}{{template \"objectName\" .}}"),
      "shop_a.b-Schema");
  EXPECT_EQ(rendered("{{`raw \\`}}"), "raw \\");
  EXPECT_EQ(rendered("{{\"}}\"}}"), "}}");
}

TEST(NameTemplateTest, only_definitions_leave_the_data_name_as_it_is) {
  EXPECT_EQ(rendered("{{define \"table\"}}t{{end}} \n"), "shop.a%2Eb%2DSchema.000000007");
}

TEST(NameTemplateTest, a_field_that_is_not_there_is_an_error_and_no_crash) {
  EXPECT_NE(rendered("{{.index}}").find("can't evaluate field index in type"), std::string::npos);
}

TEST(NameTemplateTest, what_cannot_be_parsed_says_where) {
  for (const char* text :
       {"{{", "{{.DB", "{{end}}", "{{if .DB}}", "{{else}}", "{{nothing .DB}}", "{{define}}x{{end}}",
        "{{.DB .Table}}", "{{\"open}}", "{{(.DB}}", "{{}}", "{{range .DB}}{{end}}",
        "{{.DB | .Table}}", "{{/* open}}", "{{if .DB}}{{define \"x\"}}{{end}}{{end}}",
        "{{template}}", "{{printf \"%d\"\"x\"}}"}) {
    const auto names = NameTemplate::parse(text);
    ASSERT_FALSE(names) << text;
    EXPECT_NE(names.error().to_line().find("failed to parse output filename template"),
              std::string::npos);
  }
}

TEST(NameTemplateTest, a_function_that_cannot_do_it_is_an_error) {
  for (const char* text :
       {"{{printf \"%d\" .DB}}", "{{printf \"%d\"}}", "{{printf \"x\" .DB}}", "{{printf \"%\" 1}}",
        "{{slice .DB 9}}", "{{slice .DB 3 1}}", "{{index .DB 99}}", "{{index .DB -1}}",
        "{{lt .DB 1}}", "{{$x}}", "{{$x = 1}}", "{{template \"none\" .}}", "{{.}}",
        "{{template \"data\" .}}", "{{printf \"%99999d\" 1}}",
        "{{define \"a\"}}{{.DB}}{{end}}{{template \"a\"}}"}) {
    EXPECT_TRUE(rendered(text).starts_with("render: ")) << text << " gave " << rendered(text);
  }
}

TEST(NameTemplateTest, templates_that_explode_are_stopped) {
  std::string text = "{{define \"t0\"}}xxxxxxxxxxxxxxxx{{end}}";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "{{template \"t" + std::to_string(i - 1) + "\"}}";
    text += "{{define \"t" + std::to_string(i) + "\"}}" + before + before + "{{end}}";
  }
  EXPECT_NE(rendered(text + "{{template \"t29\"}}").find("too long"), std::string::npos);
  std::string nested, ends;
  for (int i = 0; i < 1000; ++i) nested += "{{if .DB}}", ends += "{{end}}";
  EXPECT_NE(rendered(nested + ends).find("too deeply"), std::string::npos);
  EXPECT_NE(rendered("{{" + std::string(1000, '(') + ".DB" + std::string(1000, ')') + "}}")
                .find("too deeply"),
            std::string::npos);
}

TEST(FilePathTest, names_that_no_file_system_takes_are_shortened) {
  std::string chinese;
  for (int i = 0; i < 64; ++i) chinese += "\xE4\xB8\xAD";
  const NameFields one{chinese, chinese, "", "000000000", 0, 0},
      other{chinese, chinese, "", "000000001", 1, 0};
  const std::string path = file_path(NameTemplate(), "data", one, ".sql.zst").value();
  EXPECT_LE(path.size(), 255U);
  EXPECT_TRUE(is_shortened(path));
  EXPECT_TRUE(path.ends_with(".000000000.sql.zst"));
  EXPECT_NE(path, file_path(NameTemplate(), "data", other, ".sql.zst").value());
  EXPECT_FALSE(is_shortened("shop~0123456789abcde~.t.sql"));
}

TEST(FilePathTest, a_template_cannot_leave_the_dump) {
  for (const char* text : {"../{{.Index}}", "/{{.Index}}", "a//{{.Index}}"}) {
    EXPECT_FALSE(file_path(NameTemplate::parse(text).value(), "data", fields, ".sql")) << text;
  }
  EXPECT_EQ(file_path(NameTemplate::parse("{{.DB}}/{{fn .Table}}/{{.Index}}").value(), "data",
                      fields, ".csv")
                .value(),
            "shop/a%2Eb%2DSchema/000000007.csv");
}

TEST(FileIndexTest, has_nine_digits_and_four_for_the_file) {
  EXPECT_EQ(file_index(7), "000000007");
  EXPECT_EQ(file_index(7, 2), "0000000070002");
}

}  // namespace
}  // namespace tideway
