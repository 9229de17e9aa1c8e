#include "dumpfile/dump_format.h"

#include <fmt/core.h>

#include "base/text.h"

namespace tideway {
namespace {

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

// A backslash before these letters means something else than the letter.
Result<void> check_escapes(const CsvFormat& csv) {
  constexpr std::string_view letters = "0bnrtZN\\";
  const std::string& first = csv.delimiter.empty() ? csv.separator : csv.delimiter;
  if (letters.find(first[0]) != std::string_view::npos ||
      (csv.delimiter.empty() && letters.find(csv.terminator[0]) != std::string_view::npos)) {
    return fail(bad_value(fmt::format(
        "a delimiter, separator or terminator that begins with '{}' cannot be escaped by a "
        "backslash: choose another, or "
        "--escape-backslash=false",
        letters.find(first[0]) != std::string_view::npos ? first[0] : csv.terminator[0])));
  }
  return {};
}

// Where delimiters inside a value are doubled, one that ends as it begins cannot be told from the
// value's end: with --, the value a- is written --a---.
Result<void> check_doubling(const CsvFormat& csv) {
  for (std::size_t length = 1; length < csv.delimiter.size(); ++length) {
    if (!csv.delimiter.starts_with(csv.delimiter.substr(csv.delimiter.size() - length))) continue;
    return fail(
        bad_value(fmt::format("--csv-delimiter '{}' begins as it ends: without backslash escapes "
                              "no reader could tell where a value ends",
                              csv.delimiter)));
  }
  return {};
}

}  // namespace

std::string_view extension_of(FileType type) { return type == FileType::sql ? ".sql" : ".csv"; }

Result<FileType> parse_file_type(std::string_view word) {
  const std::string lower = ascii_lower(word);
  if (lower == "sql") return FileType::sql;
  if (lower == "csv") return FileType::csv;
  return fail(bad_value(fmt::format("unknown config.FileType '{}': sql and csv are known", word)));
}

std::string_view header_text(SqlHeader header) {
  switch (header) {
    case SqlHeader::mysql:
      return "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40101 SET NAMES binary*/;\n";
    case SqlHeader::mariadb:
      return "/*!40101 SET NAMES binary*/;\nSET FOREIGN_KEY_CHECKS=0;\n";
    case SqlHeader::none:
      break;
  }
  return "";
}

Result<CsvDialect> parse_csv_dialect(std::string_view word) {
  if (word.empty() || word == "default") return CsvDialect::standard;
  if (word == "snowflake") return CsvDialect::snowflake;
  if (word == "redshift") return CsvDialect::redshift;
  if (word == "bigquery") return CsvDialect::bigquery;
  return fail(bad_value(fmt::format(
      "unknown output dialect {}: default, snowflake, redshift and bigquery are known", word)));
}

std::string_view to_text(CsvDialect dialect) {
  switch (dialect) {
    case CsvDialect::standard:
      return "default";
    case CsvDialect::snowflake:
      return "snowflake";
    case CsvDialect::redshift:
      return "redshift";
    case CsvDialect::bigquery:
      return "bigquery";
  }
  return "";
}

Result<void> check(const DumpFormat& format) {
  const CsvFormat& csv = format.csv;
  if (csv.separator.empty())
    return fail(bad_value("--csv-separator is set to \"\". It must not be an empty string"));
  if (csv.terminator.empty())
    return fail(bad_value("--csv-line-terminator is set to \"\". It must not be an empty string"));
  if (!csv.delimiter.empty() &&
      (csv.delimiter.starts_with(csv.separator) || csv.separator.starts_with(csv.delimiter))) {
    return fail(
        bad_value(fmt::format("--csv-separator '{}' and --csv-delimiter '{}' begin alike: no "
                              "reader could tell them apart",
                              csv.separator, csv.delimiter)));
  }
  if (csv.separator.find_first_not_of("0123456789+-.eE") == std::string::npos) {
    return fail(bad_value(
        fmt::format("--csv-separator '{}' can stand inside a number, and numbers are written bare",
                    csv.separator)));
  }
  for (const std::string* mark : {&csv.separator, &csv.delimiter, &csv.terminator}) {
    if (!mark->empty() && csv.null_value.find(*mark) != std::string::npos) {
      return fail(
          bad_value(fmt::format("--csv-null-value '{}' contains a separator, delimiter or "
                                "terminator, and is written bare",
                                csv.null_value)));
    }
  }
  return format.escape_backslash ? check_escapes(csv) : check_doubling(csv);
}

}  // namespace tideway
