#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway::testing {

// The servers that the caller of this program started. Environment variables hold their URLs (root,
// no password):
//   TIDEWAY_TEST_MYSQL80, TIDEWAY_TEST_MYSQL57           8.0 and 5.7; the latter offers no TLS
//   TIDEWAY_TEST_MYSQLTLS80, TIDEWAY_TEST_MYSQLTLS57     the same with a certificate for 127.0.0.1,
//   signed by TIDEWAY_TEST_CA TIDEWAY_TEST_THROTTLED80, …57, …TLS80                some of them
//   behind proxies, one each, of a few kilobytes a second
// A test whose server was not named fails.
Endpoint environment_endpoint(const std::string& variable);
Endpoint endpoint_of(std::string_view version);  // "80", "57", "TLS80", "TLS57"; without TLS
Endpoint encrypted(
    std::string_view version);  // "80", "57": the one with a certificate, TLS required
Session open_session(std::string_view version, const SessionOptions& options = {});

// The value, or the test fails with the error's line (and the process ends: nothing after it would
// mean anything).
template <typename T>
T value(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().to_line();
    std::abort();
  }
  return std::move(*result);
}
inline void value(Result<void> result) {
  if (result) return;
  ADD_FAILURE() << result.error().to_line();
  std::abort();
}

// A database that exists while the object does.
class TestDatabase {
 public:
  TestDatabase(std::string_view version, std::string_view name);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

 private:
  Session session_;
  std::string name_;
};

// An account without privileges that exists while the object does.
class TestUser {
 public:
  TestUser(std::string_view version, std::string_view name, std::string_view password,
           std::string_view options, std::string_view plugin = "mysql_native_password");
  ~TestUser();
  TestUser(const TestUser&) = delete;
  TestUser& operator=(const TestUser&) = delete;
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  Session session_;
  Endpoint endpoint_;
};

}  // namespace tideway::testing
