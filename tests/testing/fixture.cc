#include "testing/fixture.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace tideway::testing {

std::filesystem::path fixture_path(std::string_view name) {
  return std::filesystem::path(TIDEWAY_FIXTURES) / name;
}

std::string read_fixture(std::string_view name) {
  std::ifstream file(fixture_path(name), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) ADD_FAILURE() << "cannot read fixture " << name;
  return bytes;
}

}  // namespace tideway::testing
