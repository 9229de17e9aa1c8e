#include "app/program.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "app/commands.h"
#include "app/stop_signals.h"
#include "app/version.h"
#include "base/command_line.h"
#include "base/text.h"

namespace tideway {
namespace {

int number_of(ExitCode code) { return static_cast<int>(code); }

Error unknown_command(const std::string& word) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  const std::string_view near = nearest(word, names);
  return {ErrorCode::usage, Side::local, Retry::never,
          fmt::format("there is no command '{}'{}", without_passwords(word),
                      near.empty() ? "" : fmt::format("; did you mean {}?", near))};
}

}  // namespace

int run_program(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  Console console;
  if (words.empty()) {
    console.note(overview());
    return number_of(ExitCode::usage);
  }
  if (words[0] == "--help" || words[0] == "-h") {
    console.print(overview());
    return number_of(console.close(ExitCode::proven));
  }
  if (words[0] == "--version" || words[0] == "-V") {
    console.print(version_text());
    return number_of(console.close(ExitCode::proven));
  }
  const Command* command = find_command(words[0]);
  if (command == nullptr) {
    console.report(unknown_command(words[0]));
    return number_of(ExitCode::usage);
  }
  blank_process_title(std::span<char* const>(argv, static_cast<std::size_t>(argc)),
                      command->specs());
  // Before any other thread, so that all of them leave the signals to this one.
  const StopSignals signals([&console, command] { console.note(command->on_stop); });
  return number_of(
      console.close(command->run(std::span(words).subspan(1), console, signals.token())));
}

}  // namespace tideway
