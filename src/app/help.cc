#include <fmt/format.h>

#include "app/commands.h"
#include "app/version.h"
#include "base/option_help.h"
#include "base/text.h"

namespace tideway {
namespace {

struct HelpOptions {
  std::string command;
  bool markdown = false;
  static const OptionTable<HelpOptions>& table() {
    static const OptionTable<HelpOptions> options{
        option("command", &HelpOptions::command)
            .word()
            .value_name("COMMAND")
            .help("A command's name. None: the list of commands."),
        option("markdown", &HelpOptions::markdown)
            .help("The command's reference page, docs/options-COMMAND.md."),
    };
    return options;
  }
};

struct NoOptions {
  static const OptionTable<NoOptions>& table() {
    static const OptionTable<NoOptions> options{};
    return options;
  }
};

ExitCode help(const HelpOptions& options, Console& console, const std::stop_token&) {
  if (options.command.empty()) {
    console.print(overview());
    return ExitCode::proven;
  }
  const Command* command = find_command(options.command);
  if (command == nullptr) {
    return refuse(console, "help",
                  Error(ErrorCode::usage, Side::local, Retry::never,
                        fmt::format("there is no command '{}'", options.command)));
  }
  if (!options.markdown)
    return print_help(console, command->name, command->summary, command->specs());
  console.print(help_markdown(command->name, command->summary, command->specs()));
  return ExitCode::proven;
}

ExitCode version(const NoOptions&, Console& console, const std::stop_token&) {
  console.print(version_text());
  return ExitCode::proven;
}

}  // namespace

Command help_command() {
  return command<HelpOptions>("help", "Lists the commands, or the options of one.", help);
}

Command version_command() { return command<NoOptions>("version", "Prints the version.", version); }

}  // namespace tideway
