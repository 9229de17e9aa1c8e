#include "dumpfile/manifest.h"

#include <fmt/core.h>

#include "dumpfile/manifest_json.h"

namespace tideway {
namespace {

constexpr std::string_view number_key = "tideway_manifest";

Error bad_json(ErrorCode code, std::string_view where, std::string_view what) {
  Evidence evidence;
  evidence.position = std::string(where);
  return {code, Side::local, Retry::never, std::move(evidence), fmt::format("{}: {}", where, what)};
}

Error too_new(std::string_view where, int number) {
  return {ErrorCode::not_supported, Side::local, Retry::never,
          fmt::format("{} has format {}, and this version reads up to {}", where, number,
                      Manifest::format_number)};
}

// Two kinds of exceptions come out of reading JSON: the library's, and std::runtime_error from
// manifest_json.cc.
template <typename Read>
auto caught(ErrorCode code, std::string_view where, Read&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const std::exception& error) {
    return fail(bad_json(code, where, error.what()));
  }
}

Json head_of(const Manifest& manifest) {
  Json json;
  json[std::string(number_key)] = Manifest::format_number;
  json["format"] = json_of(manifest.format);
  json["settings"] = json_text(manifest.settings);
  json["started"] = json_text(manifest.started);
  return json;
}

Result<void> take_head(const Json& json, std::string_view where, Manifest& manifest) {
  const int number = json.at(std::string(number_key)).get<int>();
  if (number > Manifest::format_number) return fail(too_new(where, number));
  manifest.format = format_from(json.at("format"));
  manifest.settings = text_from(json.at("settings"));
  manifest.started = text_from(json.at("started"));
  return {};
}

DumpedTable& table_of(Manifest& manifest, const TableId& id) {
  const auto [found, is_new] = manifest.tables.try_emplace(id);
  if (is_new) found->second.id = found->second.file_id = id;
  return found->second;
}

Json table_json(const DumpedTable& table) {
  Json json = json_of(table.id);
  json["file_id"] = json_of(table.file_id);
  json["columns"] = columns_json(table);
  return json;
}

void take_table(const Json& json, Manifest& manifest) {
  DumpedTable& table = table_of(manifest, table_id_from(json));
  table.file_id = table_id_from(json.at("file_id"));
  take_columns(json.at("columns"), table);
}

void take_part(Part part, Manifest& manifest) {
  auto& parts = table_of(manifest, part.stream.table).parts;
  const std::uint64_t ordinal = part.stream.ordinal;
  parts.insert_or_assign(ordinal, std::move(part));
}

void take_schema(SchemaFile file, Manifest& manifest) {
  std::string path = file.path;
  manifest.schema_files.insert_or_assign(std::move(path), std::move(file));
}

std::string line(const Json& json) { return json.dump() + "\n"; }

void take_forget(const Json& json, ReadJournal& journal) {
  for (const Json& table : json.at("forget")) journal.manifest.tables.erase(table_id_from(table));
  for (const Json& file : json.at("files")) {
    journal.forgotten_files.push_back(text_from(file));
    journal.manifest.schema_files.erase(journal.forgotten_files.back());
  }
}

Result<void> take_line(const Json& json, bool is_first, ReadJournal& journal) {
  Manifest& manifest = journal.manifest;
  if (is_first) return take_head(json, journal_path, manifest);
  if (json.contains("plan")) {
    for (const Json& stream : json.at("plan"))
      take_part({stream_from(stream), false, {}, 0, {}}, manifest);
  } else if (json.contains("done")) {
    take_part(part_from(json.at("done")), manifest);
  } else if (json.contains("table")) {
    take_table(json.at("table"), manifest);
  } else if (json.contains("schema")) {
    take_schema(schema_file_from(json.at("schema")), manifest);
  } else if (json.contains("forget")) {
    take_forget(json, journal);
  } else {
    manifest.point = text_from(json.at("point"));
  }
  return {};
}

}  // namespace

std::string_view to_text(SchemaKind kind) {
  switch (kind) {
    case SchemaKind::database:
      return "database";
    case SchemaKind::table:
      return "table";
    case SchemaKind::view:
      break;
  }
  return "view";
}

std::string to_json(const Manifest& manifest) {
  Json json = head_of(manifest);
  json["finished"] = json_text(manifest.finished);
  json["point"] = json_text(manifest.point);
  json["schema_files"] = Json::array();
  for (const auto& [path, file] : manifest.schema_files)
    json["schema_files"].push_back(json_of(file));
  json["tables"] = Json::array();
  for (const auto& [id, table] : manifest.tables) {
    Json one = table_json(table);
    one["parts"] = Json::array();
    for (const auto& [ordinal, part] : table.parts) one["parts"].push_back(json_of(part));
    json["tables"].push_back(std::move(one));
  }
  return json.dump(1) + "\n";
}

Result<Manifest> parse_manifest(std::string_view json) {
  return caught(ErrorCode::file_syntax, manifest_path, [&]() -> Result<Manifest> {
    const Json all = Json::parse(json);
    Manifest manifest;
    TRY(take_head(all, manifest_path, manifest));
    manifest.finished = text_from(all.at("finished"));
    manifest.point = text_from(all.at("point"));
    for (const Json& file : all.at("schema_files")) take_schema(schema_file_from(file), manifest);
    for (const Json& table : all.at("tables")) {
      take_table(table, manifest);
      for (const Json& part : table.at("parts")) take_part(part_from(part), manifest);
    }
    return manifest;
  });
}

std::string begin_line(const Manifest& manifest) { return line(head_of(manifest)); }

std::string plan_line(std::span<const Stream> streams) {
  Json list = Json::array();
  for (const Stream& stream : streams) list.push_back(json_of(stream));
  return line({{"plan", std::move(list)}});
}

std::string table_line(const DumpedTable& table) { return line({{"table", table_json(table)}}); }
std::string done_line(const Part& part) { return line({{"done", json_of(part)}}); }

std::string forget_line(std::span<const TableId> tables, std::span<const std::string> files) {
  Json json{{"forget", Json::array()}, {"files", Json::array()}};
  for (const TableId& table : tables) json["forget"].push_back(json_of(table));
  for (const std::string& file : files) json["files"].push_back(json_text(file));
  return line(json);
}

std::string point_line(std::string_view point) { return line({{"point", json_text(point)}}); }
std::string schema_line(const SchemaFile& file) { return line({{"schema", json_of(file)}}); }

Result<ReadJournal> parse_journal(std::string_view text) {
  ReadJournal journal;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end + 1);
    TRY(caught(
        ErrorCode::file_corrupt, fmt::format("{}:{}", journal_path, number),
        [&]() -> Result<void> { return take_line(Json::parse(one), number == 1, journal); }));
    journal.has_begun = true;
  }
  return journal;
}

std::string to_journal(const Manifest& manifest) {
  std::string text = begin_line(manifest);
  if (!manifest.point.empty()) text += point_line(manifest.point);
  for (const auto& [path, file] : manifest.schema_files) text += schema_line(file);
  for (const auto& [id, table] : manifest.tables) {
    std::vector<Stream> planned;
    for (const auto& [ordinal, part] : table.parts) {
      if (!part.is_done) planned.push_back(part.stream);
    }
    text += table_line(table);
    if (!planned.empty()) text += plan_line(planned);
    for (const auto& [ordinal, part] : table.parts) {
      if (part.is_done) text += done_line(part);
    }
  }
  return text;
}

}  // namespace tideway
