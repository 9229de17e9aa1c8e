#include "app/version.h"

#include <fmt/format.h>

namespace tideway {

std::string_view version_number() { return TIDEWAY_VERSION; }

std::string version_text() {
#ifdef __clang__
  const std::string compiler = "Clang " __clang_version__;
#else
  const std::string compiler = "GCC " __VERSION__;
#endif
  return fmt::format("tideway {} ({})\n", version_number(), compiler);
}

}  // namespace tideway
