#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dumpfile/file_rules.h"
#include "dumpfile/manifest.h"
#include "dumpfile/metadata.h"
#include "storage/storage.h"

namespace tideway {

// One data file: one part of its table when it is loaded.
struct InputFile {
  std::string path;
  FileType type = FileType::sql;
  Compression compression = Compression::none;
  std::uint64_t bytes = 0;       // as stored
  std::uint64_t text_bytes = 0;  // unpacked, where the manifest says it; 0: not known
  std::uint64_t rows = 0;        // likewise
  std::string key;               // sort key
  std::uint64_t part = 0;        // with a manifest: the ordinal of the part it belongs to
};

struct InputTable {
  TableId id;
  std::string schema_path,
      view_path;  // empty: there is none. view_path: it is a view, schema_path its placeholder
  std::vector<InputFile> files;  // in row order
  // What the manifest says of the files' columns: name and type text. Empty: no manifest.
  std::vector<std::pair<std::string, std::string>> columns;
  // Digests of parts, where the manifest has them: of the rows of all their files together.
  std::map<std::uint64_t, Digest> digests;
  std::uint64_t bytes() const;
};

struct InputDatabase {
  std::string name;
  std::string schema_path;  // empty: there is none
};

struct IgnoredFile {
  std::string path, reason;
};

// What an input directory holds.
struct PartList {
  std::vector<InputDatabase> databases;  // also those that only tables name; by name
  std::vector<InputTable> tables;        // by database, then ascending by size
  std::vector<IgnoredFile> ignored;
  std::optional<Manifest> manifest;
  std::optional<DumpMetadata> metadata;
  std::uint64_t bytes = 0;  // of all data files
};

// Without a manifest: where the numbers of a table's files have gaps, and which are empty. No
// error, since the exporter leaves out numbers of empty chunks.
std::vector<std::string> doubts_about(const InputTable& table);

// Lists a dump: ours, the exporter's or mydumper's. With our manifest its word counts: every part
// must be there in full length, and no other data file. Errors, all before anything is loaded:
//   file_unexpected  the dump is not finished, two schema files for one table, a view without its
//   table, a data file
//                    the manifest does not know, a name that only a manifest could explain
//   file_corrupt     a part is missing or has another size than the manifest says (every such part
//   is named) not_supported    Parquet, a packing that cannot be read
Result<PartList> list_parts(Storage& storage, const FileRouter& router);
Result<PartList> list_parts(Storage& storage);  // by the default rules

}  // namespace tideway
