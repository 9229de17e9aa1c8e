#include "mysql/server/servers.h"

#include <cstdlib>

namespace tideway::testing {

Endpoint endpoint_of(std::string_view version) {
  const std::string name = "TIDEWAY_TEST_MYSQL" + std::string(version);
  const char* url = std::getenv(name.c_str());
  if (url == nullptr) {
    ADD_FAILURE() << name << " is not set: it must hold the URL of a running server";
    std::abort();
  }
  Endpoint endpoint = value(parse_endpoint(url, Side::source));
  // Most tests are not about TLS, and the generated certificates of old servers only cost time.
  endpoint.tls = TlsMode::off;
  endpoint.password = Secret();
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

}  // namespace tideway::testing
