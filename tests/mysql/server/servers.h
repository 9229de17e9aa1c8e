#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway::testing {

// The servers that the caller of this program started: TIDEWAY_TEST_MYSQL80 and
// TIDEWAY_TEST_MYSQL57 hold their URLs (root, no password). A test whose server was not named
// fails.
Endpoint endpoint_of(std::string_view version);  // "80", "57"
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

// Tests that hold for each version.
class EachServer : public ::testing::TestWithParam<std::string> {};

}  // namespace tideway::testing
