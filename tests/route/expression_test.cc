#include "route/expression.h"

#include <gtest/gtest.h>

#include "route/row_filter.h"

namespace tideway {
namespace {

Column column_of(std::string name, TypeKind kind, std::string collation = {}) {
  Column column;
  column.name = std::move(name);
  column.type.kind = kind;
  column.type.collation = std::move(collation);
  column.type.charset = column.type.collation.empty() ? "" : "utf8mb4";
  return column;
}

TablePtr table() {
  static const TablePtr made = [] {
    auto table = std::make_shared<TableDef>();
    table->id = {"s", "t"};
    table->columns = {column_of("id", TypeKind::big_int),
                      column_of("name", TypeKind::var_char, "utf8mb4_0900_ai_ci"),
                      column_of("price", TypeKind::decimal),
                      column_of("made", TypeKind::datetime),
                      column_of("seen", TypeKind::timestamp),
                      column_of("doc", TypeKind::json),
                      column_of("polish", TypeKind::var_char, "utf8mb4_polish_ci")};
    return table;
  }();
  return made;
}

using Cells = std::vector<std::optional<std::string>>;

// "true", "false", "unknown column x", or the error.
std::string ask(std::string_view text,
                const Cells& cells = {"7", "Ann", "1.50", "2024-02-29 10:11:12",
                                      "2024-01-01 23:30:00"},
                std::int32_t minutes = 0) {
  const auto tree = parse_expression(text);
  if (!tree) return tree.error().message();
  std::string unknown;
  const auto bound = Expression::bind(*tree, table(), minutes, unknown);
  if (!bound) return bound.error().message();
  if (!*bound) return "unknown column " + unknown;
  Block block(std::make_shared<Stream>(), {});
  std::vector<Cell> row;
  std::vector<std::int32_t> places(table()->columns.size(), -1);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    places[i] = static_cast<std::int32_t>(i);
    row.push_back(cells[i] ? block.append(*cells[i]) : Cell{});
  }
  ExpressionScratch scratch;
  ExpressionRow asked{&block, row.data(), places, &scratch, {}};
  const auto holds = (*bound)->holds(asked);
  return !holds ? holds.error().message() : *holds ? "true" : "false";
}

TEST(Expression, null_is_neither_true_nor_false) {
  EXPECT_EQ(ask("name = 'x'", {"1", std::nullopt}), "false");
  EXPECT_EQ(ask("NOT name = 'x'", {"1", std::nullopt}), "false");
  EXPECT_EQ(ask("name IS NULL AND name <=> NULL", {"1", std::nullopt}), "true");
  EXPECT_EQ(ask("name = 'x' OR id = 1", {"1", std::nullopt}), "true");
  EXPECT_EQ(ask("(name = 'x') IS TRUE", {"1", std::nullopt}), "false");
}

TEST(Expression, operators_bind_as_mysql_binds_them) {
  EXPECT_EQ(ask("1 + 2 * 3 = 7"), "true");
  EXPECT_EQ(ask("NOT 1 = 2"), "true");
  EXPECT_EQ(ask("1 OR 0 AND 0"), "true");
  EXPECT_EQ(ask("1 XOR 1 OR 1"), "true");
  EXPECT_EQ(ask("7 & 3 | 8 = 11"), "true");
  EXPECT_EQ(ask("-2 + 3 BETWEEN 1 AND 1"), "true");
  EXPECT_EQ(ask("id NOT IN (1, 2) && id % 2"), "true");
}

TEST(Expression, decimals_are_exact_and_large_numbers_stay_whole) {
  EXPECT_EQ(ask("price = 1.5 AND price * 3 = 4.5"), "true");
  EXPECT_EQ(ask("0.1 + 0.2 = 0.3"), "true");
  EXPECT_EQ(ask("id = '9007199254740993'", {"9007199254740992"}), "false");
  EXPECT_EQ(ask("id = 9007199254740993", {"9007199254740993"}), "true");
}

TEST(Expression, characters_compare_as_their_collation_does_or_say_so) {
  EXPECT_EQ(ask("name = 'ANN'"), "true");
  EXPECT_EQ(ask("BINARY name = 'ANN'"), "false");
  EXPECT_EQ(ask("name LIKE 'a%' AND name NOT LIKE '_n'"), "true");
  EXPECT_EQ(ask("name = 'ann '"), "false");  // NO PAD
  EXPECT_EQ(ask("name = 'x'", {"1", "日本"}), "false");
  EXPECT_EQ(ask("name = 'anna'", {"1", "änna"}).rfind("at 1:1: characters beyond ASCII", 0), 0U);
  EXPECT_EQ(ask("polish = 'x'").rfind("at 1:1: column 'polish' has the collation", 0), 0U);
}

TEST(Expression, times_compare_with_constants) {
  EXPECT_EQ(ask("made > '2024-02-29' AND made < '2024-03-01'"), "true");
  EXPECT_EQ(ask("made = 20240229101112"), "true");
  EXPECT_EQ(ask("YEAR(made) = 2024 AND HOUR(made) = 10 AND DATE(made) = '2024-02-29'"), "true");
  EXPECT_EQ(ask("made > 'yesterday'"), "at 1:8: 'yesterday' is no date or time");
  EXPECT_EQ(ask("made LIKE '2024-02-%'"), "true");
}

TEST(Expression, a_timestamp_is_seen_in_the_time_zone) {
  EXPECT_EQ(ask("DATE(seen) = '2024-01-01'"), "true");
  EXPECT_EQ(ask("DATE(seen) = '2024-01-02'",
                {"7", "Ann", "1.50", "2024-02-29 10:11:12", "2024-01-01 23:30:00"}, 60),
            "true");
  EXPECT_EQ(ask("seen = '2023-12-31 20:00:00'",
                {"7", "Ann", "1.50", "2024-02-29 10:11:12", "2024-01-01 01:00:00"}, -300),
            "true");
}

TEST(Expression, what_is_not_understood_is_an_error_with_its_place) {
  EXPECT_EQ(ask("id = NOW()"), "at 1:6: the function NOW with 0 arguments is not known");
  EXPECT_EQ(ask("doc = 1").rfind("at 1:1: column 'doc' is of a type", 0), 0U);
  EXPECT_NE(ask("id ="), "false");
  EXPECT_NE(ask("id = (SELECT 1)"), "false");
  EXPECT_NE(ask("id = @x"), "false");
  EXPECT_EQ(ask("id = 1;").rfind("syntax error at line 1, column 7", 0), 0U);
  EXPECT_EQ(ask(std::string(5000, '(') + "1").rfind("syntax error", 0), 0U);
  EXPECT_EQ(ask(std::string(5000, '-') + "1").rfind("syntax error", 0), 0U);
}

TEST(Expression, the_word_of_an_operator_is_no_function) {
  for (const char* word : {"REGEXP", "RLIKE", "LIKE", "IN", "BETWEEN", "AND", "OR", "XOR"}) {
    for (const char* list : {"()", "(id)", "(id, 1)"}) {
      EXPECT_NE(ask(std::string(word) + list).find("is not known"), std::string::npos) << word;
    }
  }
  EXPECT_EQ(ask("BINARY()").rfind("syntax error", 0), 0U);
  EXPECT_EQ(ask("BINARY (id + 6) = 13"), "true");
  EXPECT_NE(ask("1 + NOT(id)").find("is not known"), std::string::npos);
}

TEST(Expression, an_unknown_column_is_told_apart_from_an_error) {
  EXPECT_EQ(ask("nothing = 1 AND id = 1"), "unknown column nothing");
}

TEST(Expression, a_column_that_an_image_lacks_is_an_error) {
  EXPECT_EQ(ask("name = 'x'", {"1"}),
            "at 1:1: name: the row's image lacks the column: binlog_row_image must be FULL");
}

TEST(Expression, overflow_is_an_error_as_on_the_server) {
  EXPECT_NE(ask("id + 9223372036854775807 > 0").find("out of range"), std::string::npos);
  EXPECT_EQ(ask("id / 0 IS NULL AND id % 0 IS NULL"), "true");
}

// --- filters over rows ---

ExpressionFilterRule rule(const std::string& yaml) {
  return read_expression_filters(
             parse_config_tree("f: {schema: S, table: T, " + yaml + "}", "c").value())
      .value()
      .at(0);
}

// Updates of `id` from i to j.
std::string left_of_updates(const std::string& yaml,
                            const std::vector<std::pair<int, int>>& updates, DropCounts& drops) {
  std::vector<std::string> warnings;
  const std::vector rules{rule(yaml)};
  const auto filter = RowFilter::bind(rules, table(), FilterCase::insensitive, 0, drops, warnings);
  if (!filter) return filter.error().to_line();
  Block block(std::make_shared<Stream>(), {});
  const ColumnSet ids({0});
  Rows& rows = block.begin_rows(table(), ChangeKind::update, ids, ids);
  for (const auto& [before, after] : updates) {
    block.add_cell(block.append(std::to_string(before)));
    block.add_cell(block.append(std::to_string(after)));
    block.end_row();
  }
  if (const auto dropped = filter->drop_rows(block, rows); !dropped)
    return dropped.error().to_line();
  std::string text;
  for (const Cell& cell : block.cells(rows)) text += std::string(block.text(cell)) + " ";
  for (const std::string& warning : warnings) text += warning;
  return text;
}

TEST(RowFilter, an_update_is_left_out_when_both_images_hold) {
  DropCounts drops;
  const std::vector<std::pair<int, int>> updates{{1, 5}, {1, 2}, {3, 5}, {1, 6}};
  EXPECT_EQ(left_of_updates("update-old-value-expr: 'id = 1', update-new-value-expr: 'id >= 5'",
                            updates, drops),
            "1 2 3 5 ");
  EXPECT_EQ(left_of_updates("update-old-value-expr: 'id = 1'", updates, drops), "3 5 ");
  EXPECT_EQ(left_of_updates("update-new-value-expr: 'id = 5'", updates, drops), "1 2 1 6 ");
  EXPECT_EQ(left_of_updates("insert-value-expr: 'id = 5'", updates, drops), "1 5 1 2 3 5 1 6 ");
  ASSERT_EQ(drops.list().size(), 1U);
  EXPECT_EQ(drops.list()[0], (Dropped{{"s", "t"}, "expression-filter 'f'", 7, 0}));
}

TEST(RowFilter, a_column_that_the_table_lacks_makes_it_false_with_a_warning) {
  DropCounts drops;
  EXPECT_EQ(
      left_of_updates("update-old-value-expr: 'id = 1', update-new-value-expr: 'gone = 1'",
                      {{1, 2}}, drops),
      "1 2 expression-filter 'f' leaves nothing out of `s`.`t`: the table has no column 'gone'");
  EXPECT_TRUE(drops.list().empty());
}

TEST(RowFilter, an_expression_that_does_not_fit_names_its_filter) {
  DropCounts drops;
  const std::string error = left_of_updates("update-old-value-expr: 'SLEEP(1)'", {{1, 2}}, drops);
  EXPECT_NE(error.find("TW115"), std::string::npos);
  EXPECT_NE(error.find("expression-filter 'f'"), std::string::npos);
}

}  // namespace
}  // namespace tideway
