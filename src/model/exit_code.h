#pragma once

#include <cstdint>

#include "base/error.h"

namespace tideway {

// How every command ends. Scripts rely on the numbers.
enum class ExitCode : std::uint8_t {
  proven = 0,  // done, and all of it proven; for other commands: done
  failed = 1,
  usage = 2,        // the command line, a configuration file, a filter
  unproven = 3,     // finished, but not everything could be proven
  not_running = 3,  // of a command that asks a job: it does not run here
  stopped = 4,      // by the operator; the same command goes on
  environment = 5,  // disk, network, login, privileges: nothing is wrong with the job
};

ExitCode exit_code_of(const Error& error);

}  // namespace tideway
