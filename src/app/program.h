#pragma once

namespace tideway {

// The whole of `tideway`: finds the command, hides passwords from the process title, turns signals
// into a stop request, runs, and returns the process's exit code.
int run_program(int argc, char** argv);

}  // namespace tideway
