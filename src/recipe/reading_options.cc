#include "recipe/reading_options.h"

#include <fmt/format.h>

#include "recipe/digest_option.h"
#include "recipe/servers.h"
#include "recipe/source_impact.h"

namespace tideway::recipe {

namespace {

OptionEntries<ReadingOptions> impact_option() {
  OptionEntries<ReadingOptions> entries =
      option("source-impact", &ReadingOptions::source_impact)
          .value_name("SPEC")
          .group("Reading")
          .help(
              "What the source bears: threads-running=N (of others) and latency=TIME (of a "
              "statement that does nothing), or one of them. Fewer tables are read at a time "
              "while it is more. Following the log is one reader, and slowing it down would only "
              "lengthen the lag: it is left alone. tideway tune changes it.");
  const auto set = entries.front().set;
  entries.front().set = [set](ReadingOptions& options, std::string_view text) -> Result<void> {
    TRY(parse_source_impact(text));
    return set(options, text);
  };
  return entries;
}

}  // namespace

const OptionTable<ReadingOptions>& ReadingOptions::table() {
  static const OptionTable<ReadingOptions> options{
      option("consistency", &ReadingOptions::consistency)
          .names({{"auto", Consistency::automatic},
                  {"flush", Consistency::flush},
                  {"lock", Consistency::lock},
                  {"none", Consistency::none}})
          .group("Reading")
          .help("How the tables are read at one position: auto never locks, flush and lock do what "
                "they say, none promises nothing."),
      option("snapshot-wait", &ReadingOptions::snapshot_wait)
          .group("Reading")
          .help("How long to try for a point at which no table is being written to."),
      option("where", &ReadingOptions::where)
          .group("Reading")
          .help("Only the rows for which this SQL condition holds."),
      option("chunk-bytes", &ReadingOptions::chunk_bytes)
          .as_bytes()
          .range(1ULL << 16U, 1ULL << 32U)
          .group("Reading")
          .help("Aim for one chunk of a table, uncompressed; of a dump, one data file."),
      impact_option(),
      digest_option(&ReadingOptions::digest),
  };
  return options;
}

RoundOptions round_options(const CommonOptions& common, const ReadingOptions& reading) {
  RoundOptions rounds;
  rounds.threads = common.threads;
  rounds.snapshot.consistency = reading.consistency;
  rounds.snapshot.wait = reading.snapshot_wait;
  rounds.read.chunk_bytes = reading.chunk_bytes;
  rounds.read.block_bytes = block_bytes(common);
  rounds.read.digest = reading.digest;
  rounds.read.where = reading.where;
  if (const auto impact = parse_source_impact(reading.source_impact)) rounds.impact = *impact;
  return rounds;
}

std::string settings_of(const CommonOptions& common, const ReadingOptions& reading) {
  return fmt::format("filter={}\ncase-sensitive={}\nwhere={}\ndigest={}\n",
                     fmt::join(common.filter, " "), common.case_sensitive, reading.where,
                     to_text(reading.digest));
}

}  // namespace tideway::recipe
