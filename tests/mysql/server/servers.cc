#include "mysql/server/servers.h"

#include <cstdlib>

namespace tideway::testing {

Endpoint environment_endpoint(const std::string& variable) {
  const char* url = std::getenv(variable.c_str());
  if (url == nullptr) {
    ADD_FAILURE() << variable << " is not set: it must hold the URL of a running server";
    std::abort();
  }
  Endpoint endpoint = value(parse_endpoint(url, Side::source));
  endpoint.tls = TlsMode::off;
  endpoint.password = Secret();
  return endpoint;
}

Endpoint endpoint_of(std::string_view version) {
  return environment_endpoint("TIDEWAY_TEST_MYSQL" + std::string(version));
}

Endpoint encrypted(std::string_view version) {
  Endpoint endpoint = environment_endpoint("TIDEWAY_TEST_MYSQLTLS" + std::string(version));
  endpoint.tls = TlsMode::require;
  return endpoint;
}

Session open_session(std::string_view version, const SessionOptions& options) {
  return value(Session::open(endpoint_of(version), options, {}));
}

TestDatabase::TestDatabase(std::string_view version, std::string_view name)
    : session_(open_session(version)), name_(name) {
  value(session_.execute("DROP DATABASE IF EXISTS " + name_, {}));
  value(session_.execute("CREATE DATABASE " + name_, {}));
}

TestDatabase::~TestDatabase() { EXPECT_TRUE(session_.execute("DROP DATABASE " + name_, {})); }

TestUser::TestUser(std::string_view version, std::string_view name, std::string_view password,
                   std::string_view options, std::string_view plugin)
    : session_(open_session(version)), endpoint_(session_.endpoint()) {
  endpoint_.user = name;
  endpoint_.password = Secret(std::string(password));
  std::string literal;
  for (const char c : password)
    literal += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  const std::string account = "'" + endpoint_.user + "'@'%'";
  value(session_.execute("DROP USER IF EXISTS " + account, {}));
  value(session_.execute("CREATE USER " + account + " IDENTIFIED WITH " + std::string(plugin) +
                             " BY '" + literal + "' " + std::string(options),
                         {}));
}

TestUser::~TestUser() {
  EXPECT_TRUE(session_.execute("DROP USER '" + endpoint_.user + "'@'%'", {}));
}

}  // namespace tideway::testing
