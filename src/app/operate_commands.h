#pragma once

#include <vector>

#include "app/command.h"

namespace tideway {

// The commands that ask a running job: status, watch, pause, resume, tune, cutover. They are
// clients of its socket (docs/control.md) and know no server.
std::vector<Command> operate_commands();

}  // namespace tideway
