#pragma once

#include <string>
#include <string_view>

namespace tideway {

std::string_view version_number();  // "0.1.0"
std::string version_text();         // with the compiler, for --version

}  // namespace tideway
