#include "dumpfile/journal.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "dumpfile/file_name.h"
#include "dumpfile/metadata.h"

namespace tideway {
namespace {

std::string owner_of(const Stream& stream) {
  return fmt::format("{} part {}", quoted(stream.table), stream.ordinal);
}

Error differs(const Storage& storage, std::string_view what) {
  Evidence evidence;
  evidence.statement =
      "give the settings it was begun with, or another --output; --restart removes its files";
  return {ErrorCode::job_differs, Side::local, Retry::never, std::move(evidence),
          fmt::format("{} holds a dump that was begun with {}", storage.name(), what)};
}

bool files_are_there(const Part& part, const std::map<std::string, std::uint64_t>& sizes) {
  return std::ranges::all_of(part.files, [&sizes](const PartFile& file) {
    const auto found = sizes.find(file.path);
    return found != sizes.end() && found->second == file.bytes;
  });
}

StreamState state_of(const Part& part) {
  StreamState state;
  state.stream = part.stream;
  state.is_done = part.is_done;
  if (part.digest) state.digest = *part.digest;
  state.digest.rows = part.rows;
  return state;
}

}  // namespace

Result<std::string> data_path(const NameTemplate& names, const DumpFormat& format,
                              const TableId& table, std::uint64_t chunk, std::uint64_t file) {
  const NameFields fields{table.database,
                          table.name,
                          "",
                          format.file_bytes != 0 ? file_index(chunk, file) : file_index(chunk),
                          chunk,
                          file};
  return file_path(
      names, "data", fields,
      std::string(extension_of(format.file_type)) + std::string(suffix_of(format.compression)));
}

// Its files have their numbers in a row from 0.
Result<std::vector<std::string>> unrecorded_files(Storage& storage, const Manifest& manifest) {
  NameTemplate names;
  if (!manifest.format.name_template.empty())
    names = TRY(NameTemplate::parse(manifest.format.name_template));
  std::vector<std::string> found;
  for (const auto& [id, table] : manifest.tables) {
    for (const auto& [ordinal, part] : table.parts) {
      for (std::uint64_t file = 0; !part.is_done; ++file) {
        std::string path = TRY(data_path(names, manifest.format, table.file_id, ordinal, file));
        // A template need not use the file's number.
        if (!TRY(storage.size(path)) || (file != 0 && path == found.back())) break;
        found.push_back(std::move(path));
      }
    }
  }
  return found;
}

Result<std::unique_ptr<DumpJournal>> DumpJournal::open(Storage& storage, const DumpFormat& format,
                                                       std::string settings, std::string started,
                                                       const std::stop_token& stop) {
  std::unique_ptr<DumpJournal> journal(new DumpJournal(storage, stop));
  const auto forgotten = TRY(journal->load());
  if (journal->found_ == Found::nothing) {
    journal->manifest_.format = format;
    journal->manifest_.settings = std::move(settings);
    journal->manifest_.started = std::move(started);
    return journal;
  }
  if (!(journal->manifest_.format == format))
    return fail(differs(storage, "another file format or compression, or other limits or names"));
  if (journal->manifest_.settings != settings) return fail(differs(storage, "other settings"));
  TRY(journal->settle(forgotten));
  if (journal->found_ == Found::unfinished) {
    TRY(write_all(storage, journal_path, to_journal(journal->manifest_), stop));
    journal->file_ = TRY(storage.open_append(journal_path, stop));
  }
  return journal;
}

// Takes over what the directory says of itself; hands out the files of forgotten tables.
Result<std::vector<std::string>> DumpJournal::load() {
  if (TRY(storage_.size(journal_path)).has_value()) {
    auto read = TRY(parse_journal(TRY(read_all(storage_, journal_path, manifest_most))));
    if (!read.has_begun) {  // it died writing its first line
      TRY(storage_.remove(journal_path));
      return std::vector<std::string>{};
    }
    found_ = Found::unfinished;
    manifest_ = std::move(read.manifest);
    return std::move(read.forgotten_files);
  }
  if (TRY(storage_.size(manifest_path)).has_value()) {
    found_ = Found::finished;
    manifest_ = TRY(parse_manifest(TRY(read_all(storage_, manifest_path, manifest_most))));
  }
  return std::vector<std::string>{};
}

// Brings what the journal says and what the directory holds together.
Result<void> DumpJournal::settle(const std::vector<std::string>& forgotten) {
  std::map<std::string, std::uint64_t> sizes;
  for (StoredFile& file : TRY(storage_.list())) sizes.emplace(std::move(file.path), file.bytes);
  const bool was_finished = found_ == Found::finished;
  for (auto& [id, table] : manifest_.tables) {
    for (auto& [ordinal, part] : table.parts) {
      if (part.is_done && !files_are_there(part, sizes)) {
        LOG(warn, "a part's files are missing or have other sizes: it is dumped again",
            {{"table", quoted(id)}, {"part", ordinal}});
        found_ = Found::unfinished;
        for (const PartFile& file : part.files) TRY(storage_.remove(file.path));
        part = Part{part.stream, false, {}, 0, {}};
      }
      for (const PartFile& file : part.files) claims_.emplace(file.path, owner_of(part.stream));
    }
  }
  for (const std::string& path : forgotten) {
    if (!claims_.contains(path)) TRY(storage_.remove(path));
  }
  if (was_finished && found_ == Found::finished) return {};
  for (const std::string& path : TRY(unrecorded_files(storage_, manifest_))) {
    if (claims_.contains(path)) continue;
    LOG(info, "removing a file of a part that was not finished", {{"file", path}});
    TRY(storage_.remove(path));
  }
  return {};
}

Result<std::vector<StreamState>> DumpJournal::streams(const TableId& table) {
  const std::scoped_lock lock(mutex_);
  std::vector<StreamState> states;
  const auto found = manifest_.tables.find(table);
  if (found == manifest_.tables.end()) return states;
  for (const auto& [ordinal, part] : found->second.parts) states.push_back(state_of(part));
  return states;
}

Result<void> DumpJournal::plan(std::span<const Stream> streams) {
  std::vector<Stream> fresh;
  {
    const std::scoped_lock lock(mutex_);
    for (const Stream& stream : streams) {
      const auto [table, is_new] = manifest_.tables.try_emplace(stream.table);
      if (is_new) table->second.id = table->second.file_id = stream.table;
      const auto [part, is_fresh] =
          table->second.parts.try_emplace(stream.ordinal, Part{stream, false, {}, 0, {}});
      if (is_fresh) {
        fresh.push_back(stream);
      } else if (!(part->second.stream == stream)) {
        return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                          owner_of(stream) + " was planned with other bounds before"));
      }
    }
  }
  if (fresh.empty()) return {};
  return append(plan_line(fresh));
}

