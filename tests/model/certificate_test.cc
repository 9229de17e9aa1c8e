#include "model/certificate.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

Certificate sample() {
  Certificate certificate;
  certificate.recipe = "copy";
  certificate.job = "j";
  certificate.source = "s";
  certificate.target = "t";
  certificate.position = "binlog.000001:4";
  certificate.rung = "exact";
  certificate.started = std::chrono::system_clock::from_time_t(1'700'000'000);
  certificate.finished = std::chrono::system_clock::from_time_t(1'700'000'100);
  certificate.tables.push_back({{"db", "a`\"\n日本"},
                                {"db", "a`\"\n日本"},
                                3,
                                "rows=3",
                                DigestStrength::strong,
                                "",
                                Proof::proven,
                                "",
                                {}});
  certificate.tables.push_back(
      {{"db", "b"}, {"db2", "c"}, 4, "", DigestStrength::fast, "p", Proof::unproven, "why", {"k"}});
  certificate.not_carried_over.push_back({"trigger", 2, {"x", "y"}, "advice"});
  certificate.changes.push_back({"o", "w", "y"});
  certificate.warnings = {"careful"};
  return certificate;
}

TEST(Certificate, its_json_reads_back_as_the_same_certificate) {
  const auto certificate = sample();
  const std::string json = to_json(certificate);
  EXPECT_EQ(json.find('\n'), std::string::npos) << "one line";
  const auto read = parse_certificate(json);
  ASSERT_TRUE(read.has_value()) << read.error().to_line();
  EXPECT_EQ(to_json(*read), json);
  EXPECT_EQ(read->tables[0].source, certificate.tables[0].source);
  EXPECT_EQ(read->tables[0].strength, DigestStrength::strong);
  EXPECT_EQ(read->tables[1].target, (TableId{"db2", "c"}));
  EXPECT_EQ(read->tables[1].proof, Proof::unproven);
  EXPECT_EQ(read->started, certificate.started);
}

TEST(Certificate, its_exit_code_is_that_of_its_worst_table) {
  auto certificate = sample();
  EXPECT_EQ(exit_code_of(certificate), ExitCode::unproven);
  certificate.tables[1].proof = Proof::not_compared;
  EXPECT_EQ(exit_code_of(certificate), ExitCode::unproven);
  certificate.tables[0].proof = Proof::different;
  EXPECT_EQ(exit_code_of(certificate), ExitCode::failed);
  certificate.tables.clear();
  EXPECT_EQ(exit_code_of(certificate), ExitCode::proven);
}

TEST(Certificate, a_proof_word_of_a_later_version_is_never_proven) {
  std::string json = to_json(sample());
  json.replace(json.find("\"proven\""), 8, "\"provenish\"");
  const auto read = parse_certificate(json);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->tables[0].proof, Proof::not_compared);
}

TEST(Certificate, other_text_is_an_error) {
  for (const char* text :
       {"", "{}", "[]", "null", "{\"format\":2}", "{\"format\":1}", "not json"}) {
    const auto read = parse_certificate(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code(), ErrorCode::progress_unreadable);
  }
}

TEST(Certificate, names_that_are_no_utf8_do_not_break_it) {
  auto certificate = sample();
  certificate.tables[0].source.name = "a\xFF";
  EXPECT_TRUE(parse_certificate(to_json(certificate)).has_value());
}

}  // namespace
}  // namespace tideway
