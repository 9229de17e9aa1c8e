#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "mysql/endpoint.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;

Endpoint parse(std::string_view text) {
  auto endpoint = parse_endpoint(text, Side::source);
  if (!endpoint) {
    ADD_FAILURE() << text << ": " << endpoint.error().to_line();
    return {};
  }
  return std::move(*endpoint);
}

std::string refusal(std::string_view text) {
  const auto endpoint = parse_endpoint(text, Side::source);
  if (endpoint) {
    ADD_FAILURE() << text << " was taken";
    return {};
  }
  return endpoint.error().to_line();
}

TEST(PastedLine, means_what_the_client_would_do) {
  const Endpoint endpoint = parse("mysql -h db.example.com -P 3307 -u app -ps3cret shop");
  EXPECT_EQ(endpoint.host, "db.example.com");
  EXPECT_EQ(endpoint.port, 3307);
  EXPECT_EQ(endpoint.user, "app");
  EXPECT_EQ(endpoint.password->reveal(), "s3cret");
  EXPECT_EQ(endpoint.database, "shop");
}

TEST(PastedLine, may_glue_values_and_use_long_names) {
  const Endpoint endpoint = parse(
      "/usr/bin/mysql --host=h1 --port 3308 -uapp --password='a b' --ssl_mode=VERIFY_IDENTITY "
      "--ssl-ca=/ca.pem -A");
  EXPECT_EQ(endpoint.host, "h1");
  EXPECT_EQ(endpoint.port, 3308);
  EXPECT_EQ(endpoint.user, "app");
  EXPECT_EQ(endpoint.password->reveal(), "a b");
  EXPECT_EQ(endpoint.tls, TlsMode::verify_host);
  EXPECT_EQ(endpoint.tls_files.ca, "/ca.pem");
}

TEST(PastedLine, leaves_the_password_open_after_a_bare_p) {
  EXPECT_FALSE(parse("mysql -h h -u u -p").password);
  EXPECT_FALSE(parse("mysql -h h -u u --password").password);
  EXPECT_EQ(parse("mysql -h h -u u --password=").password->reveal(), "");
}

TEST(PastedLine, is_split_as_a_shell_would) {
  const Endpoint endpoint =
      parse("mysql -h h \\\n  -u 'o'\\''brien' -p\"a\\\"b\\\\c\"'$d' -D my\\ db");
  EXPECT_EQ(endpoint.user, "o'brien");
  EXPECT_EQ(endpoint.password->reveal(), "a\"b\\c$d");
  EXPECT_EQ(endpoint.database, "my db");
}

TEST(PastedLine, is_refused_where_a_shell_would_do_more) {
  EXPECT_THAT(refusal("mysql -h h -p$PASSWORD"), HasSubstr("single quotes"));
  EXPECT_THAT(refusal("mysql -h h -p\"$PASSWORD\""), HasSubstr("single quotes"));
  EXPECT_THAT(refusal("mysql -h h -p`cat x`"), HasSubstr("single quotes"));
  EXPECT_THAT(refusal("mysql -h h < dump.sql"), HasSubstr("outside quotes"));
  EXPECT_THAT(refusal("mysql -h 'h"), HasSubstr("not closed"));
  EXPECT_THAT(refusal("mysql -h \"h"), HasSubstr("not closed"));
  EXPECT_THAT(refusal("mysql -h h\\"), HasSubstr("backslash"));
}

TEST(PastedLine, is_refused_for_options_that_are_not_known) {
  EXPECT_THAT(refusal("mysql --hots=h"), HasSubstr("--host is"));
  EXPECT_THAT(refusal("mysql -h h -Z"), HasSubstr("-Z"));
  EXPECT_THAT(refusal("mysql -h h -e 'SELECT 1'"), HasSubstr("statement"));
  EXPECT_THAT(refusal("mysql -h"), HasSubstr("wants a value"));
  EXPECT_THAT(refusal("mysql -h h -u u -p secret db"), HasSubstr("without a blank"));
}

TEST(PastedLine, keeps_tcp_when_a_port_is_named) {
  const Endpoint endpoint = parse("mysql -h localhost -P 3306 -u u");
  EXPECT_EQ(endpoint.socket, "");
  EXPECT_EQ(parse("mysql -S /tmp/x.sock -u u").socket, "/tmp/x.sock");
}

}  // namespace
}  // namespace tideway