Result<void> DumpJournal::add_table(const DumpedTable& table) {
  {
    const std::scoped_lock lock(mutex_);
    const auto [entry, is_new] = manifest_.tables.try_emplace(table.id);
    DumpedTable& known = entry->second;
    if (is_new) known.id = known.file_id = table.id;
    if (known.columns == table.columns && known.file_id == table.file_id) return {};
    if (std::ranges::any_of(known.parts, [](const auto& part) {
          return part.second.is_done && !part.second.files.empty();
        })) {
      return fail(Error(
          ErrorCode::definition_changed, Side::source, Retry::after_operator,
          quoted(table.id) + " had other columns or another name when its first part was dumped"));
    }
    known.file_id = table.file_id;
    known.columns = table.columns;
  }
  return append(table_line(table));
}

Result<void> DumpJournal::add_part(Part part) {
  const std::string line = done_line(part);
  {
    const std::scoped_lock lock(mutex_);
    const auto [table, is_new] = manifest_.tables.try_emplace(part.stream.table);
    if (is_new) table->second.id = table->second.file_id = part.stream.table;
  }
  TRY(append(line));
  const std::scoped_lock lock(mutex_);  // done only now that the line is durable
  const std::uint64_t ordinal = part.stream.ordinal;
  manifest_.tables[part.stream.table].parts.insert_or_assign(ordinal, std::move(part));
  return {};
}

Result<void> DumpJournal::add_schema_file(SchemaFile file) {
  const std::string line = schema_line(file);
  {
    const std::scoped_lock lock(mutex_);
    const auto [known, is_new] = manifest_.schema_files.try_emplace(file.path, file);
    if (!is_new && known->second == file) return {};
    known->second = std::move(file);
  }
  return append(line);
}

Result<void> DumpJournal::forget(std::span<const TableId> tables) { return forget(tables, {}); }

