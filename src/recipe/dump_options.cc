#include "recipe/dump_options.h"

#include <fmt/format.h>

#include <ctime>

#include "recipe/servers.h"

namespace tideway::recipe {
const OptionTable<DumpOptions>& DumpOptions::table() {
  using enum CommonPart;
  static const OptionTable<DumpOptions> options{
      include(&DumpOptions::common,
              CommonOptions::table({source, output, filter, restart, threads, memory, disk})),
      include(&DumpOptions::reading, ReadingOptions::table()),
      option("schemas", &DumpOptions::schemas).group("What").help("Write the definitions."),
      option("data", &DumpOptions::data).group("What").help("Write the rows."),
      option("views", &DumpOptions::views).group("What").help("Write views."),
      option("filetype", &DumpOptions::file_type)
          .names({{"sql", FileType::sql}, {"csv", FileType::csv}})
          .group("Files")
          .help("The form of data files."),
      option("compress", &DumpOptions::compress)
          .names({{"none", Compression::none},
                  {"gzip", Compression::gzip},
                  {"snappy", Compression::snappy},
                  {"zstd", Compression::zstd}})
          .short_name('c')
          .group("Files")
          .help("How files are packed."),
      option("filesize", &DumpOptions::file_bytes)
          .as_bytes()
          .short_name('F')
          .group("Files")
          .help("Begin another file after so many bytes; 0: a file a chunk."),
      option("statement-size", &DumpOptions::statement_bytes)
          .as_bytes()
          .short_name('s')
          .group("Files")
          .help("Begin another INSERT after so many bytes; 0: one a file."),
      option("complete-insert", &DumpOptions::complete_insert)
          .group("Files")
          .help("Name the columns in every INSERT."),
      option("escape-backslash", &DumpOptions::escape_backslash)
          .group("Files")
          .help("Escape with backslashes."),
      option("csv-separator", &DumpOptions::csv_separator).group("CSV").help("Between values."),
      option("csv-delimiter", &DumpOptions::csv_delimiter)
          .group("CSV")
          .help("Around values; may be empty."),
      option("csv-line-terminator", &DumpOptions::csv_terminator)
          .shown_default("\\r\\n")
          .group("CSV")
          .help("Behind every row."),
      option("csv-null-value", &DumpOptions::csv_null_value)
          .group("CSV")
          .help("What stands for NULL."),
      option("csv-output-dialect", &DumpOptions::csv_dialect)
          .group("CSV")
          .help("default, snowflake, redshift or bigquery: how binary values are written."),
      option("header", &DumpOptions::header)
          .group("CSV")
          .help("Begin CSV files with the names of the columns."),
      option("output-filename-template", &DumpOptions::name_template)
          .group("Files")
          .help("Names of files, as a Go template."),
  };
  return options;
}

std::string default_output() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[64];
  const std::size_t length =
      std::strftime(text, sizeof text, "./export-%Y-%m-%dT%H:%M:%S%z", &local);
  std::string name(text, length);
  if (name.size() > 2) name.insert(name.size() - 2, ":");  // RFC 3339: +08:00
  return name;
}

Result<DumpFormat> dump_format(const DumpOptions& options, const Server& source) {
  DumpFormat format;
  format.file_type = options.file_type;
  format.compression = options.compress;
  format.file_bytes = options.file_bytes;
  format.statement_bytes = options.statement_bytes;
  format.complete_insert = options.complete_insert;
  format.escape_backslash = options.escape_backslash;
  format.header = source.kind == ServerKind::mariadb ? SqlHeader::mariadb : SqlHeader::mysql;
  format.csv = {options.csv_separator,  options.csv_delimiter,
                options.csv_terminator, options.csv_null_value,
                options.header,         TRY(parse_csv_dialect(options.csv_dialect))};
  format.name_template = options.name_template;
  TRY(check(format));
  return format;
}

std::string dump_settings(const DumpOptions& options) {
  return settings_of(options.common, options.reading) + fmt::format("data={}\n", options.data);
}

}  // namespace tideway::recipe
