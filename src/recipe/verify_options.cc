#include "recipe/digest_option.h"
#include "recipe/verify.h"

namespace tideway::recipe {

const OptionTable<VerifyOptions>& VerifyOptions::table() {
  using enum CommonPart;
  static const OptionTable<VerifyOptions> options{
      include(&VerifyOptions::common, CommonOptions::table({source, target, filter, threads})),
      include(&VerifyOptions::routing, RoutingOptions::table()),
      digest_option(&VerifyOptions::digest),
      option("count", &VerifyOptions::count)
          .group("Comparison")
          .help("Compare the number of rows only: quick, and no proof."),
      option("where", &VerifyOptions::where)
          .group("Comparison")
          .help("Compare only the rows for which this SQL condition holds."),
      option("examples", &VerifyOptions::examples)
          .range(0, 1'000'000)
          .group("Comparison")
          .help("Differing keys named for each table."),
      option("report", &VerifyOptions::report)
          .value_name("FILE")
          .group("Comparison")
          .help("Write what was found as JSON to this file."),
  };
  return options;
}

}  // namespace tideway::recipe
