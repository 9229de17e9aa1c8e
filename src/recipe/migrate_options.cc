#include "recipe/migrate.h"

namespace tideway::recipe {

const OptionTable<MigrateOptions>& MigrateOptions::table() {
  using enum CommonPart;
  static const OptionTable<MigrateOptions> options{
      include(&MigrateOptions::common,
              CommonOptions::table({source, target, filter, job, restart, threads, memory})),
      include(&MigrateOptions::routing, RoutingOptions::log_table()),
      include(&MigrateOptions::reading, ReadingOptions::table()),
      include(&MigrateOptions::writing, WritingOptions::table()),
      option("views", &MigrateOptions::views).group("Reading").help("Copy views after the tables."),
      option("until", &MigrateOptions::until)
          .value_name("PLACE")
          .group("Log")
          .help("Where to end: caught-up (where the log ends once the copy is done), FILE:OFFSET "
                "or a set of GTIDs. Not given: follow until stopped."),
  };
  return options;
}

}  // namespace tideway::recipe
