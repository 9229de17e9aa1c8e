#include "base/command_line.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "base/sample_options.h"

namespace tideway {
namespace {

using Words = std::vector<std::string>;

struct Outcome {
  SampleOptions options;
  ParsedOptions parsed;
  std::string error;  // empty: none
  ErrorCode code = ErrorCode::internal;
};

Outcome parse(const Words& words) {
  Outcome outcome;
  const auto bound = SampleOptions::table().bind(outcome.options);
  auto parsed = parse_command_line(bound, words);
  if (parsed) {
    outcome.parsed = *parsed;
  } else {
    outcome.error = parsed.error().to_line();
    outcome.code = parsed.error().code();
  }
  return outcome;
}

std::string error_of(const Words& words) {
  const auto outcome = parse(words);
  EXPECT_FALSE(outcome.error.empty());
  return outcome.error;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(CommandLine, leaves_the_defaults_of_the_struct_when_nothing_is_said) {
  const auto outcome = parse({});
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.options.threads, 4U);
  EXPECT_EQ(outcome.options.filter, Words{"*.*"});
  EXPECT_TRUE(outcome.parsed.given.empty());
}

TEST(CommandLine, takes_a_value_behind_a_blank_or_an_equals_sign) {
  EXPECT_EQ(parse({"--threads", "8"}).options.threads, 8U);
  EXPECT_EQ(parse({"--threads=8"}).options.threads, 8U);
  EXPECT_EQ(parse({"-t", "8"}).options.threads, 8U);
  EXPECT_EQ(parse({"-t8"}).options.threads, 8U);
  EXPECT_EQ(parse({"-t=8"}).options.threads, 8U);
  EXPECT_EQ(parse({"--output="}).options.inner.output, "");
  EXPECT_EQ(parse({"--output=a=b"}).options.inner.output, "a=b");
}

TEST(CommandLine, reads_every_type) {
  const auto options =
      parse({"--memory", "1.5GiB", "--offset", "-5", "--ratio=0.25", "--wait", "1m30s",
             "--consistency", "lock", "--port", "1", "--port", "65535", "--password", "secret"})
          .options;
  EXPECT_EQ(options.memory, 3ULL << 29U);
  EXPECT_EQ(options.offset, -5);
  EXPECT_EQ(options.ratio, 0.25);
  EXPECT_EQ(options.wait, std::chrono::seconds(90));
  EXPECT_EQ(options.consistency, Wish::lock);
  EXPECT_EQ(options.ports, (std::vector<std::uint16_t>{1, 65535}));
  EXPECT_EQ(options.password.reveal(), "secret");
}

TEST(CommandLine, flags_are_set_cleared_and_grouped) {
  EXPECT_TRUE(parse({"--quiet"}).options.inner.quiet);
  EXPECT_TRUE(parse({"-q"}).options.inner.quiet);
  EXPECT_FALSE(parse({"--checks=false"}).options.checks);
  EXPECT_FALSE(parse({"--no-checks"}).options.checks);
  const auto grouped = parse({"-qt9"}).options;
  EXPECT_TRUE(grouped.inner.quiet);
  EXPECT_EQ(grouped.threads, 9U);
  EXPECT_EQ(parse({"--quiet", "false"}).options.words, Words{"false"});  // a word, not a value
  EXPECT_TRUE(has(error_of({"--no-threads"}), "unknown option --no-threads"));
  EXPECT_TRUE(has(error_of({"--no-checks=true"}), "unknown option --no-checks"));
  EXPECT_TRUE(has(error_of({"--quiet=maybe"}), "'maybe' is neither true nor false"));
}

TEST(CommandLine, the_last_of_a_single_value_counts_and_a_list_replaces_its_default_then_grows) {
  EXPECT_EQ(parse({"--threads", "8", "--threads", "9"}).options.threads, 9U);
  EXPECT_EQ(parse({"-f", "a.*,b.*", "--filter", "c.*"}).options.filter,
            (Words{"a.*", "b.*", "c.*"}));
}

TEST(CommandLine, lists_are_split_as_csv_and_broken_csv_is_one_item) {
  EXPECT_EQ(parse({"-f", "my_db1.table[12],mydb.*"}).options.filter,
            (Words{"my_db1.table[12]", "mydb.*"}));
  EXPECT_EQ(parse({"-f", R"("/^a{2,3}$/.*",b.*)"}).options.filter, (Words{"/^a{2,3}$/.*", "b.*"}));
  EXPECT_EQ(parse({"-f", R"("say ""hi""",x)"}).options.filter, (Words{"say \"hi\"", "x"}));
  EXPECT_EQ(parse({"-f", R"("db"."t",x)"}).options.filter, (Words{R"("db"."t",x)"}));
  EXPECT_EQ(parse({"-f", R"(a"b,c)"}).options.filter, (Words{R"(a"b,c)"}));
  EXPECT_EQ(parse({"-f", "a,"}).options.filter, (Words{"a", ""}));
  EXPECT_EQ(parse({"-f", "\"open,a"}).options.filter, Words{"\"open,a"});
}

TEST(CommandLine, an_unknown_option_names_the_nearest_known_one) {
  EXPECT_TRUE(has(error_of({"--thread", "8"}),
                  "TW100 usage (local): unknown option --thread; did you mean --threads?"));
  EXPECT_TRUE(has(error_of({"--memry=1"}), "did you mean --memory?"));
  const auto far = error_of({"--zzzzzz"});
  EXPECT_TRUE(has(far, "unknown option --zzzzzz")) << far;
  EXPECT_FALSE(has(far, "did you mean")) << far;
  EXPECT_TRUE(has(error_of({"-z"}), "unknown option -z"));
}

TEST(CommandLine, a_prefix_of_a_name_is_not_the_name) {
  EXPECT_TRUE(has(error_of({"--mem1", "1"}), "unknown option"));
}

TEST(CommandLine, a_forgotten_value_does_not_swallow_the_next_option) {
  EXPECT_TRUE(has(error_of({"--output", "--quiet"}), "--output needs a value: --output=DIR"));
  EXPECT_TRUE(has(error_of({"--threads"}), "--threads needs a value"));
  EXPECT_EQ(parse({"--output=--quiet"}).options.inner.output, "--quiet");
}

TEST(CommandLine, a_value_out_of_range_says_the_range) {
  EXPECT_TRUE(has(error_of({"--threads", "0"}),
                  "TW103 bad_value (local): --threads: '0' is out of range: 1 to 256"));
  EXPECT_TRUE(has(error_of({"--threads", "257"}), "1 to 256"));
  EXPECT_TRUE(has(error_of({"--memory", "1KiB"}), "'1KiB' is out of range: 1MiB to 1TiB"));
  EXPECT_TRUE(has(error_of({"--ratio", "1.5"}), "0 to 1"));
  EXPECT_TRUE(has(error_of({"--port", "65536"}), "out of range"));
  EXPECT_TRUE(has(error_of({"--threads", "99999999999999999999999"}), "too large"));
}

TEST(CommandLine, a_value_of_the_wrong_kind_is_refused_whole) {
  EXPECT_TRUE(has(error_of({"--threads", "8x"}), "'8x' is not a whole number"));
  EXPECT_TRUE(has(error_of({"--threads", "-1"}), "not a whole number from 0 on"));
  EXPECT_TRUE(has(error_of({"--threads", ""}), "not a whole number"));
  EXPECT_TRUE(has(error_of({"--ratio", "nan"}), "not a number"));
  EXPECT_TRUE(has(error_of({"--wait", "soon"}), "not a duration"));
  EXPECT_TRUE(has(error_of({"--consistency", "locks"}),
                  "'locks' is not one of auto, lock, none; did you mean 'lock'?"));
}

TEST(CommandLine, words_are_taken_by_the_option_for_words_only) {
  EXPECT_EQ(parse({"TW301", "--quiet", "TW302"}).options.words, (Words{"TW301", "TW302"}));
  EXPECT_EQ(parse({"--", "--threads"}).options.words, Words{"--threads"});
  EXPECT_EQ(parse({"-"}).options.words, Words{"-"});
  InnerOptions inner;
  const auto bound = InnerOptions::table().bind(inner);
  const auto stray = parse_command_line(bound, Words{"quiet"});
  ASSERT_FALSE(stray.has_value());
  EXPECT_TRUE(has(stray.error().message(), "unexpected word 'quiet'; did you mean --quiet?"));
}

TEST(CommandLine, help_wins_over_what_is_missing) {
  EXPECT_TRUE(parse({"--threads", "8", "--help"}).parsed.wants_help);
  EXPECT_TRUE(parse({"-h"}).parsed.wants_help);
  EXPECT_FALSE(parse({"--", "--help"}).parsed.wants_help);
}

TEST(CommandLine, retired_names_work_and_warn) {
  const auto renamed = parse({"--workers", "8"});
  EXPECT_EQ(renamed.options.threads, 8U);
  ASSERT_EQ(renamed.parsed.warnings.size(), 1U);
  EXPECT_EQ(renamed.parsed.warnings[0],
            "--workers is now --threads; the old name goes with version 0.9");
  EXPECT_TRUE(renamed.parsed.given.contains("threads"));
  const auto gone = parse({"--cache=1"});
  EXPECT_EQ(gone.error, "");
  ASSERT_EQ(gone.parsed.warnings.size(), 1U);
  EXPECT_EQ(gone.parsed.warnings[0], "--cache has no effect any more: there is no cache to size");
}

TEST(CommandLine, aliases_are_full_names) {
  EXPECT_EQ(parse({"--mem", "2MiB"}).options.memory, 2U << 20U);
}

TEST(CommandLine, an_option_that_must_be_given_is_missed) {
  struct Needs {
    std::string source;
  };
  Needs needs;
  const OptionTable<Needs> table{
      option("source", &Needs::source).required().value_name("URL").help("Where.")};
  const auto missing = parse_command_line(table.bind(needs), Words{});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message(), "--source URL is missing");
  EXPECT_TRUE(parse_command_line(table.bind(needs), Words{"--help"}).has_value());
  EXPECT_TRUE(parse_command_line(table.bind(needs), Words{"--source=x"}).has_value());
}

TEST(CommandLine, the_command_line_wins_over_the_configuration_file_wherever_it_stands) {
  const std::string path = ::testing::TempDir() + "/tideway_command_line_test.yaml";
  std::ofstream(path) << "threads: 7\nmemory: 2MiB\nfilter: [a.*, b.*]\n";
  const auto outcome = parse({"--threads", "9", "--filter", "c.*", "--config", path});
  std::remove(path.c_str());
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.options.threads, 9U);
  EXPECT_EQ(outcome.options.memory, 2U << 20U);
  EXPECT_EQ(outcome.options.filter, Words{"c.*"});
  EXPECT_TRUE(outcome.parsed.given.contains("memory"));
}

TEST(WithoutPasswords, blanks_what_a_url_or_a_pasted_line_holds_and_keeps_the_length) {
  EXPECT_EQ(without_passwords("mysql://u:secret@h:3306/"), "mysql://u:xxxxxx@h:3306/");
  EXPECT_EQ(without_passwords("mysql://u:a@b:c@h/"), "mysql://u:xxxxx@h/");
  EXPECT_EQ(without_passwords("mysql://u:a/b@h/"), "mysql://u:xxx@h/");
  EXPECT_EQ(without_passwords("mysql://u@h:3306/"), "mysql://u@h:3306/");
  EXPECT_EQ(without_passwords("mysql://h:3306/"), "mysql://h:3306/");
  EXPECT_EQ(without_passwords("mysql -h h -P 3306 -u u -psecret db"),
            "mysql -h h -P 3306 -u u -pxxxxxx db");
  EXPECT_EQ(without_passwords("mysql --password=secret"), "mysql --password=xxxxxx");
  EXPECT_EQ(without_passwords("-pretty please"), "-pretty please");
  EXPECT_EQ(without_passwords(""), "");
}

TEST(ProcessTitle, loses_passwords_in_place) {
  std::vector<std::string> words = {
      "tideway",           "dump",     "--source", "mysql://u:secret@h/", "--password", "secret",
      "--password=secret", "--output", "secret"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  blank_process_title(argv, SampleOptions::table().specs());
  EXPECT_EQ(words, (std::vector<std::string>{"tideway", "dump", "--source", "mysql://u:xxxxxx@h/",
                                             "--password", "xxxxxx", "--password=xxxxxx",
                                             "--output", "secret"}));
}

}  // namespace
}  // namespace tideway
