#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "mysql/server/servers.h"
#include "mysql/session.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::tideway::testing::encrypted;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::environment_endpoint;
using ::tideway::testing::open_session;
using ::tideway::testing::TestUser;
using ::tideway::testing::value;

Error refusal(const Endpoint& endpoint) {
  const auto session = Session::open(endpoint, {}, {});
  if (session) {
    ADD_FAILURE() << "the session on " << endpoint.to_text() << " was opened";
    return {ErrorCode::internal, Side::local, Retry::never, ""};
  }
  return session.error();
}

TEST(ConnectSteps, tell_a_name_that_is_not_known) {
  Endpoint endpoint = endpoint_of("80");
  endpoint.host = "no-such-host.invalid";
  endpoint.connect_timeout = std::chrono::seconds(2);
  const Error error = refusal(endpoint);
  EXPECT_EQ(error.code(), ErrorCode::connect_name);
  EXPECT_THAT(error.to_line(), HasSubstr("no-such-host.invalid"));
}

TEST(ConnectSteps, tell_a_port_where_nobody_listens) {
  Endpoint endpoint = endpoint_of("80");
  endpoint.port = 1;
  const Error error = refusal(endpoint);
  EXPECT_EQ(error.code(), ErrorCode::connect_tcp);
  EXPECT_EQ(error.retry(), Retry::new_session);
  EXPECT_THAT(error.to_line(), HasSubstr("nothing listens"));
}

TEST(ConnectSteps, tell_a_login_that_is_refused) {
  for (const char* version : {"80", "57"}) {
    Endpoint endpoint = endpoint_of(version);
    endpoint.user = "nobody_here";
    endpoint.password = Secret("wrong-password");
    const Error error = refusal(endpoint);
    EXPECT_EQ(error.code(), ErrorCode::connect_login);
    EXPECT_EQ(error.retry(), Retry::after_operator);
    EXPECT_EQ(error.evidence().server_errno, 1045U);
    EXPECT_THAT(error.to_report(), ::testing::Not(HasSubstr("wrong-password")));
  }
}

TEST(ConnectSteps, tell_that_the_account_has_no_connection_left) {
  const TestUser user("80", "tw_crowded", "", "WITH MAX_USER_CONNECTIONS 1");
  const Session first = value(Session::open(user.endpoint(), {}, {}));
  const Error error = refusal(user.endpoint());
  EXPECT_EQ(error.code(), ErrorCode::too_many_connections);
  EXPECT_EQ(error.retry(), Retry::new_session);
}

TEST(ConnectSteps, use_a_socket_where_one_is_named) {
  Session session = open_session("80");
  Endpoint endpoint = session.endpoint();
  endpoint.socket = *value(session.query_value("SELECT @@socket", {}));
  endpoint.tls = TlsMode::attempt;
  Session local = value(Session::open(endpoint, {}, {}));
  EXPECT_FALSE(local.is_encrypted());
  EXPECT_THAT(local.account(), HasSubstr("root@"));
}

TEST(Tls, is_used_when_the_server_has_it) {
  Endpoint endpoint = encrypted("80");
  endpoint.tls = TlsMode::attempt;
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());
  endpoint.tls = TlsMode::off;
  EXPECT_FALSE(value(Session::open(endpoint, {}, {})).is_encrypted());
}

TEST(Tls, attempted_is_given_up_only_where_the_server_has_none) {
  Endpoint endpoint = endpoint_of("57");  // offers none
  endpoint.tls = TlsMode::attempt;
  EXPECT_FALSE(value(Session::open(endpoint, {}, {})).is_encrypted());
  endpoint = encrypted("57");  // offers what OpenSSL 3 refuses unless it is told to be lenient
  endpoint.tls = TlsMode::attempt;
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());
}

TEST(Tls, required_in_vain_gets_no_password) {
  Endpoint endpoint = endpoint_of("57");
  endpoint.password = Secret("never to be sent");
  for (const TlsMode mode :
       {TlsMode::require, TlsMode::verify_ca, TlsMode::verify_host, TlsMode::legacy}) {
    endpoint.tls = mode;
    const Error error = refusal(endpoint);
    EXPECT_EQ(error.code(), ErrorCode::connect_tls);
    EXPECT_THAT(error.to_line(), HasSubstr("nothing was sent"));
  }
}

