#pragma once

#include <string>

#include "recipe/plan.h"

namespace tideway {

// A plan for people: what is taken and where it goes, what stays and why. Databases of a server's
// own are not listed.
std::string plan_text(const recipe::Plan& plan);
// The same, all of it, as an event of --json.
std::string plan_event(const recipe::Plan& plan);

}  // namespace tideway
