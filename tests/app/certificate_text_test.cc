#include "app/certificate_text.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

Certificate sample() {
  Certificate certificate;
  certificate.recipe = "copy";
  certificate.job = "shop-1";
  certificate.source = "app@10.0.0.1:3306";
  certificate.target = "root@10.0.0.2:4000";
  certificate.position = "binlog.000003:1547";
  certificate.rung = "exact";
  certificate.started = std::chrono::system_clock::from_time_t(1'700'000'000);
  certificate.finished = certificate.started + std::chrono::seconds(83);
  Digest digest;
  digest.rows = 1000;
  digest.crc_sum = 0x1234;
  certificate.tables.push_back({{"shop", "orders"},
                                {"shop", "orders"},
                                1000,
                                to_text(digest),
                                DigestStrength::fast,
                                "",
                                Proof::proven,
                                "",
                                {}});
  return certificate;
}

TableCertificate unproven(std::string name) {
  TableCertificate table;
  table.source = {"shop", std::move(name)};
  table.target = {"shop", "renamed"};
  table.proof = Proof::unproven;
  table.reason = "it was changed during the whole wait";
  return table;
}

TEST(CertificateText, says_that_all_is_proven_only_when_it_is) {
  auto certificate = sample();
  const auto text = certificate_text(certificate);
  EXPECT_NE(text.find("PROVEN: 1 of 1 tables proven, 1 000 rows"), std::string::npos) << text;
  EXPECT_EQ(text.find("NOT PROVEN"), std::string::npos);
  EXPECT_NE(text.find("  shop.orders  1 000  fast 0000000000001234  proven\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("2023-11-14T22:13:20Z to 2023-11-14T22:14:43Z (1m23s)"), std::string::npos)
      << text;

  certificate.tables.push_back(unproven("log"));
  const auto worse = certificate_text(certificate);
  EXPECT_NE(worse.find("NOT PROVEN: 1 of 2 tables proven"), std::string::npos) << worse;
  EXPECT_NE(worse.find("unproven: it was changed during the whole wait"), std::string::npos)
      << worse;
  EXPECT_NE(worse.find("shop.log -> shop.renamed"), std::string::npos) << worse;

  certificate.tables[0].proof = Proof::different;
  certificate.tables[0].differences = {"`id`=17 is missing in the target"};
  const auto different = certificate_text(certificate);
  EXPECT_NE(different.find("  DIFFERENT: 0 of 2"), std::string::npos) << different;
  EXPECT_NE(different.find("`id`=17 is missing in the target"), std::string::npos) << different;
}

TEST(CertificateText, names_what_was_not_carried_over_and_what_was_changed) {
  auto certificate = sample();
  certificate.not_carried_over.push_back(
      {"trigger", 12, {"a", "b"}, "create them after the cutover"});
  certificate.changes.push_back(
      {"`shop`.`orders`", "ENGINE=MyISAM became InnoDB", "the target has no MyISAM"});
  certificate.warnings.push_back("clocks differ");
  const auto text = certificate_text(certificate);
  EXPECT_NE(text.find("not carried over: 12 triggers (a, b, …): create them after the cutover\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find(
          "changed: `shop`.`orders`: ENGINE=MyISAM became InnoDB (the target has no MyISAM)\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("warning: clocks differ\n"), std::string::npos) << text;
}

TEST(CertificateText, a_long_list_still_names_every_table_that_is_not_proven) {
  auto certificate = sample();
  for (int i = 0; i < 300; ++i) certificate.tables.push_back(certificate.tables.front());
  certificate.tables.push_back(unproven("log"));
  const auto text = certificate_text(certificate);
  EXPECT_NE(text.find("shop.log"), std::string::npos);
  EXPECT_EQ(text.find("shop.orders"), std::string::npos);
  EXPECT_NE(text.find("and 301 tables that are proven"), std::string::npos) << text;
}

TEST(CertificateText, a_job_without_tables_is_proven_of_nothing) {
  auto certificate = sample();
  certificate.tables.clear();
  EXPECT_NE(certificate_text(certificate).find("PROVEN: 0 of 0 tables"), std::string::npos);
}

}  // namespace
}  // namespace tideway
