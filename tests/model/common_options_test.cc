#include "model/common_options.h"

#include <gtest/gtest.h>

#include "base/command_line.h"

namespace tideway {
namespace {

using Words = std::vector<std::string>;

Result<ParsedOptions> parse(std::initializer_list<CommonPart> parts, const Words& words,
                            CommonOptions& options) {
  return parse_command_line(CommonOptions::table(parts).bind(options), words);
}

TEST(CommonOptions, a_command_accepts_only_the_parts_it_names) {
  CommonOptions options;
  EXPECT_TRUE(parse({CommonPart::source, CommonPart::threads},
                    {"--source", "mysql://h/", "--threads", "8", "--json"}, options)
                  .has_value());
  const auto refused =
      parse({CommonPart::source, CommonPart::threads}, {"--memory", "1GiB"}, options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::usage);
  EXPECT_FALSE(parse({CommonPart::source}, {"--target", "x"}, options).has_value());
}

TEST(CommonOptions, with_one_server_its_options_need_no_prefix) {
  CommonOptions one, two;
  ASSERT_TRUE(
      parse({CommonPart::source}, {"--host", "h", "--port=3307", "--user", "u"}, one).has_value());
  EXPECT_EQ(one.source.host, "h");
  EXPECT_EQ(one.source.port, 3307);
  EXPECT_TRUE(one.source.is_given());
  EXPECT_FALSE(parse({CommonPart::source, CommonPart::target}, {"--host", "h"}, two).has_value());
  ASSERT_TRUE(parse({CommonPart::source, CommonPart::target},
                    {"--source-host", "h", "--target-host", "g"}, two)
                  .has_value());
  EXPECT_EQ(two.target.host, "g");
}

TEST(CommonOptions, urls_and_passwords_are_secrets_to_help_and_the_process_title) {
  for (const OptionSpec& spec :
       CommonOptions::table({CommonPart::source, CommonPart::target}).specs()) {
    const bool should_be =
        spec.name == "source" || spec.name == "target" || spec.name.ends_with("-password");
    EXPECT_EQ(spec.is_secret, should_be) << spec.name;
  }
}

TEST(CommonOptions, the_filter_is_everything_but_system_until_one_is_given) {
  CommonOptions options;
  EXPECT_FALSE(options.table_filter()->matches_table("mysql", "user"));
  EXPECT_TRUE(options.table_filter()->matches_table("shop", "t"));
  ASSERT_TRUE(parse({CommonPart::filter}, {"-f", "shop.*,!shop.x"}, options).has_value());
  EXPECT_FALSE(options.table_filter()->matches_table("other", "t"));
  EXPECT_FALSE(options.table_filter()->matches_table("shop", "X"));
  options.case_sensitive = true;
  EXPECT_TRUE(options.table_filter()->matches_table("shop", "X"));
  options.filter = {"broken"};
  EXPECT_EQ(options.table_filter().error().code(), ErrorCode::filter_syntax);
}

TEST(CommonOptions, memory_has_a_least_that_a_job_can_live_on) {
  CommonOptions options;
  EXPECT_FALSE(parse({CommonPart::memory}, {"--memory", "63MiB"}, options).has_value());
  EXPECT_TRUE(parse({CommonPart::memory}, {"--memory", "192MiB"}, options).has_value());
  EXPECT_EQ(options.memory_bytes, 192ULL << 20U);
}

}  // namespace
}  // namespace tideway
