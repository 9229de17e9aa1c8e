#include "base/config_tree.h"

#include <gtest/gtest.h>

#include "base/command_line.h"
#include "base/config_file.h"
#include "base/option_table.h"

namespace tideway {
namespace {

struct TreeOptions {
  ConfigTree routes;
  std::string name;
  static const OptionTable<TreeOptions>& table() {
    static const OptionTable<TreeOptions> options{
        option("routes", &TreeOptions::routes).help("Where tables go."),
        option("name", &TreeOptions::name).help("A word."),
    };
    return options;
  }
};

Result<ConfigMap> map_of(const ConfigTree& tree) { return ConfigMap::of(tree, "a route"); }

TEST(ConfigTree, a_file_nests_maps_and_lists_and_remembers_places) {
  TreeOptions options;
  ParsedOptions parsed;
  const auto read = read_config_text("name: x\nroutes:\n  one:\n    from: [a, b]\n    to: c\n",
                                     "job.yaml", TreeOptions::table().bind(options), parsed);
  ASSERT_TRUE(read.has_value()) << read.error().to_line();
  ASSERT_EQ(options.routes.kind, ConfigTree::Kind::map);
  const ConfigTree& one = options.routes.children.at(0);
  EXPECT_EQ(one.key, "one");
  EXPECT_EQ(one.key_place, "job.yaml:3:3");
  auto map = map_of(one);
  ASSERT_TRUE(map.has_value());
  EXPECT_EQ(map->words("from").value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(map->word("to").value(), "c");
  EXPECT_EQ(map->word("not there").value(), "");
  EXPECT_TRUE(map->finish().has_value());
}

TEST(ConfigTree, the_command_line_takes_the_same_as_one_value) {
  TreeOptions options;
  const std::vector<std::string> words{"--routes", "{one: {to: c}}"};
  ASSERT_TRUE(parse_command_line(TreeOptions::table().bind(options), words).has_value());
  EXPECT_EQ(options.routes.children.at(0).children.at(0).word, "c");
  const std::vector<std::string> plain{"--routes", "c"};
  EXPECT_FALSE(parse_command_line(TreeOptions::table().bind(options), plain).has_value());
}

TEST(ConfigTree, a_key_that_nobody_asked_for_names_its_place_and_the_nearest) {
  const auto tree = parse_config_tree("from: a\nt0: b\n", "f");
  ASSERT_TRUE(tree.has_value());
  auto map = map_of(*tree);
  ASSERT_TRUE(map->word("from").has_value());
  ASSERT_TRUE(map->word("to").has_value());
  const auto left = map->finish();
  ASSERT_FALSE(left.has_value());
  EXPECT_EQ(left.error().message(), "f:2:1: a route has no key 't0'; did you mean 'to'?");
  EXPECT_EQ(left.error().code(), ErrorCode::config_unknown_key);
}

TEST(ConfigTree, other_shapes_and_missing_words_are_errors_with_their_place) {
  const auto tree = parse_config_tree("from: {a: b}\nlist: [[a]]\n", "f").value();
  auto map = map_of(tree);
  EXPECT_EQ(map->word("from").error().message(), "f:1:7: 'from' of a route takes one value");
  EXPECT_EQ(map->words("list").error().message(), "f:2:8: 'list' of a route takes a list of words");
  EXPECT_EQ(map->required_word("to").error().message(), "f:1:1: a route has no 'to'");
  EXPECT_FALSE(map_of(tree.children.at(1)).has_value());
}

TEST(ConfigTree, its_text_reads_back_as_the_same_value) {
  const auto tree = parse_config_tree("a: [1, 'x\"y\\z']\nb:\n  c: 'l: {'\nd:\n", "f").value();
  const std::string text = to_text(tree);
  EXPECT_EQ(text, R"({"a": ["1", "x\"y\\z"], "b": {"c": "l: {"}, "d": ~})");
  EXPECT_EQ(to_text(parse_config_tree(text, "g").value()), text);
}

TEST(ConfigTree, broken_text_is_an_error_and_never_a_crash) {
  EXPECT_FALSE(parse_config_tree("{a: [b}", "f").has_value());
  EXPECT_FALSE(parse_config_tree("{a: 1, a: 2}", "f").has_value());
  EXPECT_FALSE(parse_config_tree(std::string(500, '['), "f").has_value());
  EXPECT_FALSE(parse_config_tree("a\n---\nb", "f").has_value());
}

}  // namespace
}  // namespace tideway
