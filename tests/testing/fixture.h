#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tideway::testing {

// The path of tests/fixtures/NAME, wherever the test is started from.
std::filesystem::path fixture_path(std::string_view name);

// Its bytes. Fails the running test, and returns nothing, when it cannot be read.
std::string read_fixture(std::string_view name);

}  // namespace tideway::testing
