#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dumpfile/dump_format.h"
#include "model/digest.h"
#include "model/stream.h"

namespace tideway {

// One data file of a part.
struct PartFile {
  std::string path;
  std::uint64_t bytes = 0;       // as stored
  std::uint64_t text_bytes = 0;  // unpacked
  std::uint64_t rows = 0;
  bool operator==(const PartFile&) const = default;
};

// What a dump has of one stream: planned, or written whole.
struct Part {
  Stream stream;
  bool is_done = false;
  std::vector<PartFile> files;  // in row order; none when the stream had no row
  std::uint64_t rows = 0;
  std::optional<Digest>
      digest;  // of the rows in the files; none when a stage dropped some after they were digested
  bool operator==(const Part&) const = default;
};

struct DumpedTable {
  TableId id;       // as the source names it: the key of its streams
  TableId file_id;  // as its files name it: another one when it was renamed on the way
  std::vector<std::pair<std::string, std::string>>
      columns;                          // name and type text of what the files hold, in their order
  std::map<std::uint64_t, Part> parts;  // by ordinal
  bool operator==(const DumpedTable&) const = default;
};

enum class SchemaKind : std::uint8_t {
  database,
  table,
  view
};  // view: the CREATE VIEW; its placeholder is a table
std::string_view to_text(SchemaKind kind);

struct SchemaFile {
  std::string path;
  SchemaKind kind = SchemaKind::table;
  TableId id;  // name empty for a database
  bool operator==(const SchemaFile&) const = default;
};

// What is in a dump directory: tideway.manifest.json, written when everything else is there, and,
// line by line, the journal of a dump that still runs. Formats: docs/formats.md.
struct Manifest {
  static constexpr int format_number = 1;
  DumpFormat format;
  std::string settings;  // what the dump was begun with, in the recipe's words; another text is
                         // another dump
  std::string point;     // the consistent point, in the recipe's words
  std::string started, finished;
  std::map<TableId, DumpedTable> tables;
  std::map<std::string, SchemaFile> schema_files;  // by path
  bool operator==(const Manifest&) const = default;
};

inline constexpr std::string_view manifest_path = "tideway.manifest.json";
inline constexpr std::string_view journal_path = "tideway.manifest.journal";

std::string to_json(const Manifest& manifest);
// Error file_syntax; a format number above ours is error not_supported.
Result<Manifest> parse_manifest(std::string_view json);

// The journal: one JSON object a line, each a change of the manifest.
std::string begin_line(const Manifest& manifest);  // the first one
std::string plan_line(std::span<const Stream> streams);
std::string table_line(const DumpedTable& table);  // names and columns, without parts
std::string done_line(const Part& part);
std::string forget_line(std::span<const TableId> tables, std::span<const std::string> files);
std::string point_line(std::string_view point);
std::string schema_line(const SchemaFile& file);

struct ReadJournal {
  Manifest manifest;
  std::vector<std::string> forgotten_files;  // files of forgotten tables: they may still be there
  bool has_begun = false;                    // its first line is whole
};
// A last line without its end was never durable and is left out. Error file_corrupt with the line
// for anything else that cannot be read.
Result<ReadJournal> parse_journal(std::string_view text);
// The journal that says the same in the fewest lines.
std::string to_journal(const Manifest& manifest);

}  // namespace tideway
