#include "recipe/digest_option.h"
#include "recipe/load.h"

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

}  // namespace tideway::recipe
