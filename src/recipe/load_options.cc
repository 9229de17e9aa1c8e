#include "recipe/load.h"

namespace tideway::recipe {

const OptionTable<LoadOptions>& LoadOptions::table() {
  using enum CommonPart;
  static const OptionTable<LoadOptions> options{
      include(&LoadOptions::common,
              CommonOptions::table({target, input, filter, job, threads, memory})),
      option("schemas", &LoadOptions::schemas)
          .group("What")
          .help("Make databases and tables from the schema files."),
      option("views", &LoadOptions::views).group("What").help("Make views after the tables."),
      option("digest", &LoadOptions::digest)
          .names({{"fast", DigestStrength::fast}, {"strong", DigestStrength::strong}})
          .group("Proof")
          .help("How the target's rows are compared with those read: sums of CRC-32, or of MD5."),
      option("batch-bytes", &LoadOptions::batch_bytes)
          .as_bytes()
          .range(1ULL << 12U, 64ULL << 20U)
          .group("Writing")
          .help("Text of one statement on the target."),
      option("on-duplicate", &LoadOptions::on_duplicate)
          .names({{"error", OnDuplicate::error},
                  {"ignore", OnDuplicate::ignore},
                  {"replace", OnDuplicate::replace}})
          .group("Writing")
          .help("What to do with a row whose key the target has already."),
      option("infile", &LoadOptions::infile)
          .group("Writing")
          .help("Measure LOAD DATA LOCAL INFILE against INSERT and use the faster, where the "
                "target allows it."),
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
          .help("What stands for NULL. Can be given many times."),
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
