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
      include(&MigrateOptions::following, FollowingOptions::table()),
  };
  return options;
}

}  // namespace tideway::recipe
