#include "app/commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/operate_commands.h"
#include "recipe/assess.h"
#include "recipe/copy.h"
#include "recipe/dump.h"
#include "recipe/load.h"
#include "recipe/migrate.h"
#include "recipe/plan.h"
#include "recipe/replicate.h"
#include "recipe/verify.h"

namespace tideway {

namespace {

Command plan_command() {
  return command<recipe::PlanOptions>(
      "plan", "Shows which table goes where, and why, before anything runs.",
      [](const recipe::PlanOptions& options, Console& console, const std::stop_token& stop) {
        const auto plan = recipe::plan(options, console.board(), stop);
        if (!plan) return finish(console, fail(plan.error()), stop);
        console.report(*plan);
        return plan->has_problems() ? ExitCode::usage : ExitCode::proven;
      });
}

// Warnings alone are "finished, and not everything is as it should be".
ExitCode exit_code_of(const Assessment& assessment) {
  if (assessment.is_blocked()) return ExitCode::failed;
  return assessment.count(Finding::Level::warning) != 0 ? ExitCode::unproven : ExitCode::proven;
}

Command assess_command() {
  return command<recipe::AssessOptions>(
      "assess", "Says what stands in the way of a migration, and the SQL that mends it.",
      [](const recipe::AssessOptions& options, Console& console, const std::stop_token& stop) {
        const auto report = recipe::assess_migration(options, console.board(), stop);
        if (!report) return finish(console, fail(report.error()), stop);
        console.report(*report);
        return exit_code_of(report->assessment);
      });
}

std::vector<Command> all_commands() {
  std::vector<Command> all = {
      assess_command(),
      recipe_command<recipe::CopyOptions>(
          "copy", "Copies tables from server to server and proves that they arrived.",
          recipe::copy),
      recipe_command<recipe::MigrateOptions>(
          "migrate",
          "Copies tables beside their writers, then follows the source's log: the main job.",
          recipe::migrate),
      recipe_command<recipe::ReplicateOptions>(
          "replicate", "Follows a server's log into another server, each change exactly once.",
          recipe::replicate),
      recipe_command<recipe::DumpOptions>("dump", "Writes tables of a server to files.",
                                          recipe::dump),
      recipe_command<recipe::LoadOptions>(
          "load", "Loads files into a server and proves that they arrived.", recipe::load),
      recipe_command<recipe::VerifyOptions>(
          "verify", "Compares the tables of two servers, down to the keys that differ.",
          recipe::verify),
      plan_command(),
  };
  for (Command& each : operate_commands()) all.push_back(std::move(each));
  for (const Command& each : {explain_command(), help_command(), version_command()})
    all.push_back(each);
  return all;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = all_commands();
  return all;
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

std::string overview() {
  std::string text =
      "tideway moves a live MySQL into TiDB or MySQL and proves that it arrived.\n\n  tideway "
      "COMMAND [options]\n\n";
  for (const Command& command : commands())
    text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  return text +
         "\n  tideway COMMAND --help lists a command's options; tideway explain CODE prints the "
         "page of an error.\n"
         "\nExit codes: 0 proven, 1 failed, 2 usage, 3 finished but not proven, 4 stopped (start "
         "it again to go on),\n"
         "5 environment (disk, network, login).\n";
}

}  // namespace tideway
