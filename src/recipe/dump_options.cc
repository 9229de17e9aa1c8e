#include "recipe/dump_options.h"

#include <fmt/format.h>

#include <ctime>

#include "recipe/servers.h"

namespace tideway::recipe {
namespace {

OptionEntries<DumpOptions> reading() {
  OptionEntries<DumpOptions> all;
  const auto add = [&all](OptionEntries<DumpOptions> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  add(option("consistency", &DumpOptions::consistency)
          .names({{"auto", Consistency::automatic},
                  {"flush", Consistency::flush},
                  {"lock", Consistency::lock},
                  {"none", Consistency::none}})
          .group("Reading")
          .help("How the tables are read at one position: auto never locks, flush and lock do what "
                "they say, none promises nothing."));
  add(option("snapshot-wait", &DumpOptions::snapshot_wait)
          .group("Reading")
          .help("How long to try for a point at which no table is being written to."));
  add(option("where", &DumpOptions::where)
          .group("Reading")
          .help("Dumps only the rows for which this SQL condition holds."));
  add(option("chunk-bytes", &DumpOptions::chunk_bytes)
          .as_bytes()
          .range(1ULL << 16U, 1ULL << 32U)
          .group("Reading")
          .help("Aim for one chunk of a table, uncompressed: one data file."));
  add(option("digest", &DumpOptions::digest)
          .names({{"fast", DigestStrength::fast}, {"strong", DigestStrength::strong}})
          .group("Reading")
          .help("The digest of each part in the manifest: sums of CRC-32, or of MD5."));
  return all;
}

}  // namespace

const OptionTable<DumpOptions>& DumpOptions::table() {
  using enum CommonPart;
  static const OptionTable<DumpOptions> options{
      include(&DumpOptions::common,
              CommonOptions::table({source, output, filter, threads, memory, disk})),
      reading(),
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
  return fmt::format("filter={}\ncase-sensitive={}\nwhere={}\ndigest={}\ndata={}\n",
                     fmt::join(options.common.filter, " "), options.common.case_sensitive,
                     options.where, to_text(options.digest), options.data);
}

RoundOptions round_options(const DumpOptions& options) {
  RoundOptions rounds;
  rounds.threads = options.common.threads;
  rounds.snapshot.consistency = options.consistency;
  rounds.snapshot.wait = options.snapshot_wait;
  rounds.read.chunk_bytes = options.chunk_bytes;
  rounds.read.block_bytes = block_bytes(options.common);
  rounds.read.digest = options.digest;
  rounds.read.where = options.where;
  return rounds;
}

Result<void> forget_everything(DumpSink& sink, const ObjectList& objects) {
  std::vector<TableId> tables;
  for (const ListedTable& table : objects.tables) tables.push_back(table.id());
  return sink.reset_tables(tables);
}

}  // namespace tideway::recipe
