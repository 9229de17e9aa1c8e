#include "mysql/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Endpoint parse(std::string_view text) {
  auto endpoint = parse_endpoint(text, Side::target);
  if (!endpoint) {
    ADD_FAILURE() << text << ": " << endpoint.error().to_line();
    return {};
  }
  return std::move(*endpoint);
}

std::string refusal(std::string_view text) {
  const auto endpoint = parse_endpoint(text, Side::target);
  if (endpoint) {
    ADD_FAILURE() << text << " was taken";
    return {};
  }
  EXPECT_EQ(endpoint.error().code(), ErrorCode::bad_value);
  return endpoint.error().to_line();
}

TEST(EndpointUrl, has_host_port_user_password_and_database) {
  const Endpoint endpoint = parse("mysql://app:s3cret@db.example.com:3307/shop");
  EXPECT_EQ(endpoint.side, Side::target);
  EXPECT_EQ(endpoint.host, "db.example.com");
  EXPECT_EQ(endpoint.port, 3307);
  EXPECT_EQ(endpoint.user, "app");
  ASSERT_TRUE(endpoint.password);
  EXPECT_EQ(endpoint.password->reveal(), "s3cret");
  EXPECT_EQ(endpoint.database, "shop");
  EXPECT_TRUE(endpoint.is_host_given);
  EXPECT_TRUE(endpoint.is_port_given);
}

TEST(EndpointUrl, leaves_open_what_it_does_not_say) {
  const Endpoint endpoint = parse("mysql://");
  EXPECT_EQ(endpoint.host, "127.0.0.1");
  EXPECT_EQ(endpoint.port, 3306);
  EXPECT_FALSE(endpoint.password);
  EXPECT_EQ(endpoint.tls, TlsMode::attempt);
  EXPECT_FALSE(endpoint.is_host_given);
  EXPECT_FALSE(endpoint.is_port_given);
  EXPECT_EQ(parse("tidb://db/").port, 4000);
  EXPECT_TRUE(parse("tidb://db/").is_tidb_url);
}

TEST(EndpointUrl, tells_an_empty_password_from_none) {
  EXPECT_TRUE(parse("mysql://root:@db/").password);
  EXPECT_FALSE(parse("mysql://root@db/").password);
}

TEST(EndpointUrl, decodes_percent_in_every_part) {
  const Endpoint endpoint =
      parse("mysql://us%40er:p%2Fa%3As%25s@h%2dst/my%20db?ca=%2Ftmp%2Fa+b%26c.pem");
  EXPECT_EQ(endpoint.user, "us@er");
  EXPECT_EQ(endpoint.password->reveal(), "p/a:s%s");
  EXPECT_EQ(endpoint.host, "h-st");
  EXPECT_EQ(endpoint.database, "my db");
  EXPECT_EQ(endpoint.tls_files.ca, "/tmp/a+b&c.pem");
}

TEST(EndpointUrl, takes_the_last_at_sign_as_the_end_of_the_password) {
  const Endpoint endpoint = parse("mysql://u:a@b@host/");
  EXPECT_EQ(endpoint.password->reveal(), "a@b");
  EXPECT_EQ(endpoint.host, "host");
}

TEST(EndpointUrl, takes_ipv6_in_brackets) {
  const Endpoint endpoint = parse("mysql://u@[fe80::1]:3310/");
  EXPECT_EQ(endpoint.host, "fe80::1");
  EXPECT_EQ(endpoint.port, 3310);
  EXPECT_EQ(endpoint.to_text(), "u@[fe80::1]:3310");
  EXPECT_EQ(parse("mysql://[::1]").host, "::1");
  EXPECT_THAT(refusal("mysql://u@::1:3306/"), HasSubstr("brackets"));
  EXPECT_THAT(refusal("mysql://u@[::1/"), HasSubstr("]"));
}

TEST(EndpointUrl, takes_a_socket_as_host_or_parameter) {
  EXPECT_EQ(parse("mysql://root@%2Fvar%2Frun%2Fmysqld.sock/").socket, "/var/run/mysqld.sock");
  const Endpoint endpoint = parse("mysql://root@/?socket=/tmp/s.sock");
  EXPECT_EQ(endpoint.socket, "/tmp/s.sock");
  EXPECT_EQ(endpoint.to_text(), "root@/tmp/s.sock");
}

