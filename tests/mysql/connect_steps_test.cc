#include "mysql/connect_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string packet(const std::string& body) {
  return {static_cast<char>(body.size() & 0xFFU), static_cast<char>(body.size() >> 8U & 0xFFU), 0,
          0};
}

std::string greeting(bool offers_tls) {
  std::string body =
      "\x0A"
      "8.0.15";
  body += std::string(
      "\0\1\0\0\0"
      "12345678\0",
      14);
  body += offers_tls ? std::string("\xFF\xFF", 2) : std::string("\xFF\xF7", 2);
  body += std::string("\x21\2\0\xFF\x81\x15", 6);
  return packet(body) + body;
}

Endpoint somewhere() {
  Endpoint endpoint;
  endpoint.host = "db";
  endpoint.user = "app";
  return endpoint;
}

ConnectSteps failed(std::uint32_t number, std::string text) {
  ConnectSteps steps;
  steps.number = number;
  steps.text = std::move(text);
  return steps;
}

ConnectSteps greeted(std::uint32_t number, std::string text) {
  ConnectSteps steps = failed(number, std::move(text));
  steps.is_reached = steps.uses_tls = true;
  steps.first_bytes = greeting(true);
  steps.greeting = parse_greeting(steps.first_bytes);
  return steps;
}

TEST(Greeting, says_whether_there_is_tls) {
  EXPECT_TRUE(parse_greeting(greeting(true)).offers_tls);
  EXPECT_FALSE(parse_greeting(greeting(false)).offers_tls);
}

TEST(Greeting, is_waited_for_until_it_is_whole) {
  const std::string whole = greeting(true);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const Greeting part = parse_greeting(std::string_view(whole).substr(0, bytes));
    EXPECT_FALSE(part.is_whole) << bytes;
    EXPECT_TRUE(part.is_mysql) << bytes;
  }
  EXPECT_TRUE(parse_greeting(whole).is_whole);
}

TEST(Greeting, of_something_else_is_told_from_a_server) {
  for (const char* banner : {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n",
                             "220 mail ESMTP\r\n", "-ERR unknown command\r\n"}) {
    const Greeting greeting = parse_greeting(banner);
    EXPECT_TRUE(greeting.is_whole && !greeting.is_mysql) << banner;
  }
}

TEST(Greeting, may_be_a_refusal) {
  const std::string body = std::string("\xFF\x6A\x04", 3) + "Host '10.0.0.7' is not allowed";
  const Greeting greeting = parse_greeting(packet(body) + body);
  EXPECT_EQ(greeting.refusal, 1130U);
  EXPECT_EQ(greeting.refusal_text, "Host '10.0.0.7' is not allowed");
}

TEST(ConnectError, of_a_refused_port_is_not_that_of_a_dropped_packet) {
  const Error refused =
      connect_error(somewhere(), failed(2002, "Can't connect to server on 'db' (111)"));
  EXPECT_EQ(refused.code(), ErrorCode::connect_tcp);
  EXPECT_THAT(refused.message(), HasSubstr("nothing listens"));
  EXPECT_THAT(refused.to_report(), HasSubstr("next: nc -vz db 3306"));
  ConnectSteps steps;
  steps.end = ConnectSteps::End::deadline;
  const Error dropped = connect_error(somewhere(), steps);
  EXPECT_EQ(dropped.code(), ErrorCode::connect_tcp);
  EXPECT_THAT(dropped.message(), HasSubstr("security group"));
  EXPECT_THAT(dropped.message(), Not(HasSubstr("nothing listens")));
  const Error unroutable =
      connect_error(somewhere(), failed(2002, "Can't connect to server on 'db' (113)"));
  EXPECT_THAT(unroutable.message(), HasSubstr("peering"));
}

TEST(ConnectError, names_the_step_at_which_a_server_fell_silent) {
  ConnectSteps steps;
  steps.end = ConnectSteps::End::deadline;
  steps.is_reached = true;
  const Error before = connect_error(somewhere(), steps);
  EXPECT_EQ(before.code(), ErrorCode::connect_round_trip);
  EXPECT_THAT(before.message(), HasSubstr("nothing was said"));
  steps = greeted(2013, "");
  steps.end = ConnectSteps::End::deadline;
  EXPECT_THAT(connect_error(somewhere(), steps).message(), HasSubstr("did not finish TLS"));
}

TEST(ConnectError, of_a_cut_is_never_a_wrong_password_or_bad_tls) {
  const std::string lost = "Lost connection to server at 'reading authorization packet', system ";
  for (const ConnectSteps& steps :
       {greeted(2013, lost + "error: 104"), greeted(2013, lost + "error: 0"),
        greeted(2026, "TLS/SSL error: Connection reset by peer (104)"),
        greeted(2026, "TLS/SSL error: unexpected eof while reading"),
        failed(2002, "Can't connect to server on 'db' (104)")}) {
    const Error error = connect_error(somewhere(), steps);
    EXPECT_EQ(error.code(), ErrorCode::connect_lost) << steps.text;
    EXPECT_EQ(error.retry(), Retry::new_session) << steps.text;
    EXPECT_FALSE(is_tls_disagreement(steps)) << steps.text;
  }
}

TEST(ConnectError, of_tls_itself_is_one_for_the_operator) {
  const ConnectSteps steps = greeted(2026, "TLS/SSL error: unsupported protocol");
  EXPECT_TRUE(is_tls_disagreement(steps));
  const Error error = connect_error(somewhere(), steps);
  EXPECT_EQ(error.code(), ErrorCode::connect_tls);
  EXPECT_EQ(error.retry(), Retry::after_operator);
  EXPECT_THAT(error.message(), HasSubstr("unsupported protocol"));
}

TEST(ConnectError, shows_what_another_service_said_without_letting_it_steer_the_terminal) {
  ConnectSteps steps = failed(2013, "");
  steps.first_bytes = "SSH-2.0\x1b[2J-x\r\nmore";
  steps.greeting = parse_greeting(steps.first_bytes);
  const Error error = connect_error(somewhere(), steps);
  EXPECT_EQ(error.code(), ErrorCode::connect_not_mysql);
  EXPECT_THAT(error.message(), HasSubstr("\"SSH-2.0\\x1b[2J-x\""));
}

TEST(ConnectError, names_the_name_that_is_not_known) {
  const Error error = connect_error(somewhere(), failed(2005, "Unknown server host 'db' (-2)"));
  EXPECT_EQ(error.code(), ErrorCode::connect_name);
  EXPECT_THAT(error.message(), HasSubstr("Name or service not known"));
  EXPECT_EQ(error.evidence().statement, "getent hosts db");
}

}  // namespace
}  // namespace tideway
