#include "mysql/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Error refused(std::uint32_t number, std::string_view text, std::string_view statement = "",
              ServerKind kind = ServerKind::mysql) {
  return to_error(number, text, {Side::source, kind, statement, "app@10.0.%"});
}

TEST(ServerErrors, of_a_broken_connection_want_a_new_session) {
  for (const std::uint32_t number : {2006U, 2013U, 2055U, 1053U, 4031U, 1927U}) {
    EXPECT_EQ(refused(number, "").code(), ErrorCode::lost_connection) << number;
    EXPECT_EQ(refused(number, "").retry(), Retry::new_session) << number;
    EXPECT_TRUE(is_connection_lost(number)) << number;
  }
  EXPECT_FALSE(is_connection_lost(1146));
  EXPECT_FALSE(is_connection_lost(1317)) << "KILL QUERY leaves the connection";
}

TEST(ServerErrors, of_a_conflict_may_be_tried_again_in_the_same_session) {
  for (const std::uint32_t number : {1205U, 1213U}) {
    EXPECT_EQ(refused(number, "").code(), ErrorCode::transient) << number;
    EXPECT_EQ(refused(number, "").retry(), Retry::same_session) << number;
  }
  for (const std::uint32_t number :
       {1105U, 8005U, 8022U, 8027U, 8028U, 9001U, 9002U, 9003U, 9004U, 9005U, 9007U}) {
    EXPECT_EQ(refused(number, "", "", ServerKind::tidb).code(), ErrorCode::transient) << number;
    EXPECT_EQ(refused(number, "", "", ServerKind::mysql).code(), ErrorCode::server_refused)
        << number << " means something only to TiDB";
  }
}

TEST(ServerErrors, of_load_ask_for_less_at_once) {
  EXPECT_EQ(refused(1114, "The table 't' is full").code(), ErrorCode::server_busy);
  EXPECT_EQ(refused(1030, "Got error 28 from storage engine").code(), ErrorCode::server_busy);
  EXPECT_EQ(refused(1030, "Got error 168 from storage engine").code(), ErrorCode::server_refused);
  EXPECT_EQ(refused(8175, "Your query has been cancelled due to exceeding the allowed memory limit",
                    "", ServerKind::tidb)
                .code(),
            ErrorCode::server_busy);
  EXPECT_EQ(refused(1105, "Out Of Memory Quota!", "", ServerKind::tidb).code(),
            ErrorCode::server_busy);
  EXPECT_EQ(refused(1105, "message:\"raft entry is too large, region_id: 2, len: 9000000\"", "",
                    ServerKind::tidb)
                .code(),
            ErrorCode::row_rejected)
      << "asking again does not make the row smaller";
  EXPECT_EQ(refused(1040, "Too many connections").code(), ErrorCode::too_many_connections);
  EXPECT_EQ(refused(1203, "").code(), ErrorCode::too_many_connections);
}

TEST(ServerErrors, tell_read_only_from_other_options_that_prevent_a_statement) {
  EXPECT_EQ(refused(1290,
                    "The MySQL server is running with the --super-read-only option so it cannot "
                    "execute this statement")
                .code(),
            ErrorCode::read_only);
  EXPECT_EQ(refused(1290,
                    "The MySQL server is running with the --secure-file-priv option so it cannot "
                    "execute this statement")
                .code(),
            ErrorCode::server_refused);
  EXPECT_EQ(refused(1836, "Running in read-only mode").code(), ErrorCode::read_only);
}

TEST(ServerErrors, of_a_row_name_what_is_wrong_with_it) {
  const Error duplicate = refused(1062, "Duplicate entry '5-it's' for key 'PRIMARY'");
  EXPECT_EQ(duplicate.code(), ErrorCode::duplicate_key);
  EXPECT_EQ(duplicate.evidence().key, "5-it's");
  const Error too_long = refused(1406, "Data too long for column 'name' at row 1");
  EXPECT_EQ(too_long.code(), ErrorCode::row_rejected);
  EXPECT_EQ(too_long.evidence().column, "name");
  for (const std::uint32_t number : {1048U, 1264U, 1265U, 1366U, 1292U, 3140U, 3819U, 1452U})
    EXPECT_EQ(refused(number, "").code(), ErrorCode::row_rejected) << number;
  EXPECT_EQ(refused(1153, "").code(), ErrorCode::packet_too_large);
  EXPECT_EQ(refused(1146, "Table 'shop.or`ders' doesn't exist").evidence().table,
            "`shop`.`or``ders`");
  EXPECT_EQ(refused(1049, "Unknown database 'shop'").code(), ErrorCode::table_gone);
}

TEST(ServerErrors, show_what_a_statement_does_and_none_of_its_rows) {
  const Error error =
      refused(1064, "You have an error", "INSERT INTO `a`.`b` VALUES (1,'private')");
  EXPECT_THAT(error.to_line(), HasSubstr("INSERT INTO `a`.`b` VALUES"));
  EXPECT_THAT(error.to_line(), Not(HasSubstr("private")));
  EXPECT_EQ(error.retry(), Retry::never);
}