TEST(EndpointUrl, reads_tls_timeout_and_variables) {
  const Endpoint endpoint = parse(
      "mysql://u@h/?tls=verify&ca=/ca.pem&cert=/c.pem&key=/"
      "k.pem&connect-timeout=1m30s&var.tidb_mem_quota_query=1024&var.Foo=");
  EXPECT_EQ(endpoint.tls, TlsMode::verify_host);
  EXPECT_EQ(endpoint.tls_files.cert, "/c.pem");
  EXPECT_EQ(endpoint.connect_timeout, std::chrono::seconds(90));
  EXPECT_THAT(endpoint.variables,
              UnorderedElementsAre(Pair("tidb_mem_quota_query", "1024"), Pair("foo", "")));
  EXPECT_EQ(parse("mysql://h/?tls=off").tls, TlsMode::off);
  EXPECT_EQ(parse("mysql://h/?tls=attempt").tls, TlsMode::attempt);
  EXPECT_EQ(parse("mysql://h/?tls=require").tls, TlsMode::require);
  EXPECT_EQ(parse("mysql://h/?tls=verify-ca").tls, TlsMode::verify_ca);
  EXPECT_EQ(parse("mysql://h/?tls=legacy").tls, TlsMode::legacy);
}

TEST(EndpointUrl, means_verification_by_a_ca_alone_and_encryption_by_a_certificate) {
  EXPECT_EQ(parse("mysql://h/?ca=/ca.pem").tls, TlsMode::verify_ca);
  EXPECT_EQ(parse("mysql://h/?cert=/c&key=/k").tls, TlsMode::require);
  EXPECT_EQ(parse("mysql://h/?ca=/ca.pem&tls=require").tls, TlsMode::verify_ca);
  EXPECT_THAT(refusal("mysql://h/?ca=/ca.pem&tls=attempt"), HasSubstr("contradict"));
  EXPECT_THAT(refusal("mysql://h/?ca=/ca.pem&tls=legacy"), HasSubstr("contradict"));
}

TEST(EndpointUrl, refuses_unknown_parameters_with_the_nearest_known_name) {
  EXPECT_THAT(refusal("mysql://h/?tsl=off"), HasSubstr("'tls' is"));
  EXPECT_THAT(refusal("mysql://h/?connect_timeout=3s"), HasSubstr("'connect-timeout' is"));
  EXPECT_THAT(refusal("mysql://h/?charset=utf8"), HasSubstr("known are"));
  EXPECT_THAT(refusal("mysql://h/?tls"), HasSubstr("no value"));
  EXPECT_THAT(refusal("mysql://h/?tls=maybe"), HasSubstr("verify-ca"));
}

TEST(EndpointUrl, refuses_what_cannot_be_meant) {
  EXPECT_THAT(refusal("mysql://u@h:0/"), HasSubstr("port"));
  EXPECT_THAT(refusal("mysql://u@h:65536/"), HasSubstr("port"));
  EXPECT_THAT(refusal("mysql://u@h:33x6/"), HasSubstr("port"));
  EXPECT_THAT(refusal("mysql://u%4@h/"), HasSubstr("%25"));
  EXPECT_THAT(refusal("mysql://u%zz@h/"), HasSubstr("%25"));
  EXPECT_THAT(refusal("mysql://h/?cert=/c.pem"), HasSubstr("both"));
  EXPECT_THAT(refusal("mysql://h1,h2/"), HasSubstr("one name"));
  EXPECT_THAT(refusal("mysql://h/?tls=off&ca=/ca.pem"), HasSubstr("contradict"));
  EXPECT_THAT(refusal("mysql://h/?var.sql_mode=ANSI"), HasSubstr("sql_mode"));
  EXPECT_THAT(refusal("mysql://h/?var.a%20b=1"), HasSubstr("no name"));
  EXPECT_THAT(refusal("mysql://h/?connect-timeout=0s"), HasSubstr("connect-timeout"));
  EXPECT_THAT(refusal("postgres://u@h/"), HasSubstr("mysql://"));
  EXPECT_THAT(refusal("db.example.com:3306"), HasSubstr("mysql://user@host"));
  EXPECT_THAT(refusal(""), HasSubstr("mysql://user@host"));
}

TEST(EndpointUrl, never_shows_the_password) {
  EXPECT_THAT(parse("mysql://u:hunter2@h/").to_text(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("mysql://u:hunter2@h:99999/"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("mysql://u:hun/ter2@h/"), Not(HasSubstr("ter2")));
  EXPECT_THAT(refusal("mysql://u:hun#ter2@h/"), Not(HasSubstr("ter2")));
  EXPECT_THAT(refusal("mysql://u:hunter2%@h/"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("mysql -u u -phunter2 -Z"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("mysql -u u -p hunter2 shop"), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tideway
