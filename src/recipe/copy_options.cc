#include "recipe/copy_options.h"

#include <fmt/format.h>

#include "recipe/servers.h"

namespace tideway::recipe {

const OptionTable<CopyOptions>& CopyOptions::table() {
  using enum CommonPart;
  static const OptionTable<CopyOptions> options{
      include(&CopyOptions::common,
              CommonOptions::table({source, target, filter, job, threads, memory})),
      option("consistency", &CopyOptions::consistency)
          .names({{"auto", Consistency::automatic},
                  {"flush", Consistency::flush},
                  {"lock", Consistency::lock},
                  {"none", Consistency::none}})
          .group("Reading")
          .help("How the tables are read at one position: auto never locks, flush and lock do what "
                "they say, none promises nothing."),
      option("snapshot-wait", &CopyOptions::snapshot_wait)
          .group("Reading")
          .help("How long to try for a point at which no table is being written to."),
      option("where", &CopyOptions::where)
          .group("Reading")
          .help("Copies only the rows for which this SQL condition holds."),
      option("chunk-bytes", &CopyOptions::chunk_bytes)
          .as_bytes()
          .range(1ULL << 16U, 1ULL << 32U)
          .group("Reading")
          .help("Aim for one chunk of a table, uncompressed."),
      option("digest", &CopyOptions::digest)
          .names({{"fast", DigestStrength::fast}, {"strong", DigestStrength::strong}})
          .group("Proof")
          .help("How the target's rows are compared with those read: sums of CRC-32, or of MD5."),
      option("batch-bytes", &CopyOptions::batch_bytes)
          .as_bytes()
          .range(1ULL << 12U, 64ULL << 20U)
          .group("Writing")
          .help("Text of one statement on the target."),
      option("on-duplicate", &CopyOptions::on_duplicate)
          .names({{"error", OnDuplicate::error},
                  {"ignore", OnDuplicate::ignore},
                  {"replace", OnDuplicate::replace}})
          .group("Writing")
          .help("What to do with a row whose key the target has already."),
      option("infile", &CopyOptions::infile)
          .group("Writing")
          .help("Measure LOAD DATA LOCAL INFILE against INSERT and use the faster, where the "
                "target allows it."),
      option("views", &CopyOptions::views).group("Reading").help("Copy views after the tables."),
  };
  return options;
}

JobOptions job_options(const CopyOptions& options, const std::string& job) {
  JobOptions made;
  made.job = job;
  made.recipe = "copy";
  std::string filter;
  for (const std::string& rule : options.common.filter)
    filter += (filter.empty() ? "" : " ") + rule;
  made.settings =
      fmt::format("filter={}\ncase-sensitive={}\nwhere={}\ndigest={}\n", filter,
                  options.common.case_sensitive, options.where, to_text(options.digest));
  made.config_hash = settings_hash(made.settings);
  made.takeover = options.common.takeover;
  made.restart = options.common.restart;
  return made;
}

}  // namespace tideway::recipe
