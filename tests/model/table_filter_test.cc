#include "model/table_filter.h"

#include <gtest/gtest.h>

#include <map>

namespace tideway {
namespace {

using Rules = std::vector<std::string>;

TableFilter filter_of(const Rules& rules, FilterCase filter_case = FilterCase::insensitive) {
  auto filter = TableFilter::parse(rules, filter_case);
  EXPECT_TRUE(filter.has_value()) << filter.error().to_line();
  return filter ? *filter : TableFilter::everything_but_system();
}

std::string error_of(const Rules& rules) {
  const auto filter = TableFilter::parse(rules);
  if (filter) return "parsed";
  EXPECT_EQ(filter.error().code(), ErrorCode::filter_syntax);
  return filter.error().message();
}

// Files that only these tests see.
TableFilter::FileReader files(std::map<std::string, std::string> contents) {
  return [contents = std::move(contents)](const std::string& path) -> Result<std::string> {
    const auto found = contents.find(path);
    if (found == contents.end()) {
      return fail(Error(ErrorCode::storage_missing, Side::local, Retry::after_operator,
                        path + ": no such file"));
    }
    return found->second;
  };
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// --- lines ---

TEST(TableFilterLines, blanks_around_a_rule_are_trimmed) {
  const auto filter = filter_of({" \t db.t \t "});
  EXPECT_TRUE(filter.matches_table("db", "t"));
}

TEST(TableFilterLines, empty_lines_and_comments_say_nothing) {
  const auto filter = filter_of({"", "  ", "# db2.*", "db.t", "\t# *.*"});
  EXPECT_TRUE(filter.matches_table("db", "t"));
  EXPECT_FALSE(filter.matches_table("db2", "t"));
}

TEST(TableFilterLines, a_comment_stands_only_at_the_start_of_a_line) {
  EXPECT_TRUE(has(error_of({"db.t # no"}), "unexpected special character ' '"));
  EXPECT_TRUE(has(error_of({"db.t#no"}), "unexpected special character '#'"));
}

TEST(TableFilterLines, the_text_of_a_negative_rule_follows_its_mark_directly) {
  const auto filter = filter_of({"db.*", "!db.t"});
  EXPECT_FALSE(filter.matches_table("db", "t"));
  EXPECT_TRUE(filter.matches_table("db", "u"));
  EXPECT_TRUE(has(error_of({"! db.t"}), "unexpected special character ' '"));
}

TEST(TableFilterLines, a_file_is_read_line_by_line_in_its_place) {
  const auto filter = TableFilter::parse(
      {"a.*", "@rules.txt", "!c.skip"}, FilterCase::insensitive,
      files({{"rules.txt", "\xEF\xBB\xBF# rules\r\nb.*\r\n\r\n!a.secret\nc.*"}}));
  ASSERT_TRUE(filter.has_value()) << filter.error().to_line();
  EXPECT_TRUE(filter->matches_table("a", "t"));
  EXPECT_FALSE(filter->matches_table("a", "secret"));
  EXPECT_TRUE(filter->matches_table("b", "t"));
  EXPECT_TRUE(filter->matches_table("c", "t"));
  EXPECT_FALSE(filter->matches_table("c", "skip"));
}

TEST(TableFilterLines, the_path_of_a_file_ends_before_trailing_blanks) {
  const auto filter = TableFilter::parse({" @dir with blank/r.txt\t "}, FilterCase::insensitive,
                                         files({{"dir with blank/r.txt", "a.b"}}));
  ASSERT_TRUE(filter.has_value()) << filter.error().to_line();
  EXPECT_TRUE(filter->matches_table("a", "b"));
}

TEST(TableFilterLines, files_do_not_name_files) {
  const auto filter = TableFilter::parse({"@outer"}, FilterCase::insensitive,
                                         files({{"outer", "a.b\n@inner\n"}, {"inner", "c.d"}}));
  ASSERT_FALSE(filter.has_value());
  EXPECT_TRUE(has(filter.error().message(),
                  "at outer:2: importing filter files recursively is not allowed"));
}

TEST(TableFilterLines, a_missing_file_is_named) {
  const auto message = error_of({"@/nowhere/at/all.txt"});
  EXPECT_TRUE(has(message, "at <cmdline>:1: cannot open filter file: /nowhere/at/all.txt"))
      << message;
}

TEST(TableFilterLines, exactly_one_dot_stands_between_two_patterns) {
  EXPECT_TRUE(has(error_of({"db"}), "wrong table pattern"));
  EXPECT_TRUE(has(error_of({"`db`"}), "wrong table pattern"));
  EXPECT_TRUE(has(error_of({"a.b.c"}), "syntax error: stray characters after table pattern"));
  EXPECT_TRUE(has(error_of({"`a`.`b`c"}), "syntax error: stray characters after table pattern"));
  EXPECT_TRUE(
      has(error_of({"/a/b"}), "syntax error: missing '.' between schema and table patterns"));
  EXPECT_TRUE(
      has(error_of({"`a` . b"}), "syntax error: missing '.' between schema and table patterns"));
}

// --- regular expressions ---

TEST(TableFilterRegex, searches_anywhere_in_the_name) {
  const auto filter = filter_of({"/ord/./^t\\d+$/"});
  EXPECT_TRUE(filter.matches_table("reordered", "t12"));
  EXPECT_FALSE(filter.matches_table("reordered", "t12x"));
}

TEST(TableFilterRegex, an_escaped_slash_is_a_slash_and_other_backslashes_are_passed_on) {
  const auto filter = filter_of({R"(/^a\/b$/./^\\\/$/)"});
  EXPECT_TRUE(filter.matches_table("a/b", "\\/"));
  EXPECT_FALSE(filter.matches_table("a/b", "/"));
  EXPECT_TRUE(filter_of({R"(/^a\.b$/.*)"}).matches_table("a.b", "t"));
  EXPECT_FALSE(filter_of({R"(/^a\.b$/.*)"}).matches_table("axb", "t"));
}

TEST(TableFilterRegex, needs_a_closing_slash_and_one_character) {
  EXPECT_TRUE(has(error_of({"/abc.t"}), "syntax error: incomplete regexp"));
  EXPECT_TRUE(has(error_of({"//.t"}), "syntax error: incomplete regexp"));
  EXPECT_TRUE(has(error_of({"/a\\/.t"}), "syntax error: incomplete regexp"));
  EXPECT_TRUE(has(error_of({"/"}), "syntax error: incomplete regexp"));
}

TEST(TableFilterRegex, what_does_not_compile_is_an_invalid_pattern) {
  EXPECT_TRUE(has(error_of({"/(/.t"}), "at <cmdline>:1: invalid pattern"));
  EXPECT_TRUE(has(error_of({"/a(?=b)/.t"}), "invalid pattern"));  // RE2 has no look-ahead
}

TEST(TableFilterRegex, case_flags_are_allowed) {
  EXPECT_TRUE(filter_of({"/(?i)^DB$/.t"}, FilterCase::sensitive).matches_table("db", "t"));
  EXPECT_FALSE(filter_of({"/^DB$/.t"}, FilterCase::sensitive).matches_table("db", "t"));
}

TEST(TableFilterRegex, hostile_patterns_take_linear_time) {
  const auto filter = filter_of({"/^(a+)+$/.*"});
  EXPECT_FALSE(filter.matches_table(std::string(100000, 'a') + "b", "t"));
}

// --- quoted names ---

TEST(TableFilterQuoted, names_are_literal_with_doubled_quotes) {
  const auto filter = filter_of({R"("a""b".`c``d`)"});
  EXPECT_TRUE(filter.matches_table("a\"b", "c`d"));
  EXPECT_FALSE(filter.matches_table("a\"\"b", "c``d"));
}

TEST(TableFilterQuoted, neither_wildcards_nor_backslashes_mean_anything) {
  const auto filter = filter_of({R"(`a*\`."b?[c]")"});
  EXPECT_TRUE(filter.matches_table("a*\\", "b?[c]"));
  EXPECT_FALSE(filter.matches_table("aXX", "bxc"));
}

TEST(TableFilterQuoted, needs_its_end_and_one_character) {
  EXPECT_TRUE(has(error_of({"`a.b"}), "syntax error: incomplete quoted identifier"));
  EXPECT_TRUE(has(error_of({"``.b"}), "syntax error: incomplete quoted identifier"));
  EXPECT_TRUE(has(error_of({"\"\".b"}), "syntax error: incomplete quoted identifier"));
  EXPECT_TRUE(has(error_of({"a.`b``"}), "syntax error: incomplete quoted identifier"));
}

TEST(TableFilterQuoted, one_doubled_quote_is_a_whole_name) {
  EXPECT_TRUE(filter_of({"````.t"}).matches_table("`", "t"));
}

// --- wildcards and literals ---

TEST(TableFilterWildcard, letters_digits_dollar_underline_and_bytes_beyond_ascii_are_themselves) {
  const auto filter = filter_of({"aZ09$_.таблица"});
  EXPECT_TRUE(filter.matches_table("aZ09$_", "таблица"));
}

TEST(TableFilterWildcard, a_star_is_any_number_of_code_points_newlines_too) {
  const auto filter = filter_of({"a*z.*"});
  EXPECT_TRUE(filter.matches_table("az", ""));
  EXPECT_TRUE(filter.matches_table("a\n\n日本z", "x\ny"));
  EXPECT_FALSE(filter.matches_table("azx", "t"));
  EXPECT_FALSE(filter.matches_table("xaz", "t"));
}

TEST(TableFilterWildcard, a_question_mark_is_one_code_point) {
  const auto filter = filter_of({"d?.t"});
  EXPECT_TRUE(filter.matches_table("d1", "t"));
  EXPECT_TRUE(filter.matches_table("d日", "t"));
  EXPECT_TRUE(filter.matches_table("d\n", "t"));
  EXPECT_FALSE(filter.matches_table("d", "t"));
  EXPECT_FALSE(filter.matches_table("d12", "t"));
}

TEST(TableFilterWildcard, a_class_is_one_of_its_members) {
  const auto filter = filter_of({"db.t[abx-z日]"});
  for (const char* name : {"ta", "tb", "tx", "ty", "tz", "t日"})
    EXPECT_TRUE(filter.matches_table("db", name)) << name;
  for (const char* name : {"t", "tc", "tab", "t本", "t-"})
    EXPECT_FALSE(filter.matches_table("db", name)) << name;
}

TEST(TableFilterWildcard, an_exclamation_mark_negates_a_class_and_a_caret_does_not) {
  const auto negated = filter_of({"db.t[!a-c]"});
  EXPECT_FALSE(negated.matches_table("db", "tb"));
  EXPECT_TRUE(negated.matches_table("db", "td"));
  EXPECT_TRUE(negated.matches_table("db", "t\n"));
  const auto caret = filter_of({"db.t[^a]"});
  EXPECT_TRUE(caret.matches_table("db", "t^"));
  EXPECT_TRUE(caret.matches_table("db", "ta"));
  EXPECT_FALSE(caret.matches_table("db", "tb"));
}

TEST(TableFilterWildcard, a_class_takes_escapes_dots_and_what_is_special_to_regular_expressions) {
  const auto filter = filter_of({R"(db.t[\]\\.*[:d:(|-])"});
  for (const char* name : {"t]", "t\\", "t.", "t*", "t[", "t:", "td", "t(", "t|", "t-"})
    EXPECT_TRUE(filter.matches_table("db", name)) << name;
  EXPECT_FALSE(filter.matches_table("db", "t5"));
  EXPECT_FALSE(filter_of({R"(db.t[a\-c])"}).matches_table("db", "tb"));
}

TEST(TableFilterWildcard, a_class_must_be_closed_and_hold_something) {
  EXPECT_TRUE(has(error_of({"db.t[ab"}), "syntax error: failed to parse character class"));
  EXPECT_TRUE(has(error_of({"db.t[]"}), "syntax error: failed to parse character class"));
  EXPECT_TRUE(has(error_of({"db.t[!]"}), "syntax error: failed to parse character class"));
  EXPECT_TRUE(has(error_of({R"(db.t[\d])"}), "syntax error: failed to parse character class"));
  EXPECT_TRUE(has(error_of({R"(db.t[a\)"}), "syntax error: failed to parse character class"));
  EXPECT_TRUE(has(error_of({"db.t[a-"}), "syntax error: failed to parse character class"));
  EXPECT_TRUE(has(error_of({"db.t[z-a]"}), "invalid pattern"));
}

TEST(TableFilterWildcard, a_backslash_makes_anything_but_letters_and_digits_literal) {
  const auto filter = filter_of({R"(a\.b\*\\.\日\ \`)"});
  EXPECT_TRUE(filter.matches_table("a.b*\\", "日 `"));
  EXPECT_TRUE(has(error_of({R"(a\n.b)"}),
                  R"(cannot escape a letter or number (\n), it is reserved for future extension)"));
  EXPECT_TRUE(has(error_of({R"(a.b\7)"}),
                  R"(cannot escape a letter or number (\7), it is reserved for future extension)"));
  EXPECT_TRUE(has(error_of({"a.b\\"}), R"(syntax error: cannot place \ at end of line)"));
}

TEST(TableFilterWildcard, any_other_ascii_character_is_an_error) {
  for (const char c : std::string("!@%^&()-+=|;:'<>,{}~] \"`/#")) {
    const std::string rule = std::string("a") + c + ".b";
    EXPECT_TRUE(has(error_of({rule}), std::string("unexpected special character '") + c + "'"))
        << rule;
  }
  EXPECT_TRUE(has(error_of({"a\n.b"}), "unexpected special character"));
}

TEST(TableFilterWildcard, a_missing_half_is_an_error) {
  EXPECT_TRUE(has(error_of({".b"}), "syntax error: missing pattern"));
  EXPECT_TRUE(has(error_of({"a."}), "syntax error: missing pattern"));
  EXPECT_TRUE(has(error_of({"!"}), "syntax error: missing pattern"));
}

// --- evaluation ---

TEST(TableFilterOrder, the_last_matching_rule_decides) {
  const auto filter = filter_of({"db.*", "!db.t*", "db.t1"});
  EXPECT_TRUE(filter.matches_table("db", "t1"));
  EXPECT_FALSE(filter.matches_table("db", "t2"));
  EXPECT_TRUE(filter.matches_table("db", "u"));
  EXPECT_FALSE(filter_of({"db.t1", "!db.t*"}).matches_table("db", "t1"));
}

TEST(TableFilterOrder, nothing_matching_is_a_no) {
  EXPECT_FALSE(filter_of({"db.*"}).matches_table("other", "t"));
  EXPECT_FALSE(filter_of({}).matches_table("db", "t"));
  EXPECT_FALSE(filter_of({}).matches_database("db"));
}

TEST(TableFilterOrder, only_negative_rules_reject_everything) {
  const auto filter = filter_of({"!*.Password"});
  EXPECT_FALSE(filter.matches_table("db", "Password"));
  EXPECT_FALSE(filter.matches_table("db", "other"));
  EXPECT_FALSE(filter.matches_database("db"));
}

TEST(TableFilterOrder, a_negative_table_rule_never_hides_its_database) {
  EXPECT_TRUE(filter_of({"*.*", "!db.t1"}).matches_database("db"));
  EXPECT_TRUE(filter_of({"*.*", "!db.**"}).matches_database("db"));
  EXPECT_TRUE(filter_of({"*.*", "!db./.*/"}).matches_database("db"));
  EXPECT_FALSE(filter_of({"*.*", "!db.*"}).matches_database("db"));
  EXPECT_TRUE(filter_of({"*.*", "!db.*", "db.t1"}).matches_database("db"));
}

TEST(TableFilterOrder, a_positive_table_rule_wants_its_database) {
  const auto filter = filter_of({"db.t1"});
  EXPECT_TRUE(filter.matches_database("db"));
  EXPECT_FALSE(filter.matches_database("db2"));
}

TEST(TableFilterCase, names_are_compared_in_lower_case_unless_asked_otherwise) {
  for (const char* rule :
       {"Db.TaBle", "`Db`.\"TaBle\"", "D?.Ta*", "/^DB$/./^TABLE$/", "[D]b.TABLE"}) {
    EXPECT_TRUE(filter_of({rule}).matches_table("dB", "tAbLE")) << rule;
    EXPECT_FALSE(filter_of({rule}, FilterCase::sensitive).matches_table("dB", "tAbLE")) << rule;
  }
  EXPECT_TRUE(filter_of({"Db.TaBle"}, FilterCase::sensitive).matches_table("Db", "TaBle"));
}

TEST(TableFilterCase, lowering_is_unicodes_simple_one) {
  EXPECT_TRUE(filter_of({"ТАБЛИЦЫ.ÀÉ"}).matches_table("таблицы", "àé"));
  EXPECT_TRUE(filter_of({"та*.?É"}).matches_table("ТАБЛИЦЫ", "ÀÉ"));
  EXPECT_TRUE(filter_of({"db.t[Ā-Ž]"}).matches_table("db", "tč"));
  EXPECT_EQ(unicode_lower("İẞΣǅ"), "ißσǆ");
  EXPECT_EQ(unicode_lower("\xFF"
                          "A\xC3"),
            "\xFF"
            "a\xC3");
}

TEST(TableFilterDefault, takes_all_but_the_servers_own_databases) {
  const auto filter = TableFilter::everything_but_system();
  for (const char* name : {"mysql", "sys", "information_schema", "PERFORMANCE_SCHEMA",
                           "METRICS_SCHEMA", "inspection_schema", "tideway_meta"}) {
    EXPECT_FALSE(filter.matches_database(name)) << name;
    EXPECT_FALSE(filter.matches_table(name, "t")) << name;
  }
  EXPECT_TRUE(filter.matches_table("shop", "orders"));
  EXPECT_TRUE(filter.matches_table("mysql2", "t"));
  EXPECT_TRUE(filter.matches_database("my_sys"));
}

TEST(TableFilterErrors, name_file_line_and_rule) {
  const auto filter =
      TableFilter::parse({"@f"}, FilterCase::insensitive, files({{"f", "a.b\n\n  a%.b\n"}}));
  ASSERT_FALSE(filter.has_value());
  EXPECT_EQ(filter.error().message(),
            "at f:3: unexpected special character '%' in the rule 'a%.b'");
  EXPECT_EQ(filter.error().evidence().position, "f:3");
}

// --- a list of tables ---

TEST(TableFilterList, takes_exact_pairs_split_at_the_first_dot) {
  const auto filter = TableFilter::of_tables({"db.t", "Db2.a.b", "db.w*"});
  ASSERT_TRUE(filter.has_value());
  EXPECT_TRUE(filter->matches_table("DB", "T"));
  EXPECT_TRUE(filter->matches_table("db2", "a.b"));
  EXPECT_TRUE(filter->matches_table("db", "w*"));
  EXPECT_FALSE(filter->matches_table("db", "wx"));
  EXPECT_TRUE(filter->matches_database("db2"));
  EXPECT_FALSE(filter->matches_database("db3"));
  EXPECT_FALSE(TableFilter::of_tables({"db.t"}, FilterCase::sensitive)->matches_table("DB", "t"));
}

TEST(TableFilterList, refuses_a_name_without_a_dot) {
  const auto filter = TableFilter::of_tables({"db.t", "x"});
  ASSERT_FALSE(filter.has_value());
  EXPECT_EQ(filter.error().message(),
            "--tables-list only accepts qualified table names, but `x` lacks a dot");
}

// --- the examples of the older tool's manual ---

TEST(TableFilterExamples, do_what_the_manual_says) {
  const auto two = filter_of({"my_db1.table[12]", "mydb.*"});
  EXPECT_TRUE(two.matches_table("my_db1", "table2"));
  EXPECT_FALSE(two.matches_table("my_db1", "table3"));
  EXPECT_TRUE(two.matches_table("mydb", "anything"));

  const auto no_system = filter_of({"*.*", "!/^(mysql|INFORMATION_SCHEMA|PERFORMANCE_SCHEMA)$/.*"});
  EXPECT_TRUE(no_system.matches_table("shop", "t"));
  EXPECT_FALSE(no_system.matches_table("mysql", "user"));
  EXPECT_FALSE(no_system.matches_database("information_schema"));

  const auto joined = filter_of({"employees.*", "*.WorkOrder"});
  EXPECT_TRUE(joined.matches_table("employees", "x"));
  EXPECT_TRUE(joined.matches_table("plant", "workorder"));
  EXPECT_FALSE(joined.matches_table("plant", "x"));

  const auto literal = filter_of({R"(`db.with.dots`.`t\2`)"});
  EXPECT_TRUE(literal.matches_table("db.with.dots", "t\\2"));

  const auto pair = filter_of({R"(/^db\d{2}$/./^tbl\d+$/)"});
  EXPECT_TRUE(pair.matches_table("db12", "tbl345"));
  EXPECT_FALSE(pair.matches_table("db123", "tbl345"));

  const auto filter = TableFilter::parse({"@rules.txt"}, FilterCase::insensitive,
                                         files({{"rules.txt", "a.*\n!a.b\n"}}));
  ASSERT_TRUE(filter.has_value());
  EXPECT_TRUE(filter->matches_table("a", "c"));
  EXPECT_FALSE(filter->matches_table("a", "b"));
}

}  // namespace
}  // namespace tideway
