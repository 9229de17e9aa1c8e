#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "dumpfile/manifest.h"

namespace tideway {

// The parts of a manifest and of its journal as JSON. The from… functions throw nlohmann's
// exceptions: only manifest.cc and journal_lines.cc call them, and catch.
using Json = nlohmann::ordered_json;

Json json_of(const DumpFormat& format);
DumpFormat format_from(const Json& json);
Json json_of(const TableId& table);
TableId table_id_from(const Json& json);
Json json_of(const Stream& stream);
Stream stream_from(const Json& json);
Json json_of(const Part& part);
Part part_from(const Json& json);
Json json_of(const SchemaFile& file);
SchemaFile schema_file_from(const Json& json);
Json columns_json(const DumpedTable& table);
void take_columns(const Json& json, DumpedTable& table);

// Text that is not UTF-8 (a separator 0xFF, say) cannot stand in JSON: it is {"hex": "ff"}.
Json json_text(std::string_view text);
std::string text_from(const Json& json);

}  // namespace tideway
