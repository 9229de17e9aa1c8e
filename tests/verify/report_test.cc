#include "verify/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tideway {
namespace {

TableReport table(ComparisonState state) {
  TableReport report;
  report.source = {"here", "t"};
  report.target = {"there", "t"};
  report.state = state;
  return report;
}

TEST(VerifyReport, is_equal_only_if_every_table_was_compared_and_is_equal) {
  VerifyReport report;
  report.tables = {table(ComparisonState::equal), table(ComparisonState::equal)};
  EXPECT_TRUE(report.all_equal());
  report.tables.push_back(table(ComparisonState::not_compared));
  EXPECT_FALSE(report.all_equal());
  report.tables.back() = table(ComparisonState::different);
  EXPECT_FALSE(report.all_equal());
}

TEST(VerifyReport, says_which_keys_differ_even_when_they_are_no_text) {
  VerifyReport report;
  report.tables = {table(ComparisonState::different)};
  report.tables[0].missing = 2;
  report.tables[0].examples = {{DifferenceKind::missing, "`id`=17", 1},
                               {DifferenceKind::extra, "`id`='\xff'", 3}};
  const auto json = nlohmann::json::parse(report.to_json());
  EXPECT_EQ(json["all_equal"], false);
  const auto& entry = json["tables"][0];
  EXPECT_EQ(entry["source"]["database"], "here");
  EXPECT_EQ(entry["missing"], 2);
  EXPECT_EQ(entry["examples"][0]["kind"], "missing");
  EXPECT_EQ(entry["examples"][0]["key"], "`id`=17");
  EXPECT_EQ(entry["examples"][1]["rows"], 3);
}

}  // namespace
}  // namespace tideway
