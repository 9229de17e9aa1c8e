#include "recipe/replicate.h"

namespace tideway::recipe {

const OptionTable<ReplicateOptions>& ReplicateOptions::table() {
  using enum CommonPart;
  static const OptionTable<ReplicateOptions> options{
      include(&ReplicateOptions::common,
              CommonOptions::table({source, target, filter, job, restart, threads, memory})),
      include(&ReplicateOptions::routing, RoutingOptions::log_table()),
      option("start", &ReplicateOptions::start)
          .value_name("PLACE")
          .group("Log")
          .help("Where a new job begins: now, FILE:OFFSET, a set of GTIDs, a time in UTC "
                "('2026-03-01 12:00:00'), or the folder of a dump. A job that was begun goes on "
                "where it was."),
      option("overlap-until", &ReplicateOptions::overlap_until)
          .value_name("PLACE")
          .group("Log")
          .help("Up to where the target's rows may already hold the changes behind --start: these "
                "are written row by row as they are to be, whatever is there. Not given: up to "
                "where the log ends now, which is always right. none: the rows stand exactly at "
                "--start."),
      option("definition", &ReplicateOptions::definition)
          .value_name("PATH")
          .group("Log")
          .help("Definitions that tables of the source had at --start: a file of CREATE TABLE "
                "statements as SHOW CREATE TABLE prints them, or the folder of a dump. Needed "
                "where a statement behind it changed "
                "them."),
      include(&ReplicateOptions::following, FollowingOptions::table()),
      option("batch-bytes", &ReplicateOptions::batch_bytes)
          .as_bytes()
          .range(1ULL << 14U, 1ULL << 26U)
          .group("Writing")
          .help("Text of one statement at most."),
  };
  return options;
}

}  // namespace tideway::recipe
