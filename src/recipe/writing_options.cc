#include "recipe/writing_options.h"

#include <algorithm>

#include "recipe/servers.h"

namespace tideway::recipe {

const OptionTable<WritingOptions>& WritingOptions::table() {
  static const OptionTable<WritingOptions> options{
      option("batch-bytes", &WritingOptions::batch_bytes)
          .as_bytes()
          .range(1ULL << 12U, 64ULL << 20U)
          .group("Writing")
          .help("Text of one statement on the target."),
      option("on-duplicate", &WritingOptions::on_duplicate)
          .names({{"error", OnDuplicate::error},
                  {"ignore", OnDuplicate::ignore},
                  {"replace", OnDuplicate::replace}})
          .group("Writing")
          .help("What to do with a row whose key the target has already."),
      option("infile", &WritingOptions::infile)
          .group("Writing")
          .help("Measure LOAD DATA LOCAL INFILE against INSERT and use the faster, where the "
                "target allows it."),
  };
  return options;
}

tideway::CopyOptions sink_options(const CommonOptions& common, const WritingOptions& writing,
                                  DigestStrength strength) {
  tideway::CopyOptions sink;
  sink.writers = common.threads;
  sink.batch_bytes = std::min(writing.batch_bytes, share_of(common));
  sink.on_duplicate = writing.on_duplicate;
  sink.strength = strength;
  sink.use_infile = writing.infile;
  return sink;
}

}  // namespace tideway::recipe
