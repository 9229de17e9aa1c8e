#pragma once

#include <stop_token>

#include "app/console.h"
#include "model/exit_code.h"
#include "operate/control_client.h"

namespace tideway {

// Shows a running job on standard output until it ends: its block on a terminal, else a line every
// five seconds and whenever something changes, or all it sends as JSON. The job's own exit code;
// 4 when stopped first, which leaves the job alone.
ExitCode watch_job(ControlClient& client, bool as_json, Console& console,
                   const std::stop_token& stop);

}  // namespace tideway
