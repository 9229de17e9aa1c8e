#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tideway {

// The page of a code as `tideway explain` prints it.
std::string explain_text(const ErrorPage& page);
// By TW301, 301 or missing_privilege, in any case; nullptr: no such code.
const ErrorPage* find_error_page(std::string_view word);
// docs/errors.md.
std::string errors_markdown();

}  // namespace tideway