std::string grant(std::uint32_t number, std::string_view text, std::string_view statement = "") {
  return refused(number, text, statement).evidence().statement;
}

TEST(MissingPrivilege, on_a_table_is_spelt_as_a_grant) {
  const std::string_view old_text =
      "SELECT command denied to user 'app'@'10.0.0.7' for table 'orders'";
  EXPECT_EQ(grant(1142, old_text, "SELECT `id` FROM `shop`.`orders` WHERE 1"),
            "GRANT SELECT ON `shop`.`orders` TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1142, old_text, "SELECT id FROM sh_op.orders"),
            "GRANT SELECT ON `sh_op`.`orders` TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1142, old_text, "SELECT id FROM orders"),
            "GRANT SELECT ON `orders` TO 'app'@'10.0.%'");
  EXPECT_EQ(
      grant(1142, "DROP command denied to user 'app'@'%' for table `s``x`.`t`", "DROP TABLE t"),
      "GRANT DROP ON `s``x`.`t` TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1142, "create view command denied to user 'app'@'%' for table `s`.`t`"),
            "GRANT CREATE VIEW ON `s`.`t` TO 'app'@'10.0.%'");
  EXPECT_EQ(
      grant(1143, "SELECT command denied to user 'app'@'%' for column 'secret' in table 'orders'",
            "SELECT secret FROM `sh``op`.`orders`"),
      "GRANT SELECT ON `sh``op`.`orders` TO 'app'@'10.0.%'");
}

TEST(MissingPrivilege, is_a_privilege_that_can_be_granted_whatever_the_server_calls_it) {
  EXPECT_EQ(grant(1142, "SHOW command denied to user 'app'@'%' for table `s`.`t`"),
            "GRANT SELECT ON `s`.`t` TO 'app'@'10.0.%'");
  EXPECT_EQ(
      grant(1142, "SELECT with locking clause command denied to user 'app'@'%' for table `s`.`t`"),
      "GRANT UPDATE ON `s`.`t` TO 'app'@'10.0.%'");
}

TEST(MissingPrivilege, on_a_database_follows_from_the_statement) {
  const std::string_view text = "Access denied for user 'app'@'%' to database 'shop'";
  EXPECT_EQ(grant(1044, text, "LOCK TABLES `shop`.`t` READ"),
            "GRANT LOCK TABLES ON `shop`.* TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1044, text, "CREATE DATABASE `shop`"),
            "GRANT CREATE ON `shop`.* TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1044, text, "XYZ"), "GRANT ALL PRIVILEGES ON `shop`.* TO 'app'@'10.0.%'");
}

TEST(MissingPrivilege, for_the_whole_server_is_the_smallest_that_does) {
  EXPECT_EQ(grant(1227,
                  "Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT "
                  "privilege(s) for this operation"),
            "GRANT REPLICATION CLIENT ON *.* TO 'app'@'10.0.%'");
  EXPECT_EQ(
      grant(1227,
            "Access denied; you need (at least one of) the RELOAD privilege(s) for this operation"),
      "GRANT RELOAD ON *.* TO 'app'@'10.0.%'");
  EXPECT_EQ(
      grant(1227,
            "Access denied; you need (at least one of) the SUPER privilege(s) for this operation"),
      "GRANT SUPER ON *.* TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1370, "execute command denied to user 'app'@'%' for routine 'shop.f'"),
            "GRANT EXECUTE ON `shop`.* TO 'app'@'10.0.%'");
  EXPECT_EQ(grant(1045, "Access denied for user 'app'@'%' (using password: YES)",
                  "LOAD DATA INFILE '/x' INTO TABLE t"),
            "GRANT FILE ON *.* TO 'app'@'10.0.%'");
}

TEST(LoginErrors, are_the_login_and_not_a_privilege) {
  Endpoint endpoint;
  endpoint.user = "app";
  const Error denied =
      to_login_error(endpoint, 1045, "Access denied for user 'app'@'h' (using password: NO)");
  EXPECT_EQ(denied.code(), ErrorCode::connect_login);
  EXPECT_EQ(denied.retry(), Retry::after_operator);
  EXPECT_THAT(denied.to_line(), HasSubstr("no password was given"));
  EXPECT_EQ(to_login_error(endpoint, 1040, "Too many connections").code(),
            ErrorCode::too_many_connections);
  EXPECT_EQ(to_login_error(endpoint, 1040, "Too many connections").retry(), Retry::new_session);
  EXPECT_EQ(to_login_error(endpoint, 3159, "").code(), ErrorCode::connect_tls);
  EXPECT_EQ(to_login_error(endpoint, 1049, "Unknown database 'x'").code(),
            ErrorCode::connect_login);
}

}  // namespace
}  // namespace tideway
