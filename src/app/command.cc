#include "app/command.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/option_help.h"

namespace tideway {

ExitCode refuse(Console& console, const std::string& command, const Error& error) {
  Evidence next;
  if (error.code() == ErrorCode::usage || error.code() == ErrorCode::bad_value)
    next.statement = "tideway " + command + " --help";
  console.report(Error(error).with_evidence(std::move(next)));
  return exit_code_of(error);
}

ExitCode finish(Console& console, const Result<Certificate>& result, const std::stop_token& stop) {
  if (result) {
    console.report(*result);
    return exit_code_of(*result);
  }
  console.report(result.error());
  // Whatever a stop interrupted may have failed in its own words: the operator's wish is the reason
  // all the same.
  return stop.stop_requested() && exit_code_of(result.error()) == ExitCode::failed
             ? ExitCode::stopped
             : exit_code_of(result.error());
}

ExitCode print_help(Console& console, const std::string& command, const std::string& summary,
                    const std::vector<OptionSpec>& specs) {
  winsize size{};
  const bool knows_width = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const std::size_t width = knows_width ? std::clamp<std::size_t>(size.ws_col, 60, 120) : 100;
  console.print(help_text(command, summary, specs, width));
  return ExitCode::proven;
}

Result<void> confirm_restart(Console& console, const CommonOptions& options,
                             const std::stop_token& stop) {
  if (!options.restart || options.yes) return {};
  if (TRY(console.confirm("Everything the job has done is forgotten and done again.", stop)))
    return {};
  return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                    "--restart was not confirmed; give --yes to mean it"));
}

}  // namespace tideway
