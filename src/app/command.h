#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "app/console.h"
#include "base/command_line.h"
#include "base/option_table.h"
#include "model/certificate.h"
#include "model/exit_code.h"

namespace tideway {

// One command of the program. Options are parsed into a struct of the command's own; what is here
// knows no struct.
struct Command {
  std::string name, summary;  // the summary is a sentence
  std::function<std::vector<OptionSpec>()> specs;
  // `words` are those behind the command's name. The exit code is for the process.
  std::function<ExitCode(std::span<const std::string> words, Console& console,
                         const std::stop_token& stop)>
      run;
  // Said at the first signal.
  std::string on_stop = "stopping: what is in hand is finished first; once more to leave at once";
};

// For internal use of the templates below.
ExitCode refuse(Console& console, const std::string& command, const Error& error);
ExitCode finish(Console& console, const Result<Certificate>& result, const std::stop_token& stop);
ExitCode print_help(Console& console, const std::string& command, const std::string& summary,
                    const std::vector<OptionSpec>& specs);
Result<void> confirm_restart(Console& console, const CommonOptions& options,
                             const std::stop_token& stop);

// A command whose options are Options (with `static const OptionTable<Options>& table()`; its
// member `common`, if it has one, sets up log and console).
template <typename Options, typename Run>
Command command(const std::string& name, const std::string& summary, Run run) {
  Command made{name, summary, [] { return Options::table().specs(); }, {}};
  made.run = [name, summary, run = std::move(run)](std::span<const std::string> words,
                                                   Console& console,
                                                   const std::stop_token& stop) -> ExitCode {
    Options options;
    const auto parsed = parse_command_line(Options::table().bind(options), words);
    if (!parsed) return refuse(console, name, parsed.error());
    if (parsed->wants_help) return print_help(console, name, summary, Options::table().specs());
    if constexpr (requires { options.common; }) {
      if (auto opened = console.open(options.common, name); !opened)
        return refuse(console, name, opened.error());
    }
    for (const std::string& warning : parsed->warnings) console.warn(warning);
    return run(std::as_const(options), console, stop);
  };
  return made;
}

// A recipe: it puts up how far it is on the board, ends with a certificate, and fails with TW106
// when it was stopped.
template <typename Options>
using Recipe = Result<Certificate> (*)(const Options&, StatusBoard&, const std::stop_token&);

template <typename Options>
Command recipe_command(const std::string& name, const std::string& summary,
                       Recipe<Options> recipe) {
  return command<Options>(
      name, summary,
      [recipe](const Options& options, Console& console, const std::stop_token& stop) {
        if (auto may = confirm_restart(console, options.common, stop); !may)
          return finish(console, fail(may.error()), stop);
        return finish(console, recipe(options, console.board(), stop), stop);
      });
}

}  // namespace tideway
