#include "app/operate_commands.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "app/job_text.h"
#include "app/watch.h"
#include "base/text.h"
#include "operate/control_client.h"

namespace tideway {
namespace {

template <typename Options>
auto job_word() {
  return option("job", &Options::job)
      .word()
      .value_name("JOB")
      .help("The job's name. Not given: the one that runs.");
}

template <typename Options>
auto json_flag() {
  return option("json", &Options::json).help("As JSON, one object a line (docs/control.md).");
}

struct StatusOptions {
  std::string job;
  bool json = false;
  static const OptionTable<StatusOptions>& table() {
    static const OptionTable<StatusOptions> options{
        option("job", &StatusOptions::job)
            .word()
            .value_name("JOB")
            .help("The job's name. Not given: all that run here under this account."),
        json_flag<StatusOptions>(),
    };
    return options;
  }
};

struct WatchOptions {
  std::string job;
  bool json = false;
  static const OptionTable<WatchOptions>& table() {
    static const OptionTable<WatchOptions> options{job_word<WatchOptions>(),
                                                   json_flag<WatchOptions>()};
    return options;
  }
};

struct JobOnly {
  std::string job;
  static const OptionTable<JobOnly>& table() {
    static const OptionTable<JobOnly> options{job_word<JobOnly>()};
    return options;
  }
};

struct CutoverOptions {
  std::string job;
  bool wait = false, anyway = false, cancel = false, json = false;
  static const OptionTable<CutoverOptions>& table() {
    static const OptionTable<CutoverOptions> options{
        job_word<CutoverOptions>(),
        option("wait", &CutoverOptions::wait)
            .help(
                "Show the job until it ends, and end with its exit code. Ctrl-C leaves it alone."),
        option("anyway", &CutoverOptions::anyway)
            .help("Tables that differ do not hold it up; the certificate names them."),
        option("cancel", &CutoverOptions::cancel).help("Take the order back; following goes on."),
        json_flag<CutoverOptions>(),
    };
    return options;
  }
};

struct TuneOptions {
  std::string job;
  std::optional<std::uint32_t> readers;
  std::optional<std::string> source_impact;
  static const OptionTable<TuneOptions>& table() {
    static const OptionTable<TuneOptions> options{
        job_word<TuneOptions>(),
        option("readers", &TuneOptions::readers)
            .range(1, 256)
            .help("How many of the job's readers may read at a time; more than it was started "
                  "with: all of them."),
        option("source-impact", &TuneOptions::source_impact)
            .value_name("SPEC")
            .help("What the source bears: threads-running=N,latency=TIME, one of them, or off."),
    };
    return options;
  }
};

// The job that is meant: the one named, or the only one that runs.
Result<std::string> job_meant(const std::string& named) {
  if (!named.empty()) return named;
  std::vector<std::string> running;
  for (RunDir::Found& found : TRY(find_jobs())) {
    if (found.is_running) running.push_back(std::move(found.job));
  }
  if (running.size() == 1) return std::move(running.front());
  if (running.empty()) {
    return fail(Error(ErrorCode::job_not_running, Side::local, Retry::after_operator,
                      "no job runs here under this account"));
  }
  return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                    fmt::format("which of the jobs that run? {}",
                                visible(fmt::format("{}", fmt::join(running, ", "))))));
}

ExitCode refuse(Console& console, const Error& error) {
  console.report(error);
  return exit_code_of(error);
}

// One job of a list; one that ended meanwhile is no error.
Result<void> show(const RunDir::Found& found, bool as_json, Console& console,
                  const std::stop_token& stop) {
  if (found.is_running) {
    auto client = ControlClient::connect(found.job);
    if (client) {
      const std::string line = TRY_DURING("asking the job " + found.job, client->status(stop));
      console.print(as_json ? line + "\n" : job_text(line));
      return {};
    }
    // It has the name, and no socket yet, or no more.
    console.print(as_json ? "" : visible(found.job) + ": begins or ends just now\n");
    return {};
  }
  console.print(as_json ? gone_line(found.job) + "\n"
                        : fmt::format("{}: does not run; it ended without a word (killed?), and "
                                      "the same command goes on\n",
                                      visible(found.job)));
  return {};
}

ExitCode show_one(const std::string& job, bool as_json, Console& console,
                  const std::stop_token& stop) {
  const auto jobs = find_jobs();  // cleans up behind one that was killed
  if (!jobs) return refuse(console, jobs.error());
  auto client = ControlClient::connect(job);
  if (client) {
    const auto line = client->status(stop);
    if (!line) return refuse(console, line.error());
    console.print(as_json ? *line + "\n" : job_text(*line));
    return ExitCode::proven;
  }
  for (const RunDir::Found& found : *jobs) {
    if (found.job != job) continue;
    if (auto shown = show(found, as_json, console, stop); !shown)
      return refuse(console, shown.error());
    return ExitCode::not_running;
  }
  if (!as_json) return refuse(console, client.error());
  console.print(gone_line(job) + "\n");
  return ExitCode::not_running;
}

