#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/compression.h"

namespace tideway {

enum class FileType : std::uint8_t { sql, csv };
std::string_view extension_of(FileType type);             // ".sql", ".csv"
Result<FileType> parse_file_type(std::string_view word);  // sql, csv, any case

// The comment lines at the head of every SQL file.
enum class SqlHeader : std::uint8_t { mysql, mariadb, none };
std::string_view header_text(SqlHeader header);

// How CSV holds binary values: default raw bytes, escaped; snowflake and redshift hexadecimal;
// bigquery base64.
enum class CsvDialect : std::uint8_t { standard, snowflake, redshift, bigquery };
Result<CsvDialect> parse_csv_dialect(
    std::string_view word);  // default or empty, snowflake, redshift, bigquery
std::string_view to_text(CsvDialect dialect);

struct CsvFormat {
  std::string separator = ",";
  std::string delimiter = "\"";  // may be empty
  std::string terminator = "\r\n";
  std::string null_value = "\\N";  // written bare
  bool has_header = true;
  CsvDialect dialect = CsvDialect::standard;
  bool operator==(const CsvFormat&) const = default;
};

// What the files of a dump look like. Part of the manifest, so that a load needs no word about it.
struct DumpFormat {
  FileType file_type = FileType::sql;
  Compression compression = Compression::none;
  std::uint64_t file_bytes = 0;  // a file is closed after the row that reaches so many; 0: never
  std::uint64_t statement_bytes = 1000000;  // an INSERT is closed likewise; 0: one statement a file
  bool complete_insert = false;             // a column list in every INSERT
  bool escape_backslash = true;
  SqlHeader header = SqlHeader::mysql;
  CsvFormat csv;
  std::string name_template;  // NameTemplate's text; empty: the exporter's names
  bool operator==(const DumpFormat&) const = default;
};
// Error bad_value: an empty separator or terminator, a delimiter that begins with the separator or
// the other way round.
Result<void> check(const DumpFormat& format);

}  // namespace tideway
