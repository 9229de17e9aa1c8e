#include "dumpfile/manifest_json.h"

#include <stdexcept>

#include "base/text.h"

namespace tideway {
namespace {

// Strict UTF-8, which is what the library insists on when it writes: no surrogates, no overlong
// forms.
bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) {
      return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned lead = byte(at);
    const std::size_t more = lead < 0x80 ? 0 : (lead >= 0xF0 ? 3 : (lead >= 0xE0 ? 2 : 1));
    if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4)) return false;
    for (std::size_t i = 1; i <= more; ++i) {
      if ((byte(at + i) & 0xC0U) != 0x80U) return false;
    }
    const unsigned second = byte(at + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    at += 1 + more;
  }
  return true;
}

template <typename Enum>
Enum enum_from(const Json& json, std::initializer_list<std::pair<std::string_view, Enum>> words) {
  const auto& word = json.get_ref<const std::string&>();
  for (const auto& [name, value] : words) {
    if (name == word) return value;
  }
  throw std::runtime_error("the word '" + word + "' is not known");
}

std::string_view to_text(FileType type) { return type == FileType::sql ? "sql" : "csv"; }
std::string_view compression_text(Compression compression) {
  return compression == Compression::none ? "none" : suffix_of(compression).substr(1);
}
std::string_view to_text(SqlHeader header) {
  switch (header) {
    case SqlHeader::mysql:
      return "mysql";
    case SqlHeader::mariadb:
      return "mariadb";
    case SqlHeader::none:
      break;
  }
  return "none";
}

}  // namespace

Json json_text(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  return {{"hex", to_hex(text)}};
}

std::string text_from(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  auto bytes = from_hex(json.at("hex").get<std::string>());
  if (!bytes) throw std::runtime_error(bytes.error().message());
  return *bytes;
}

Json json_of(const DumpFormat& format) {
  Json csv;
  csv["separator"] = json_text(format.csv.separator);
  csv["delimiter"] = json_text(format.csv.delimiter);
  csv["terminator"] = json_text(format.csv.terminator);
  csv["null"] = json_text(format.csv.null_value);
  csv["header"] = format.csv.has_header;
  csv["dialect"] = std::string(tideway::to_text(format.csv.dialect));
  Json json;
  json["file_type"] = std::string(to_text(format.file_type));
  json["compression"] = std::string(compression_text(format.compression));
  json["file_bytes"] = format.file_bytes;
  json["statement_bytes"] = format.statement_bytes;
  json["complete_insert"] = format.complete_insert;
  json["escape_backslash"] = format.escape_backslash;
  json["header"] = std::string(to_text(format.header));
  json["csv"] = std::move(csv);
  json["name_template"] = json_text(format.name_template);
  return json;
}

DumpFormat format_from(const Json& json) {
  DumpFormat format;
  format.file_type =
      enum_from<FileType>(json.at("file_type"), {{"sql", FileType::sql}, {"csv", FileType::csv}});
  format.compression =
      enum_from<Compression>(json.at("compression"), {{"none", Compression::none},
                                                      {"gz", Compression::gzip},
                                                      {"snappy", Compression::snappy},
                                                      {"zst", Compression::zstd}});
  format.file_bytes = json.at("file_bytes").get<std::uint64_t>();
  format.statement_bytes = json.at("statement_bytes").get<std::uint64_t>();
  format.complete_insert = json.at("complete_insert").get<bool>();
  format.escape_backslash = json.at("escape_backslash").get<bool>();
  format.header = enum_from<SqlHeader>(
      json.at("header"),
      {{"mysql", SqlHeader::mysql}, {"mariadb", SqlHeader::mariadb}, {"none", SqlHeader::none}});
  const Json& csv = json.at("csv");
  format.csv.separator = text_from(csv.at("separator"));
  format.csv.delimiter = text_from(csv.at("delimiter"));
  format.csv.terminator = text_from(csv.at("terminator"));
  format.csv.null_value = text_from(csv.at("null"));
  format.csv.has_header = csv.at("header").get<bool>();
  format.csv.dialect =
      enum_from<CsvDialect>(csv.at("dialect"), {{"default", CsvDialect::standard},
                                                {"snowflake", CsvDialect::snowflake},
                                                {"redshift", CsvDialect::redshift},
                                                {"bigquery", CsvDialect::bigquery}});
  format.name_template = text_from(json.at("name_template"));
  return format;
}

Json json_of(const TableId& table) {
  return {{"database", json_text(table.database)}, {"name", json_text(table.name)}};
}

TableId table_id_from(const Json& json) {
  return {text_from(json.at("database")), text_from(json.at("name"))};
}

Json json_of(const Stream& stream) {
  Json json = json_of(stream.table);
  json["ordinal"] = stream.ordinal;
  json["range"] = json_text(stream.range);
  json["is_last"] = stream.is_last;
  return json;
}

Stream stream_from(const Json& json) {
  Stream stream;
  stream.table = table_id_from(json);
  stream.ordinal = json.at("ordinal").get<std::uint64_t>();
  stream.range = text_from(json.at("range"));
  stream.is_last = json.at("is_last").get<bool>();
  return stream;
}

Json json_of(const Part& part) {
  Json json = json_of(part.stream);
  if (!part.is_done) return json;
  json["rows"] = part.rows;
  if (part.digest) json["digest"] = to_text(*part.digest);
  json["files"] = Json::array();
  for (const PartFile& file : part.files) {
    json["files"].push_back({{"path", json_text(file.path)},
                             {"bytes", file.bytes},
                             {"text_bytes", file.text_bytes},
                             {"rows", file.rows}});
  }
  return json;
}

Part part_from(const Json& json) {
  Part part;
  part.stream = stream_from(json);
  part.is_done = json.contains("files");
  if (!part.is_done) return part;
  part.rows = json.at("rows").get<std::uint64_t>();
  if (json.contains("digest") &&
      !parse_digest(json.at("digest").get<std::string>(), part.digest.emplace())) {
    throw std::runtime_error("a digest that cannot be read");
  }
  for (const Json& file : json.at("files")) {
    part.files.push_back({text_from(file.at("path")), file.at("bytes").get<std::uint64_t>(),
                          file.at("text_bytes").get<std::uint64_t>(),
                          file.at("rows").get<std::uint64_t>()});
  }
  return part;
}

Json json_of(const SchemaFile& file) {
  Json json = json_of(file.id);
  json["kind"] = std::string(to_text(file.kind));
  json["path"] = json_text(file.path);
  return json;
}

SchemaFile schema_file_from(const Json& json) {
  SchemaFile file;
  file.id = table_id_from(json);
  file.kind = enum_from<SchemaKind>(json.at("kind"), {{"database", SchemaKind::database},
                                                      {"table", SchemaKind::table},
                                                      {"view", SchemaKind::view}});
  file.path = text_from(json.at("path"));
  return file;
}

Json columns_json(const DumpedTable& table) {
  Json columns = Json::array();
  for (const auto& [name, type] : table.columns)
    columns.push_back({json_text(name), json_text(type)});
  return columns;
}

void take_columns(const Json& json, DumpedTable& table) {
  table.columns.clear();
  for (const Json& column : json)
    table.columns.emplace_back(text_from(column.at(0)), text_from(column.at(1)));
}

}  // namespace tideway
