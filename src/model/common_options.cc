#include "model/common_options.h"

#include <algorithm>
#include <set>

namespace tideway {
namespace {

using Common = CommonOptions;

// The options of one server under `side`, and without that prefix when it is the only one.
OptionTable<ServerOptions> server_table(const std::string& side, bool is_only) {
  const std::string group = side == "source" ? "Source" : "Target";
  const auto prefixed = [&](const std::string& name, auto member) {
    auto described = option(side + "-" + name, member).group(group);
    if (is_only) described.alias(name);
    return described;
  };
  return OptionTable<ServerOptions>{
      option(side, &ServerOptions::url)
          .group(group)
          .value_name("URL")
          .help("Where the " + side +
                " is: mysql://user@host:3306/?tls=verify, tidb://…, or a pasted mysql -h … -u … "
                "line."),
      prefixed("host", &ServerOptions::host).value_name("NAME").help("Host, instead of a URL's."),
      prefixed("port", &ServerOptions::port).range(1, 65535).help("Port, instead of a URL's."),
      prefixed("user", &ServerOptions::user)
          .value_name("NAME")
          .help("Account, instead of a URL's."),
      prefixed("socket", &ServerOptions::socket)
          .value_name("PATH")
          .help("Unix socket, instead of host and port."),
      prefixed("password-file", &ServerOptions::password_file)
          .value_name("PATH")
          .help("A file whose first line is the password."),
      prefixed("password-env", &ServerOptions::password_env)
          .value_name("NAME")
          .help("An environment variable that holds the password."),
      prefixed("password-fd", &ServerOptions::password_fd)
          .range(0, 1 << 20)
          .help("An open descriptor to read the password from."),
      prefixed("password", &ServerOptions::password)
          .value_name("TEXT")
          .help("The password itself: others may see it before it is blanked. Without any of "
                "these: ~/.my.cnf, then a prompt."),
      prefixed("tls", &ServerOptions::tls)
          .value_name("MODE")
          .help("off, try (if the server has it), require, verify-ca, verify (host name too), "
                "legacy (MySQL 5.7.19 and older).")
          .shown_default("try"),
      prefixed("ca", &ServerOptions::ca)
          .value_name("PATH")
          .help("Certificate authority to verify the server with."),
      prefixed("cert", &ServerOptions::cert)
          .value_name("PATH")
          .help("Our certificate, for servers that ask for one."),
      prefixed("key", &ServerOptions::key).value_name("PATH").help("Its private key."),
  };
}

OptionTable<Common> output_table() {
  return {option("output", &Common::output)
              .short_name('o')
              .group("Files")
              .value_name("DIR|URL")
              .shown_default("./export-<now>")
              .help("Where the dump is written.")};
}

OptionTable<Common> input_table() {
  return {option("input", &Common::input)
              .short_name('i')
              .group("Files")
              .value_name("DIR|URL")
              .required()
              .help("Where the dump is read from.")};
}

OptionTable<Common> filter_table() {
  return {
      option("filter", &Common::filter)
          .short_name('f')
          .split_by_comma()
          .group("What")
          .value_name("RULE")
          .help("Tables to take, like shop.* or !shop.log_*; the last rule that matches decides "
                "(docs/filter.md).")
          .shown_default("everything but system databases"),
      option("case-sensitive", &Common::case_sensitive)
          .group("What")
          .help("Compare names in the filter as they are written."),
  };
}

OptionTable<Common> job_table() {
  return {
      option("job", &Common::job)
          .group("Job")
          .value_name("NAME")
          .help("The name under which progress is kept; started again, it goes on.")
          .shown_default("made from source and target"),
      option("takeover", &Common::takeover)
          .group("Job")
          .help("Take the job from another process that seems to be alive."),
  };
}

OptionTable<Common> restart_table() {
  return {
      option("restart", &Common::restart)
          .group("Job")
          .help("Forget what the job did and begin anew; asks first."),
      option("yes", &Common::yes).group("Job").help("Answer yes to every question."),
  };
}

OptionTable<Common> threads_table() {
  return {option("threads", &Common::threads)
              .short_name('t')
              .range(1, 256)
              .group("Resources")
              .help("Sessions for each side.")};
}

OptionTable<Common> memory_table() {
  return {option("memory", &Common::memory_bytes)
              .as_bytes()
              .range(64ULL << 20U, 1ULL << 44U)
              .group("Resources")
              .help("What everything in memory borrows from.")};
}

OptionTable<Common> disk_table() {
  return {option("disk", &Common::disk_bytes)
              .as_bytes()
              .range(1ULL << 20U, 1ULL << 60U)
              .group("Resources")
              .help("The most that is kept on disk.")};
}

OptionTable<Common> every_table() {
  return {
      option("json", &Common::json)
          .group("Output")
          .help("Events as JSON, one a line, on standard output (docs/events.md)."),
      option("quiet", &Common::quiet)
          .short_name('q')
          .group("Output")
          .help("No progress and no certificate, errors only."),
      option("config", &Common::config)
          .config_file()
          .group("Output")
          .value_name("FILE")
          .help("More options, as YAML; the command line wins."),
      option("log-file", &Common::log_file)
          .group("Output")
          .value_name("PATH")
          .help("Write the log there.")
          .shown_default("stderr"),
      option("log-level", &Common::log_level)
          .names({{"debug", LogLevel::debug},
                  {"info", LogLevel::info},
                  {"warn", LogLevel::warn},
                  {"error", LogLevel::error}})
          .group("Output")
          .help("The least that is logged.")
          .shown_default("warn, or info with --log-file"),
      option("log-json", &Common::log_json).group("Output").help("Log lines as JSON."),
  };
}

}  // namespace

OptionTable<CommonOptions> CommonOptions::table(std::initializer_list<CommonPart> parts) {
  const std::set<CommonPart> wanted(parts);
  const bool is_only =
      !(wanted.contains(CommonPart::source) && wanted.contains(CommonPart::target));
  OptionEntries<CommonOptions> entries;
  const auto add = [&entries](const OptionEntries<CommonOptions>& more) {
    entries.insert(entries.end(), more.begin(), more.end());
  };
  for (const CommonPart part : parts) {
    switch (part) {
      case CommonPart::source:
        add(include(&CommonOptions::source, server_table("source", is_only)));
        break;
      case CommonPart::target:
        add(include(&CommonOptions::target, server_table("target", is_only)));
        break;
      case CommonPart::output:
        add(output_table().entries());
        break;
      case CommonPart::input:
        add(input_table().entries());
        break;
      case CommonPart::filter:
        add(filter_table().entries());
        break;
      case CommonPart::job:
        add(job_table().entries());
        break;
      case CommonPart::restart:
        add(restart_table().entries());
        break;
      case CommonPart::threads:
        add(threads_table().entries());
        break;
      case CommonPart::memory:
        add(memory_table().entries());
        break;
      case CommonPart::disk:
        add(disk_table().entries());
        break;
    }
  }
  add(every_table().entries());
  return OptionTable<CommonOptions>(std::move(entries));
}

Result<TableFilter> CommonOptions::table_filter() const {
  if (filter.empty()) return TableFilter::everything_but_system();
  return TableFilter::parse(filter,
                            case_sensitive ? FilterCase::sensitive : FilterCase::insensitive);
}

}  // namespace tideway
