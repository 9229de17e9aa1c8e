#include "dumpfile/part_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "dumpfile/file_name.h"

namespace tideway {
namespace {

Error unexpected(std::string_view path, std::string message) {
  Evidence evidence;
  evidence.position = std::string(path);
  return {ErrorCode::file_unexpected, Side::local, Retry::never, std::move(evidence),
          std::move(message)};
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Numbers from 0 or 1 on, each one more than the last; or the exporter's: nine digits of a chunk,
// then four of a file in it. Other names are in no order that could have a gap.
bool is_next(const std::string& last, const std::string& key) {
  const auto number = number_of(key);
  if (!number) return true;
  if (last.empty()) return *number <= 1;
  const auto before = number_of(last);
  if (!before || last.size() != key.size() || *number <= *before + 1) return true;
  return key.size() == 13 && *number % 10'000 <= 1 && *number / 10'000 == *before / 10'000 + 1;
}

class Lister {
 public:
  Lister(Storage& storage, const FileRouter& router) : storage_(storage), router_(router) {}

  Result<PartList> list() {
    files_ = TRY(storage_.list());
    for (const StoredFile& file : files_) sizes_.emplace(file.path, file.bytes);
    if (sizes_.contains(journal_path)) {
      return fail(unexpected(
          journal_path, "the dump in " + storage_.name() +
                            " is not finished: start the dump again, it goes on where it stopped"));
    }
    TRY(read_metadata());
    if (sizes_.contains(manifest_path)) TRY(take_manifest());
    for (const StoredFile& file : files_) TRY(take(file));
    TRY(check_views());
    return finished();
  }

 private:
  Result<void> read_metadata() {
    if (!sizes_.contains(metadata_path)) return {};
    auto metadata = parse_metadata(TRY(read_all(storage_, metadata_path)));
    if (metadata) {
      list_.metadata = std::move(*metadata);
    } else {  // mydumper writes one of another form; nothing of a load depends on it
      LOG(info, "the file metadata is not the exporter's and is not used",
          {{"why", metadata.error().message()}});
    }
    return {};
  }

  Result<void> take_manifest() {
    list_.manifest = TRY(parse_manifest(TRY(read_all(storage_, manifest_path, 4ULL << 30U))));
    for (const auto& [id, table] : list_.manifest->tables) {
      InputTable& input = table_of(table.file_id);
      input.columns = table.columns;
      for (const auto& [ordinal, part] : table.parts) {
        for (const PartFile& file : part.files) {
          check_size(file);
          known_.insert(file.path);
          input.files.push_back({file.path, list_.manifest->format.file_type,
                                 list_.manifest->format.compression, file.bytes, file.text_bytes,
                                 file.rows, "", ordinal});
        }
        if (part.digest && !part.files.empty()) input.digests.emplace(ordinal, *part.digest);
      }
    }
    for (const auto& [path, file] : list_.manifest->schema_files) {
      if (!sizes_.contains(path)) wrong_.push_back(path + " is missing");
      known_.insert(path);
      TRY(take_schema(path,
                      file.kind == SchemaKind::database
                          ? RoutedKind::database_schema
                          : (file.kind == SchemaKind::table ? RoutedKind::table_schema
                                                            : RoutedKind::view_schema),
                      file.id));
    }
    if (wrong_.empty()) return {};
    std::string all =
        fmt::format("{} file(s) of the dump in {} are not what its manifest says: ", wrong_.size(),
                    storage_.name());
    for (std::size_t i = 0; i < std::min<std::size_t>(wrong_.size(), 20); ++i)
      all += (i == 0 ? "" : "; ") + wrong_[i];
    if (wrong_.size() > 20) all += "; …";
    Evidence evidence;
    evidence.position = wrong_.front().substr(0, wrong_.front().find(" is "));
    return fail(Error(ErrorCode::file_corrupt, Side::local, Retry::after_operator,
                      std::move(evidence), std::move(all)));
  }

  void check_size(const PartFile& file) {
    const auto found = sizes_.find(file.path);
    if (found == sizes_.end()) {
      wrong_.push_back(file.path + " is missing");
    } else if (found->second != file.bytes) {
      wrong_.push_back(
          fmt::format("{} is {} bytes and should be {}", file.path, found->second, file.bytes));
    }
  }

  InputTable& table_of(const TableId& id) {
    const auto [found, is_new] = tables_.try_emplace(id);
    if (is_new) {
      found->second.id = id;
      databases_.try_emplace(id.database, InputDatabase{id.database, ""});
    }
    return found->second;
  }

  void ignore(const std::string& path, std::string reason) {
    list_.ignored.push_back({path, std::move(reason)});
  }

  Result<void> take(const StoredFile& file) {
    if (known_.contains(file.path)) return {};
    if (file.path == manifest_path || file.path == metadata_path) return {};
    auto routed = TRY(router_.route(file.path));
    if (!routed) {
      ignore(file.path, "its name says nothing to any rule");
      return {};
    }
    if (routed->kind == RoutedKind::ignore) {
      ignore(file.path, routed->reason.empty() ? "a rule says so" : routed->reason);
      return {};
    }
    if (list_.manifest) {
      return fail(unexpected(file.path,
                             file.path + " is not in the dump's manifest: take it away, or take "
                                         "tideway.manifest.json away to load whatever is there"));
    }
    if (is_shortened(file.path)) {
      return fail(unexpected(file.path, "the name of " + file.path +
                                            " was shortened, and what it holds stands only in the "
                                            "dump's tideway.manifest.json, which is missing"));
    }
    const TableId id{routed->database, routed->table};
    if (routed->kind != RoutedKind::sql && routed->kind != RoutedKind::csv &&
        routed->kind != RoutedKind::parquet) {
      return take_schema(file.path, routed->kind, id);
    }
    return take_data(file, *routed, id);
  }

  Result<void> take_schema(const std::string& path, RoutedKind kind, const TableId& id) {
    if (kind == RoutedKind::database_schema) {
      InputDatabase& database =
          databases_.try_emplace(id.database, InputDatabase{id.database, ""}).first->second;
      if (!database.schema_path.empty())
        return fail(unexpected(path, "invalid database schema file, duplicated item - " + path));
      database.schema_path = path;
      return {};
    }
    InputTable& table = table_of(id);
    std::string& mine = kind == RoutedKind::table_schema ? table.schema_path : table.view_path;
    if (!mine.empty())
      return fail(unexpected(path, "invalid table schema file, duplicated item - " + path));
    mine = path;
    return {};
  }

  Result<void> take_data(const StoredFile& file, const RoutedFile& routed, const TableId& id) {
    if (routed.kind == RoutedKind::parquet) {
      return fail(
          Error(ErrorCode::not_supported, Side::local, Retry::never,
                file.path + " is Parquet, which cannot be loaded yet: leave it out of the input"));
    }
    if (routed.compression == Compression::lz4 || routed.compression == Compression::xz ||
        routed.compression == Compression::lzo) {
      return fail(Error(ErrorCode::not_supported, Side::local, Retry::never,
                        fmt::format("{} is packed with {}, which cannot be read: unpack it, or "
                                    "pack it with gzip, snappy or zstd",
                                    file.path, suffix_of(routed.compression).substr(1))));
    }
    table_of(id).files.push_back(
        {file.path, routed.kind == RoutedKind::sql ? FileType::sql : FileType::csv,
         routed.compression, file.bytes, routed.compression == Compression::none ? file.bytes : 0,
         0, routed.key, 0});
    return {};
  }

  Result<void> check_views() const {
    for (const auto& [id, table] : tables_) {
      if (!table.view_path.empty() && table.schema_path.empty()) {
        return fail(
            unexpected(table.view_path,
                       fmt::format("invalid view schema file, miss host table schema for view '{}'",
                                   id.name)));
      }
    }
    return {};
  }

  Result<PartList> finished() {
    for (auto& [name, database] : databases_) list_.databases.push_back(std::move(database));
    for (auto& [id, table] : tables_) {
      if (!list_.manifest) std::ranges::stable_sort(table.files, {}, &InputFile::key);
      list_.bytes += table.bytes();
      list_.tables.push_back(std::move(table));
    }
    std::ranges::stable_sort(list_.tables, [](const InputTable& a, const InputTable& b) {
      return a.id.database != b.id.database ? a.id.database < b.id.database : a.bytes() < b.bytes();
    });
    return std::move(list_);
  }

  Storage& storage_;
  const FileRouter& router_;
  PartList list_;
  std::vector<StoredFile> files_;
  std::map<std::string, std::uint64_t, std::less<>> sizes_;
  std::set<std::string, std::less<>> known_;  // paths the manifest explains
  std::vector<std::string> wrong_;
  std::map<std::string, InputDatabase> databases_;
  std::map<TableId, InputTable> tables_;
};

}  // namespace

std::uint64_t InputTable::bytes() const {
  std::uint64_t sum = 0;
  for (const InputFile& file : files) sum += file.text_bytes != 0 ? file.text_bytes : file.bytes;
  return sum;
}

std::vector<std::string> doubts_about(const InputTable& table) {
  std::vector<std::string> doubts;
  std::string last;
  for (const InputFile& file : table.files) {
    if (file.bytes == 0) doubts.push_back(file.path + " is empty");
    if (!is_next(last, file.key))
      doubts.push_back(fmt::format("{}.{} has no file between {} and {}", table.id.database,
                                   table.id.name, last.empty() ? "its beginning" : last, file.key));
    last = file.key;
  }
  return doubts;
}

Result<PartList> list_parts(Storage& storage, const FileRouter& router) {
  return Lister(storage, router).list();
}

Result<PartList> list_parts(Storage& storage) {
  return list_parts(storage, TRY(FileRouter::open(default_file_rules())));
}

}  // namespace tideway
