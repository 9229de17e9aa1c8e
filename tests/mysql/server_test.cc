#include "mysql/server.h"

#include <gtest/gtest.h>

#include <limits>

#include "mysql/server_identity.h"

namespace tideway {
namespace {

Server with_version(std::string version) { return identify({{"version", std::move(version)}}, {}); }

TEST(ServerIdentity, is_read_from_what_the_server_says) {
  EXPECT_EQ(with_version("8.0.15").to_text(), "MySQL 8.0.15");
  EXPECT_EQ(with_version("5.7.19-log").version, 50719U);
  EXPECT_EQ(with_version("9.1.0-commercial").version, 90100U);
  EXPECT_EQ(with_version("10.11.6-MariaDB-0+deb12u1").to_text(), "MariaDB 10.11.6");
  EXPECT_EQ(with_version("5.5.5-10.5.23-MariaDB").version, 100523U);
  EXPECT_EQ(with_version("8.0.11-TiDB-v8.5.1").to_text(), "TiDB 8.5.1");
  EXPECT_EQ(with_version("5.7.25-TiDB-v6.5.0-alpha").version, 60500U);
  EXPECT_EQ(with_version("something").version, 0U);
}

TEST(ServerIdentity, of_aurora_comes_from_its_own_variable) {
  const Server server = identify(
      {{"version", "8.0.28"}, {"aurora_version", "3.04.0"}, {"innodb_read_only", "ON"}}, {});
  EXPECT_EQ(server.to_text(), "Aurora MySQL 8.0.28");
  EXPECT_TRUE(server.is_read_only);
}

TEST(ServerIdentity, of_tidb_holds_though_its_version_is_disguised) {
  const Server server = identify({{"version", "8.0.11"}, {"tidb_txn_mode", "pessimistic"}},
                                 "Release Version: v7.5.2\nEdition: Community");
  EXPECT_EQ(server.to_text(), "TiDB 7.5.2");
  EXPECT_FALSE(server.binlog_on);
}

TEST(ServerIdentity, has_the_settings_that_other_rooms_ask_for) {
  const Server server = identify({{"version", "8.0.15"},
                                  {"server_uuid", "u"},
                                  {"lower_case_table_names", "1"},
                                  {"max_allowed_packet", "67108864"},
                                  {"gtid_mode", "ON"},
                                  {"log_bin", "ON"},
                                  {"super_read_only", "OFF"},
                                  {"read_only", "ON"}},
                                 {});
  EXPECT_EQ(server.uuid, "u");
  EXPECT_EQ(server.lower_case_table_names, 1U);
  EXPECT_EQ(server.max_allowed_packet, 67108864U);
  EXPECT_TRUE(server.gtid_on);
  EXPECT_TRUE(server.binlog_on);
  EXPECT_TRUE(server.is_read_only);
  EXPECT_FALSE(identify({{"version", "8.0.15"}, {"gtid_mode", "OFF_PERMISSIVE"}}, {}).gtid_on);
}

TEST(ServerAbilities, follow_the_version) {
  EXPECT_EQ(with_version("8.0.36").binlog_status_statement(), "SHOW MASTER STATUS");
  EXPECT_EQ(with_version("8.4.0").binlog_status_statement(), "SHOW BINARY LOG STATUS");
  EXPECT_EQ(with_version("10.11.6-MariaDB").binlog_status_statement(), "SHOW MASTER STATUS");
  EXPECT_FALSE(with_version("8.0.22").has_invisible_columns());
  EXPECT_TRUE(with_version("8.0.23").has_invisible_columns());
  EXPECT_TRUE(with_version("10.3.1-MariaDB").has_invisible_columns());
  EXPECT_FALSE(with_version("8.0.11-TiDB-v8.5.1").has_invisible_columns());
  EXPECT_TRUE(with_version("8.0.11-TiDB-v8.5.1").has_snapshot_read());
  EXPECT_FALSE(with_version("5.7.25-TiDB-v5.4.0").can_kill_other_sessions());
  EXPECT_TRUE(with_version("5.7.25-TiDB-v6.1.0").can_kill_other_sessions());
  EXPECT_EQ(with_version("8.0.11-TiDB-v8.5.1").max_txn_bytes(), 100ULL << 20U);
  EXPECT_EQ(with_version("8.0.15").max_txn_bytes(), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace tideway