Result<void> DumpJournal::retain(const std::set<TableId>& objects,
                                 const std::set<std::string>& databases) {
  std::vector<TableId> tables;
  std::vector<std::string> files;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, table] : manifest_.tables) {
      if (!objects.contains(id)) tables.push_back(id);
    }
    for (const auto& [path, file] : manifest_.schema_files) {
      const bool is_kept = file.kind == SchemaKind::database ? databases.contains(file.id.database)
                                                             : objects.contains(file.id);
      if (!is_kept) files.push_back(path);
    }
  }
  if (tables.empty() && files.empty()) return {};
  return forget(tables, std::move(files));
}

// The line comes first: what it names is removed by the next start if this one dies in between.
Result<void> DumpJournal::forget(std::span<const TableId> tables, std::vector<std::string> files) {
  {
    const std::scoped_lock lock(mutex_);
    for (const TableId& id : tables) {
      const auto table = manifest_.tables.find(id);
      if (table == manifest_.tables.end()) continue;
      for (const auto& [ordinal, part] : table->second.parts) {
        for (const PartFile& file : part.files) files.push_back(file.path);
      }
      manifest_.tables.erase(table);
    }
    for (const std::string& file : files) {
      claims_.erase(file);
      manifest_.schema_files.erase(file);
    }
  }
  TRY(append(forget_line(tables, files)));
  for (const std::string& file : files) TRY(storage_.remove(file));
  return {};
}

Result<void> DumpJournal::set_point(std::string point) {
  std::string line = point_line(point);
  {
    const std::scoped_lock lock(mutex_);
    if (manifest_.point == point) return {};
    manifest_.point = std::move(point);
  }
  return append(line);
}

std::string DumpJournal::point() const {
  const std::scoped_lock lock(mutex_);
  return manifest_.point;
}

Manifest DumpJournal::manifest() const {
  const std::scoped_lock lock(mutex_);
  return manifest_;
}

Result<void> DumpJournal::claim(const std::string& path, const std::string& owner) {
  const std::scoped_lock lock(mutex_);
  const auto [claim, is_new] = claims_.try_emplace(path, owner);
  if (is_new || claim->second == owner) return {};
  return fail(Error(
      ErrorCode::bad_value, Side::local, Retry::never,
      fmt::format(
          "the file name template gives '{}' to {} and to {}: let it use .DB, .Table and .Index",
          path, claim->second, owner)));
}

// Whoever comes while another one writes finds its line in the next write: one sync for all of
// them.
Result<void> DumpJournal::append(const std::string& lines) {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (broken_) return fail(*broken_);
    waiting_ += lines;
    number = ++queued_;
  }
  const std::scoped_lock file_lock(file_mutex_);
  return write_out(number);
}

Result<void> DumpJournal::write_out(std::uint64_t number) {
  std::string lines;
  std::uint64_t upto = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (broken_) return fail(*broken_);
    if (written_ >= number) return {};
    lines.swap(waiting_);
    upto = queued_;
  }
  const auto write = [&]() -> Result<void> {
    if (file_ != nullptr) return file_->append(lines, stop_);
    // The first change: of a new dump, or of a finished one, which all its lines must then be told
    // of.
    const Manifest all =
        found_ == Found::nothing
            ? Manifest{manifest_.format, manifest_.settings, "", manifest_.started, "", {}, {}}
            : manifest();
    TRY(write_all(storage_, journal_path,
                  found_ == Found::nothing ? begin_line(all) + lines : to_journal(all) + lines,
                  stop_));
    file_ = TRY(storage_.open_append(journal_path, stop_));
    return {};
  };
  auto done = write();
  const std::scoped_lock lock(mutex_);
  if (!done) {
    broken_ = done.error();
    return fail(std::move(done).error());
  }
  written_ = upto;
  return {};
}

Result<void> DumpJournal::close(std::string_view finished, std::string_view metadata,
                                const std::stop_token& stop) {
  Manifest all = manifest();
  for (const auto& [id, table] : all.tables) {
    for (const auto& [ordinal, part] : table.parts) {
      if (part.is_done) continue;
      return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                        owner_of(part.stream) + " was planned and never written"));
    }
  }
  all.finished = finished;
  TRY(write_all(storage_, manifest_path, to_json(all), stop));
  TRY(write_all(storage_, metadata_path, metadata, stop));
  const std::scoped_lock file_lock(file_mutex_);
  file_.reset();
  TRY(storage_.remove(journal_path));
  found_ = Found::finished;
  return {};
}

}  // namespace tideway
