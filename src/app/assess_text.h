#pragma once

#include <string>

#include "recipe/assess.h"

namespace tideway {

// An assessment for people: blockers first, each finding with what mends it.
std::string assess_text(const recipe::AssessReport& report);
// The same, all of it, as an event of --json.
std::string assess_event(const recipe::AssessReport& report);

}  // namespace tideway