ExitCode status(const StatusOptions& options, Console& console, const std::stop_token& stop) {
  if (!options.job.empty()) return show_one(options.job, options.json, console, stop);
  const auto jobs = find_jobs();
  if (!jobs) return refuse(console, jobs.error());
  if (jobs->empty() && !options.json) console.print("no job runs here under this account\n");
  ExitCode code = ExitCode::proven;
  for (const RunDir::Found& found : *jobs) {
    const auto shown = show(found, options.json, console, stop);
    if (!shown && shown.error().code() != ErrorCode::job_not_running)
      code = refuse(console, shown.error());  // and the others are shown all the same
  }
  return code;
}

// Sends verbs to the job one after the other and prints what it says.
Result<void> ask(const std::string& job,
                 const std::vector<std::pair<std::string, std::string>>& verbs, Console& console,
                 const std::stop_token& stop) {
  auto client = TRY(ControlClient::connect(job));
  for (const auto& [verb, argument] : verbs) {
    const std::string text =
        TRY_DURING("asking the job " + visible(job), client.ask(verb, argument, stop));
    console.print(fmt::format("{}: {}\n", visible(job), visible(text)));
  }
  return {};
}

ExitCode ask_or_refuse(const std::string& named,
                       const std::vector<std::pair<std::string, std::string>>& verbs,
                       Console& console, const std::stop_token& stop) {
  const auto job = job_meant(named);
  if (!job) return refuse(console, job.error());
  if (auto asked = ask(*job, verbs, console, stop); !asked) return refuse(console, asked.error());
  return ExitCode::proven;
}

ExitCode tune(const TuneOptions& options, Console& console, const std::stop_token& stop) {
  std::vector<std::pair<std::string, std::string>> verbs;
  if (options.readers) verbs.emplace_back("readers", std::to_string(*options.readers));
  if (options.source_impact) verbs.emplace_back("source-impact", *options.source_impact);
  if (!verbs.empty()) return ask_or_refuse(options.job, verbs, console, stop);
  return refuse(console, Error(ErrorCode::usage, Side::local, Retry::never,
                               "what shall be tuned? --readers or --source-impact"));
}

ExitCode watch(const WatchOptions& options, Console& console, const std::stop_token& stop) {
  const auto job = job_meant(options.job);
  if (!job) return refuse(console, job.error());
  auto client = ControlClient::connect(*job);
  if (!client) return refuse(console, client.error());
  return watch_job(*client, options.json, console, stop);
}

ExitCode cutover(const CutoverOptions& options, Console& console, const std::stop_token& stop) {
  const auto job = job_meant(options.job);
  if (!job) return refuse(console, job.error());
  auto client = ControlClient::connect(*job);
  if (!client) return refuse(console, client.error());
  const char* const how = options.cancel ? "cancel" : options.anyway ? "anyway" : "";
  const auto answer = client->ask("cutover", how, stop);
  if (!answer) return refuse(console, Error(answer.error()).during("asking for the cutover"));
  if (!options.json) console.print(fmt::format("{}: {}\n", visible(*job), visible(*answer)));
  return options.wait ? watch_job(*client, options.json, console, stop) : ExitCode::proven;
}

Command verb_command(const std::string& verb, const std::string& summary) {
  return command<JobOnly>(
      verb, summary, [verb](const JobOnly& options, Console& console, const std::stop_token& stop) {
        return ask_or_refuse(options.job, {{verb, ""}}, console, stop);
      });
}

}  // namespace

std::vector<Command> operate_commands() {
  std::vector<Command> all = {
      command<StatusOptions>("status",
                             "Shows how running jobs are; ends with 3 when the one "
                             "named does not run.",
                             status),
      command<WatchOptions>("watch", "Shows a running job until it ends, and ends as it does.",
                            watch),
      verb_command("pause", "Lets a running job read nothing more until it is resumed."),
      verb_command("resume", "Lets a paused job go on."),
      command<TuneOptions>("tune", "Changes what a running job may use.", tune),
      command<CutoverOptions>(
          "cutover", "Ends a job that follows, at the writer's last change, proven.", cutover),
  };
  for (Command& each : all) each.on_stop = "the job goes on";
  return all;
}

}  // namespace tideway
