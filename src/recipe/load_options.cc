#include "recipe/load_options.h"

#include <fmt/format.h>

#include "recipe/digest_option.h"
#include "recipe/servers.h"

namespace tideway::recipe {

const OptionTable<LoadOptions>& LoadOptions::table() {
  using enum CommonPart;
  static const OptionTable<LoadOptions> options{
      include(&LoadOptions::common,
              CommonOptions::table({target, input, filter, job, restart, threads, memory})),
      include(&LoadOptions::routing, RoutingOptions::table()),
      option("schemas", &LoadOptions::schemas)
          .group("What")
          .help("Make databases and tables from the schema files."),
      option("views", &LoadOptions::views).group("What").help("Make views after the tables."),
      digest_option(&LoadOptions::digest),
      include(&LoadOptions::writing, WritingOptions::table()),
      option("csv-separator", &LoadOptions::csv_separator)
          .group("CSV")
          .help("Between values. With our manifest in the directory it decides, here and below."),
      option("csv-delimiter", &LoadOptions::csv_delimiter)
          .group("CSV")
          .help("Around values; may be empty."),
      option("csv-terminator", &LoadOptions::csv_terminator)
          .group("CSV")
          .help("Behind every row; empty: each CR or LF."),
      option("csv-escape", &LoadOptions::csv_escape).group("CSV").help("One byte, or empty."),
      option("csv-null-value", &LoadOptions::csv_null_values)
          .shown_default("\\N")
          .group("CSV")
          .help("What stands for NULL."),
      option("header", &LoadOptions::header)
          .group("CSV")
          .help("CSV files begin with the names of the columns."),
      option("charset", &LoadOptions::charset)
          .group("CSV")
          .help("Of CSV data: binary, utf8mb4, latin1, gbk, gb18030, ascii."),
  };
  return options;
}

JobOptions job_options(const LoadOptions& options, const std::string& input,
                       const std::string& job) {
  JobOptions made;
  made.job = job;
  made.recipe = "load";
  made.settings = fmt::format(
      "input={}\nfilter={}\ncase-sensitive={}\ndigest={}\ncsv={} {} {} {} {} {}\ncharset={}\n",
      input, fmt::join(options.common.filter, " "), options.common.case_sensitive,
      to_text(options.digest), options.csv_separator, options.csv_delimiter, options.csv_terminator,
      options.csv_escape, fmt::join(options.csv_null_values, " "), options.header, options.charset);
  made.settings += settings_of(options.routing);
  made.config_hash = settings_hash(made.settings);
  made.takeover = options.common.takeover;
  made.restart = options.common.restart;
  return made;
}

PartSourceOptions source_options(const LoadOptions& options) {
  PartSourceOptions source;
  source.strength = options.digest;
  source.block_bytes = block_bytes(options.common);
  source.csv.separator = options.csv_separator;
  source.csv.delimiter = options.csv_delimiter;
  source.csv.terminator = options.csv_terminator;
  source.csv.escape = options.csv_escape;
  if (!options.csv_null_values.empty()) source.csv.null_values = options.csv_null_values;
  source.csv.has_header = options.header;
  source.csv.charset = options.charset;
  return source;
}

}  // namespace tideway::recipe