TEST(Tls, checks_the_certificate_against_the_ca_and_the_host) {
  Endpoint endpoint = encrypted("80");
  endpoint.tls = TlsMode::verify_ca;
  endpoint.tls_files.ca = std::getenv("TIDEWAY_TEST_CA");
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());
  endpoint.tls = TlsMode::verify_host;
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());

  endpoint.host = "localhost";  // the same server under a name that is not in its certificate
  EXPECT_EQ(refusal(endpoint).code(), ErrorCode::connect_tls);
  endpoint.tls = TlsMode::verify_ca;
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());

  endpoint.tls_files.ca = std::getenv("TIDEWAY_TEST_OTHER_CA");
  EXPECT_EQ(refusal(endpoint).code(), ErrorCode::connect_tls);
  endpoint.tls_files.ca.clear();  // the system's
  EXPECT_EQ(refusal(endpoint).code(), ErrorCode::connect_tls);
  endpoint.tls_files.ca = "/no/such/file.pem";
  EXPECT_EQ(refusal(endpoint).code(), ErrorCode::connect_tls);
}

TEST(Tls, of_an_old_server_is_there_for_who_asks_for_it) {
  Endpoint endpoint = encrypted("57");
  endpoint.tls = TlsMode::legacy;
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());
}

TEST(Authentication, works_with_each_plugin_with_and_without_tls) {
  for (const char* plugin : {"mysql_native_password", "caching_sha2_password", "sha256_password"}) {
    const TestUser user("80", std::string("tw_") + plugin, "s3cret'\\", "", plugin);
    EXPECT_THAT(value(Session::open(user.endpoint(), {}, {})).account(), HasSubstr(plugin))
        << plugin;
    Endpoint wrong = user.endpoint();
    wrong.password = Secret("other");
    EXPECT_EQ(refusal(wrong).code(), ErrorCode::connect_login) << plugin;
  }
  const TestUser user("TLS80", "tw_encrypted", "s3cret", "REQUIRE SSL", "caching_sha2_password");
  EXPECT_EQ(refusal(user.endpoint()).code(), ErrorCode::connect_login) << "REQUIRE SSL without it";
  Endpoint endpoint = user.endpoint();
  endpoint.tls = TlsMode::require;
  EXPECT_TRUE(value(Session::open(endpoint, {}, {})).is_encrypted());
}

TEST(Authentication, of_many_threads_at_once_loses_nobody) {
  const TestUser user("80", "tw_parallel", "s3cret", "", "caching_sha2_password");
  std::atomic<int> opened = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        if (Session::open(user.endpoint(), {}, {})) ++opened;
      });
    }
  }
  EXPECT_EQ(opened, 16);
}

TEST(MissingPrivilege, can_be_given_as_the_message_says) {
  for (const char* version : {"80", "57"}) {
    const TestUser user(version, "tw_poor", "", "");
    Session root = open_session(version), poor = value(Session::open(user.endpoint(), {}, {}));
    for (const char* statement : {"SELECT COUNT(*) FROM `mysql`.`user`",
                                  "FLUSH TABLES WITH READ LOCK", "LOCK TABLES mysql.db READ"}) {
      std::vector<std::string> typed;
      auto answer = poor.execute(statement, {});
      for (int tries = 0; !answer && tries < 3; ++tries) {
        ASSERT_EQ(answer.error().code(), ErrorCode::missing_privilege) << answer.error().to_line();
        const std::string grant = answer.error().evidence().statement;
        ASSERT_FALSE(grant.empty()) << answer.error().to_line();
        value(root.execute(grant, {}));
        // Privileges on everything or on a database are the session's from its start.
        poor = value(Session::open(user.endpoint(), {}, {}));
        answer = poor.execute(statement, {});
      }
      value(poor.execute("UNLOCK TABLES", {}));
      EXPECT_TRUE(answer) << statement << ": " << answer.error().to_line();
    }
  }
}

}  // namespace
}  // namespace tideway
