#pragma once

#include <vector>

#include "app/command.h"

namespace tideway {

// Every command of the program, in the order in which help lists them.
const std::vector<Command>& commands();
const Command* find_command(std::string_view name);

// --- the commands that need no server ---
Command explain_command();
Command help_command();
Command version_command();

// `tideway` or `tideway --help`.
std::string overview();

}  // namespace tideway
