#include "base/config_file.h"

#include <gtest/gtest.h>

#include "base/sample_options.h"

namespace tideway {
namespace {

struct Outcome {
  SampleOptions options;
  ParsedOptions parsed;
  std::string message;  // empty: no error
  ErrorCode code = ErrorCode::internal;
};

Outcome read(const std::string& text) {
  Outcome outcome;
  const auto bound = SampleOptions::table().bind(outcome.options);
  const auto result = read_config_text(text, "job.yaml", bound, outcome.parsed);
  if (!result) {
    outcome.message = result.error().message();
    outcome.code = result.error().code();
  }
  return outcome;
}

TEST(ConfigFile, keys_are_the_names_of_the_options) {
  const auto outcome = read(
      "threads: 8\nmemory: 64MiB\nwait: 1h\nconsistency: none\nquiet: yes\nchecks: "
      "false\nfilter:\n  - a.*\n  - '!a.b'\n");
  EXPECT_EQ(outcome.message, "");
  EXPECT_EQ(outcome.options.threads, 8U);
  EXPECT_EQ(outcome.options.memory, 64U << 20U);
  EXPECT_EQ(outcome.options.wait, std::chrono::hours(1));
  EXPECT_EQ(outcome.options.consistency, Wish::none);
  EXPECT_TRUE(outcome.options.inner.quiet);
  EXPECT_FALSE(outcome.options.checks);
  EXPECT_EQ(outcome.options.filter, (std::vector<std::string>{"a.*", "!a.b"}));
  EXPECT_TRUE(outcome.parsed.given.contains("quiet"));
}

TEST(ConfigFile, a_list_may_be_one_plain_value) {
  EXPECT_EQ(read("filter: 'a.*,b.*'").options.filter, (std::vector<std::string>{"a.*", "b.*"}));
}

TEST(ConfigFile, an_empty_file_sets_nothing) {
  EXPECT_EQ(read("").message, "");
  EXPECT_EQ(read("# only a comment\n").message, "");
}

TEST(ConfigFile, broken_yaml_names_file_line_and_column) {
  const auto outcome = read("threads: 8\nfilter: [a.*\nquiet: true\n");
  EXPECT_EQ(outcome.code, ErrorCode::config_syntax);
  EXPECT_EQ(outcome.message.rfind("job.yaml:3:", 0), 0U) << outcome.message;
  EXPECT_EQ(read("threads: 8\n\tquiet: true\n").message.rfind("job.yaml:2:", 0), 0U)
      << read("threads: 8\n\tquiet: true\n").message;
}

TEST(ConfigFile, an_unknown_key_names_its_place_and_the_nearest_one) {
  const auto outcome = read("quiet: true\nthread: 8\n");
  EXPECT_EQ(outcome.code, ErrorCode::config_unknown_key);
  EXPECT_EQ(outcome.message, "job.yaml:2:1: unknown key 'thread'; did you mean 'threads'?");
  EXPECT_EQ(read("words: [x]\n").code, ErrorCode::config_unknown_key);
  EXPECT_EQ(read("config: other.yaml\n").code, ErrorCode::config_unknown_key);
}

TEST(ConfigFile, a_bad_value_names_its_place_and_what_it_may_be) {
  const auto outcome = read("threads: 8\nport:\n  - 1\n  - 70000\n");
  EXPECT_EQ(outcome.code, ErrorCode::bad_value);
  EXPECT_EQ(outcome.message, "job.yaml:4:5: port: '70000' is out of range");
}

TEST(ConfigFile, a_key_counts_once) {
  const auto outcome = read("threads: 8\nthreads: 9\n");
  EXPECT_EQ(outcome.code, ErrorCode::config_syntax);
  EXPECT_EQ(outcome.message, "job.yaml:2:1: the key 'threads' stands here a second time");
}

TEST(ConfigFile, shapes_that_fit_no_option_are_refused) {
  EXPECT_EQ(read("- a\n- b\n").message,
            "job.yaml:1:1: the file is not a map of option names to values");
  EXPECT_EQ(read("threads:\n").message, "job.yaml:1:1: 'threads' has no value");
  EXPECT_EQ(read("threads: [1, 2]\n").message,
            "job.yaml:1:10: 'threads' takes one value, not a list");
  EXPECT_EQ(read("threads: {a: 1}\n").message, "job.yaml:1:10: 'threads' takes a value, not a map");
  EXPECT_EQ(read("filter: [[a]]\n").message,
            "job.yaml:1:10: 'filter' takes a list of plain values");
  EXPECT_EQ(read("threads: 1\n---\nthreads: 2\n").code, ErrorCode::config_syntax);
}

TEST(ConfigFile, retired_keys_work_and_warn) {
  const auto outcome = read("workers: 8\ncache: 1\n");
  EXPECT_EQ(outcome.message, "");
  EXPECT_EQ(outcome.options.threads, 8U);
  EXPECT_EQ(outcome.parsed.warnings.size(), 2U);
}

TEST(ConfigFile, a_file_that_is_not_there_is_named) {
  SampleOptions options;
  ParsedOptions parsed;
  const auto result =
      read_config_file("/nowhere/job.yaml", SampleOptions::table().bind(options), parsed);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ErrorCode::bad_value);
  EXPECT_EQ(result.error().message(),
            "the configuration file cannot be read: /nowhere/job.yaml: no such file");
}

}  // namespace
}  // namespace tideway
