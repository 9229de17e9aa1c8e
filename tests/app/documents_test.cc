#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "app/commands.h"
#include "app/explain.h"
#include "base/option_help.h"

namespace tideway {
namespace {

std::string document(const std::string& name) {
  std::ifstream file(std::filesystem::path(TIDEWAY_DOCS) / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr const char* remedy = "out of date: run tools/update_docs and commit";

TEST(Documents, the_page_of_errors_is_what_the_program_says) {
  EXPECT_EQ(document("errors.md"), errors_markdown()) << remedy;
}

TEST(Documents, every_command_has_its_options_page_as_the_program_says) {
  for (const Command& command : commands()) {
    EXPECT_EQ(document("options-" + command.name + ".md"),
              help_markdown(command.name, command.summary, command.specs()))
        << command.name << " " << remedy;
  }
}

TEST(Documents, there_is_no_page_of_a_command_that_is_gone) {
  for (const auto& entry : std::filesystem::directory_iterator(TIDEWAY_DOCS)) {
    const std::string name = entry.path().stem().string();
    if (name.starts_with("options-")) {
      EXPECT_NE(find_command(name.substr(8)), nullptr) << name << " " << remedy;
    }
  }
}

TEST(Documents, every_option_says_what_it_is_for_in_a_sentence) {
  for (const Command& command : commands()) {
    for (const OptionSpec& spec : command.specs()) {
      if (spec.kind == OptionSpec::Kind::retired) continue;
      EXPECT_FALSE(spec.help.empty()) << command.name << " --" << spec.name;
      EXPECT_TRUE(spec.help.ends_with('.'))
          << command.name << " --" << spec.name << ": " << spec.help;
    }
  }
}

TEST(Documents, no_two_options_of_a_command_share_a_name_or_a_letter) {
  for (const Command& command : commands()) {
    std::set<std::string> names;
    for (const OptionSpec& spec : command.specs()) {
      EXPECT_TRUE(names.insert(spec.name).second) << command.name << " --" << spec.name;
      for (const auto& alias : spec.aliases)
        EXPECT_TRUE(names.insert(alias).second) << command.name << " --" << alias;
      if (spec.short_name != '\0') {
        EXPECT_TRUE(names.insert(std::string("-") + spec.short_name).second)
            << command.name << " -" << spec.short_name;
      }
    }
  }
}

}  // namespace
}  // namespace tideway
