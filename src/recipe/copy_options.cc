#include "recipe/copy_options.h"

#include "recipe/servers.h"

namespace tideway::recipe {

const OptionTable<CopyOptions>& CopyOptions::table() {
  using enum CommonPart;
  static const OptionTable<CopyOptions> options{
      include(&CopyOptions::common,
              CommonOptions::table({source, target, filter, job, restart, threads, memory})),
      include(&CopyOptions::routing, RoutingOptions::table()),
      include(&CopyOptions::reading, ReadingOptions::table()),
      include(&CopyOptions::writing, WritingOptions::table()),
      option("views", &CopyOptions::views).group("Reading").help("Copy views after the tables."),
  };
  return options;
}

JobOptions job_options(const CopyOptions& options, const std::string& job) {
  JobOptions made;
  made.job = job;
  made.recipe = "copy";
  made.settings = settings_of(options.common, options.reading) + settings_of(options.routing);
  made.config_hash = settings_hash(made.settings);
  made.takeover = options.common.takeover;
  made.restart = options.common.restart;
  return made;
}

}  // namespace tideway::recipe
