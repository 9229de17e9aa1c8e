#include "base/option_help.h"

#include <gtest/gtest.h>

#include "base/sample_options.h"

namespace tideway {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

TEST(OptionHelp, shows_defaults_from_the_struct_and_limits_from_the_table) {
  const auto text = help_text("sample", "Does things.", SampleOptions::table().specs());
  EXPECT_NE(text.find("  -t, --threads N             Sessions. 1 to 256. Default: 4."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("      --memory SIZE           Memory. 1MiB to 1TiB. Default: 512MiB."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("One of auto, lock, none. Default: auto."), std::string::npos) << text;
  EXPECT_NE(text.find("--[no-]checks"), std::string::npos) << text;
  EXPECT_NE(text.find("Default: 10s."), std::string::npos) << text;
}

TEST(OptionHelp, keeps_options_of_a_group_together_under_its_name) {
  const auto text = help_text("sample", "Does things.", SampleOptions::table().specs());
  const auto files = text.find("\nFiles:\n"), output = text.find("\nOutput:\n"),
             rest = text.find("\nOptions:\n");
  ASSERT_NE(files, std::string::npos);
  EXPECT_LT(files, text.find("--output"));
  EXPECT_LT(text.find("--output"), output);
  EXPECT_LT(output, text.find("--quiet"));
  EXPECT_LT(text.find("--quiet"), rest);
}

TEST(OptionHelp, wraps_at_the_width_asked_for) {
  for (const auto& line :
       lines_of(help_text("sample", "Does things that need many words to be said.",
                          SampleOptions::table().specs(), 60))) {
    EXPECT_LE(line.size(), 60U) << line;
  }
}

TEST(OptionHelp, never_shows_retired_names_or_secrets) {
  const auto specs = SampleOptions::table().specs();
  EXPECT_EQ(help_text("sample", "", specs).find("workers"), std::string::npos);
  for (const auto& spec : specs)
    EXPECT_TRUE(spec.name != "password" || (spec.is_secret && spec.default_text.empty()));
}

TEST(OptionHelp, the_reference_page_has_every_option_and_says_where_retired_ones_went) {
  const auto specs = SampleOptions::table().specs();
  const auto page = help_markdown("sample", "Does things.", specs);
  for (const auto& spec : specs) {
    const bool has_it = page.find("--" + spec.name) != std::string::npos ||
                        page.find("--[no-]" + spec.name) != std::string::npos ||
                        spec.kind == OptionSpec::Kind::word;
    EXPECT_TRUE(has_it) << spec.name;
  }
  EXPECT_NE(page.find("| `--workers` | `--threads`; goes with version 0.9 |"), std::string::npos)
      << page;
}

}  // namespace
}  // namespace tideway
