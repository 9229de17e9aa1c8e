#include "app/events.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tideway {
namespace {

using Json = nlohmann::json;

Json parsed(const std::string& line) {
  EXPECT_EQ(line.find('\n'), std::string::npos) << "an event is one line";
  const Json json = Json::parse(line);
  EXPECT_TRUE(json.contains("event") && json.contains("time")) << line;
  return json;
}

TEST(Events, an_error_has_code_side_evidence_and_what_to_type) {
  Evidence evidence;
  evidence.server_errno = 1142;
  evidence.server_text = "SELECT command denied";
  evidence.table = "`shop`.`orders`";
  evidence.statement = "GRANT SELECT ON shop.* TO app";
  const auto error = Error(ErrorCode::missing_privilege, Side::source, Retry::after_operator,
                           evidence, "cannot read")
                         .during("inner")
                         .during("outer");
  const auto json = parsed(error_event(Error(error)));
  EXPECT_EQ(json["event"], "error");
  EXPECT_EQ(json["code"], "TW301");
  EXPECT_EQ(json["name"], "missing_privilege");
  EXPECT_EQ(json["side"], "source");
  EXPECT_EQ(json["server_errno"], 1142);
  EXPECT_EQ(json["next"], "GRANT SELECT ON shop.* TO app");
  EXPECT_EQ(json["during"], Json::array({"outer", "inner"}));
}

TEST(Events, text_that_is_no_utf8_is_still_an_event) {
  const auto json = parsed(warning_event("a\xFF\x00z"));
  EXPECT_EQ(json["event"], "warning");
}

TEST(Events, a_status_says_that_the_operator_paused_the_job_and_else_nothing_of_it) {
  Figures figures;
  EXPECT_FALSE(parsed(status_event(figures)).contains("paused"));
  figures.status.is_paused = true;
  EXPECT_EQ(parsed(status_event(figures))["paused"], true);
}

TEST(Events, a_status_has_figures_and_leaves_out_what_is_not_known) {
  Figures figures;
  figures.status.phase = "copying";
  figures.status.rows_done = 5;
  figures.rows_per_s = 2.6;
  auto json = parsed(status_event(figures));
  EXPECT_EQ(json["rows_done"], 5);
  EXPECT_EQ(json["rows_per_s"], 3);
  for (const char* name :
       {"share", "rows_total", "seconds_left_least", "limited_by", "waiting_for"})
    EXPECT_FALSE(json.contains(name)) << name;
  figures.share = 0.25;
  figures.elapsed = std::chrono::microseconds(1'006'600);
  figures.least_left = std::chrono::seconds(5);
  figures.most_left = std::chrono::seconds(9);
  json = parsed(status_event(figures));
  EXPECT_EQ(json["share"], 0.25);
  EXPECT_EQ(json["seconds"], 1.007);
  EXPECT_EQ(json["seconds_left_most"], 9);
}

TEST(Events, what_was_compared_beside_the_log_is_told_once_there_is_something) {
  Figures figures;
  EXPECT_FALSE(parsed(status_event(figures)).contains("tables_equal"));
  figures.status.verified_as_of = "2026-03-01T12:00:00Z";
  figures.status.tables_different = 2;
  figures.status.cutover = "comparing both sides";
  const auto json = parsed(status_event(figures));
  EXPECT_EQ(json["verified_as_of"], "2026-03-01T12:00:00Z");
  EXPECT_EQ(json["tables_equal"], 0);
  EXPECT_EQ(json["tables_different"], 2);
  EXPECT_EQ(json["cutover"], "comparing both sides");
}

TEST(Events, a_lag_has_its_figures_and_null_where_one_is_not_known) {
  Figures figures;
  figures.status.phase = "following the log";
  EXPECT_FALSE(parsed(status_event(figures)).contains("lag_ms")) << "no log is followed";
  figures.status.lag = Lag{0, std::nullopt, 7, true, Lag::Trend::not_shrinking, std::nullopt};
  figures.status.retention_hours_left = 1.2345;
  const auto json = parsed(status_event(figures));
  EXPECT_EQ(json["lag_ms"], 0);
  EXPECT_TRUE(json["lag_bytes"].is_null());
  EXPECT_EQ(json["lag_transactions"], 7);
  EXPECT_EQ(json["lag_transactions_estimated"], true);
  EXPECT_EQ(json["lag_trend"], "not shrinking");
  EXPECT_FALSE(json.contains("lag_left_s"));
  EXPECT_EQ(json["retention_hours_left"], 1.23);
}

TEST(Events, a_certificate_is_carried_whole) {
  Certificate certificate;
  certificate.recipe = "copy";
  const auto json = parsed(certificate_event(certificate));
  EXPECT_EQ(json["certificate"]["recipe"], "copy");
  EXPECT_EQ(parsed(end_event(ExitCode::unproven))["exit"], 3);
  EXPECT_EQ(parsed(start_event("copy", "0.1.0"))["command"], "copy");
}

}  // namespace
}  // namespace tideway
